"""A test kit: an authorization server that checks what it gets, faults to switch on, and a browser without a window."""

from __future__ import annotations

from .browser import Browser, Page
from .faults import Fault
from .registry import Client, User
from .server import AuthorizationServer, Request

__all__ = ["AuthorizationServer", "Browser", "Client", "Fault", "Page", "Request", "User"]
