"""JSON Web Tokens, read and judged."""
