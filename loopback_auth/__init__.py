"""
Sign in to any OAuth 2.0 / OpenID Connect server through the browser, from one command or one call.

The names below are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .edge.store import FileStore
    from .edge.transport import HttpTransport
    from .errors import LoopbackAuthError
    from .flows.issued import access_token
    from .flows.login import login
    from .flows.profile import Profile, from_settings
    from .oauth.credential import Credential
    from .oauth.secret import Secret
    from .oauth.token import TokenSet

__version__ = "0.1.0"

__all__ = [
    "Credential",
    "FileStore",
    "HttpTransport",
    "LoopbackAuthError",
    "Profile",
    "Secret",
    "TokenSet",
    "access_token",
    "from_settings",
    "login",
]

_HOMES = {
    "Credential": "oauth.credential",
    "FileStore": "edge.store",
    "HttpTransport": "edge.transport",
    "LoopbackAuthError": "errors",
    "Profile": "flows.profile",
    "Secret": "oauth.secret",
    "TokenSet": "oauth.token",
    "access_token": "flows.issued",
    "from_settings": "flows.profile",
    "login": "flows.login",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
