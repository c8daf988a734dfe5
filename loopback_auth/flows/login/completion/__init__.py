"""The one ending of a sign-in: redeem the code, save, and replace what was there."""
