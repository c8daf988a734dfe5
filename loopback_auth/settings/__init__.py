"""Settings: where each one comes from, and the profile that they make."""
