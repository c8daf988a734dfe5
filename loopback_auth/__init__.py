"""
Sign in to any OAuth 2.0 / OpenID Connect server through the browser, from one command or one call.

The names below are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .edge.http.client import HttpTransport
    from .edge.store.file_store import FileStore
    from .errors import LoopbackAuthError
    from .flows.login.browser import login
    from .flows.tokens.issued import access_token
    from .oauth.credential import Credential
    from .oauth.secret import Secret
    from .oauth.token.reply import TokenSet
    from .settings.profile import Profile, from_settings

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
    "FileStore": "edge.store.file_store",
    "HttpTransport": "edge.http.client",
    "LoopbackAuthError": "errors",
    "Profile": "settings.profile",
    "Secret": "oauth.secret",
    "TokenSet": "oauth.token.reply",
    "access_token": "flows.tokens.issued",
    "from_settings": "settings.profile",
    "login": "flows.login.browser",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
