"""A sign-in whose browser, or whose answer, is in another terminal or on another machine."""
