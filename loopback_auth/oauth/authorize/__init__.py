"""The authorization request and its answer."""
