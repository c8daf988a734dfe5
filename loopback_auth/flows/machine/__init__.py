"""Machine profiles: nobody signs in, and a token is minted again when it ends."""
