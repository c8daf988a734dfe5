"""The project around the working directory: its repository, its file, and what is trusted of it."""
