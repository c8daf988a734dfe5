"""What a sign-in needs, examined piece by piece."""
