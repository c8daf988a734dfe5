"""Project files at the command line: whether one is trusted, and writing one."""
