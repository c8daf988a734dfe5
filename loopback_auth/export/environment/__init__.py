"""The formats of `env`: variables for shells, .env files and pipelines."""
