"""The token endpoint's messages, and what becomes of tokens."""
