"""An authorization server that checks: OAuth 2.0 and OpenID Connect."""
