"""The authorization request, and the answer to it."""
