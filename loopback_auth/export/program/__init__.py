"""The formats of `export`: a whole sign-in, as another program reads it."""
