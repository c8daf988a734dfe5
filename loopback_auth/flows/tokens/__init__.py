"""What happens to tokens after the sign-in."""
