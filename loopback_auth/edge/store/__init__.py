"""Where tokens are kept: files, or the system's keyring."""
