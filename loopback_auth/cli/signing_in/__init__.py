"""The sign-in that `login` and the commands with `--login` share."""
