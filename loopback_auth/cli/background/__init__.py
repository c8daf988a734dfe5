"""A refresh that goes on when its command is stopped: the two processes of it."""
