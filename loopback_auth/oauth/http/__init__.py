"""HTTP messages as values, and the reading of the JSON in them."""
