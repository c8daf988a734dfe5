"""The server at the redirect URI, and the pages that it shows."""
