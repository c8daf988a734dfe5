"""The person: their browser, their terminal, the place they sit at."""
