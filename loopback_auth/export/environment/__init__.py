"""Variables, as `env` prints them."""
