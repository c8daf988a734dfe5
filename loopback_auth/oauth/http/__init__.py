"""HTTP messages as values: what is sent, what comes back, and how JSON in it is read."""
