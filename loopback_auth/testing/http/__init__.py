"""Servers for tests: sockets, requests, answers and faults."""
