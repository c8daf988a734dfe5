"""TLS for an https callback: its certificate, its handshakes, and who trusts it."""
