"""JSON Web Tokens: reading and checking them."""
