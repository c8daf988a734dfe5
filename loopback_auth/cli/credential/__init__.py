"""Whose token a tool asks for: the profile that an address belongs to."""
