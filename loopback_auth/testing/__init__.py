"""
A test kit for programs that sign in.

An authorization server that checks, faults to switch on, and a browser without a window.

    from loopback_auth.testing import AuthorizationServer, Browser, faults

    with AuthorizationServer.running() as server:
        server.faults.token = faults.HTML.once()
        page = Browser().visit(the_url_my_program_opens(server.issuer))
        assert server.wait_for("token")
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .browser import Browser, Page
    from .http import faults
    from .http.faults import Fault
    from .http.records import Request
    from .openid.registry import Client, User
    from .openid.server import AuthorizationServer
    from .openid.tenant import Policy

__all__ = [
    "AuthorizationServer",
    "Browser",
    "Client",
    "Fault",
    "Page",
    "Policy",
    "Request",
    "User",
    "faults",
]

_HOMES = {
    "AuthorizationServer": "openid.server",
    "Browser": "browser",
    "Client": "openid.registry",
    "Fault": "http.faults",
    "Page": "browser",
    "Policy": "openid.tenant",
    "Request": "http.records",
    "User": "openid.registry",
}


def __getattr__(name: str) -> object:
    # Late, since pytest loads the plug-in of this package in every run, and aiohttp is not for
    # every run.
    if name == "faults":
        return import_module(".http.faults", __name__)
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
