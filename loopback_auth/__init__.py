"""Sign in to any OAuth 2.0 / OpenID Connect server through the browser, from one command or one call."""

__version__ = "0.1.0"
