"""Protected resources: the addresses that a token is for."""
