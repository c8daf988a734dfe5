"""Secrets on their way to CI systems and vaults: what is run, as data; nothing runs here."""
