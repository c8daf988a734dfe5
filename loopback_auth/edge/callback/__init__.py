"""The callback server, and the page that it shows."""
