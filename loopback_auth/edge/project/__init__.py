"""The repository around the working directory, its files, and what is trusted of it."""
