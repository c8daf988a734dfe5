"""The conversation as values: no I/O, no clock, no randomness it is not given."""
