"""OAuth 2.0 and OpenID Connect as values: no I/O, no clock, no randomness of its own."""
