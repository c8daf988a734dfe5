"""A machine profile: its key and certificate, and what to do with them at the server."""
