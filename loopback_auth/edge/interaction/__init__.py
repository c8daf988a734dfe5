"""The person's browser, their terminal, and the environment of this process."""
