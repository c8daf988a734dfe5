"""
Sign in to any OAuth 2.0 / OpenID Connect server through the browser, from one command or one call.

The names below are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

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


class _FormerPaths:
    """Finds modules by the paths that they had before; asked last, when nothing else is found."""

    @staticmethod
    def find_spec(path: str, _: object = None, __: object = None) -> ModuleSpec | None:
        if not path.startswith(f"{__name__}.") or path == f"{__name__}.former_paths":
            return None
        from .former_paths import spec_of

        return spec_of(path)


if not any(getattr(finder, "__module__", "") == __name__ for finder in sys.meta_path):
    sys.meta_path.append(_FormerPaths)
