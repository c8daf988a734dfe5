"""
A server that belongs to one test alone, which may end it and start it anew: same address, and
nothing remembered.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from .needs import need
from .people import Canaille, DjangoOAuthToolkit, OidcProvider
from .process import running

if TYPE_CHECKING:
    from pathlib import Path

    from .people import Server

_KINDS: dict[str, tuple[type[Server], str]] = {
    "oidc_provider": (OidcProvider, "oidc_provider.mjs"),
    "django_oauth_toolkit": (DjangoOAuthToolkit, "django_oauth.py"),
    "canaille": (Canaille, "canaille_server.py"),
}


class OwnServer:
    """A server of the kind *name*, not started yet."""

    def __init__(self, name: str, options: list[str], log: Path) -> None:
        need(name.replace("_", "-"))
        self._kind, self._script = _KINDS[name]
        self._options, self._log = options, log
        self._running = ExitStack()

    def start(self, *options: str) -> Server:
        return self._kind.of(
            self._running.enter_context(
                running(self._script, *self._options, *options, log=self._log)
            )
        )

    def stop(self) -> None:
        self._running.close()
