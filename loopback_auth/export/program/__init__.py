"""A sign-in, as some other program reads it."""
