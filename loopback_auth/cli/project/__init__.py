"""The project around a command: whether its file is trusted, and what is written there."""
