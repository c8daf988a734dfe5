"""
A sign-in whose access token has expired, in a home of its own, at a server that rotates; and what
may be there after a fault.
"""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopback_auth.edge.store.file_store import FileStore

from ..support.command import COMMAND, token_file
from ..support.stored import at
from ..support.strace import run

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.testing import AuthorizationServer

    from ..support.strace import Ended

TOKEN = (*COMMAND, "token")

_granting = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The *home* of a sign-in at *server*, and the *document* that was stored when it began."""

    home: Path
    server: AuthorizationServer
    document: dict[str, Any]

    @property
    def stored(self) -> dict[str, Any]:
        """What is stored now; it is whole, and nobody else's to read."""
        return token_file(self.home)

    @property
    def is_old(self) -> bool:
        return self.stored == self.document

    @property
    def is_whole(self) -> bool:
        """
        Whether what is stored is one sign-in: an access token and the refresh token that came in
        the same answer.
        """
        registry, stored = self.server.registry, self.stored
        access, refresh = (kind[stored[name]] for kind, name in self._kinds())
        family = [
            [token for token in tuple(kind.values()) if token.grant is access.grant]
            for kind, _ in self._kinds()
        ]
        same_answer = family[0].index(access) == family[1].index(refresh)
        return same_answer and registry.is_alive(refresh)

    def _kinds(self) -> tuple[tuple[dict[str, Any], str], ...]:
        registry = self.server.registry
        return (registry.access_tokens, "access_token"), (registry.refresh_tokens, "refresh_token")

    @property
    def is_as_it_was(self) -> bool:
        """Whether nothing has happened yet, neither here nor at the server."""
        return self.is_old and self.requests == 0 and self.leftovers == []

    @property
    def is_in_flight(self) -> bool:
        """Whether the stored refresh token is used up: its successor was on the way."""
        return (
            self.server.registry.refresh_tokens[self.stored["refresh_token"]].replaced_at
            is not None
        )

    @property
    def requests(self) -> int:
        """How often its first refresh token was sent."""
        sent = [request.form.get("refresh_token") for request in self.server.seen("token")]
        return sent.count([self.document["refresh_token"]])

    @property
    def leftovers(self) -> list[str]:
        """The files that do not belong there."""
        there = (path.name for path in (self.home / "tokens").iterdir())
        return sorted(set(there) - {"default.json", "default.lock", "default.settings"})

    @property
    def is_private(self) -> bool:
        files = [path for path in self.home.rglob("*") if not path.is_dir()]
        return {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

    def is_handed_out(self, ended: Ended) -> bool:
        """Whether *ended* printed the access token that is stored, and that is good."""
        token = ended.stdout.strip()
        good = self.server.registry.is_alive(self.server.registry.access_tokens.get(token))
        return ended.status == 0 and good and token == self.stored["access_token"]

    def wait_for_its_child(self) -> None:
        """Wait until no refresh goes on that a command has left."""
        with FileStore(str(self.home)).locked("default"):
            pass

    def next_command(self) -> Ended:
        return run(TOKEN, self.home)


def scene(server: AuthorizationServer, home: Path, *, lasts_s: float = -1) -> Scene:
    """
    Sign in at *server*, into *home*, with an access token that lasts so many seconds more by its
    document.
    """
    with _granting:
        answer = server.tokens_for("ada", client_id="public")
    document = {
        "version": 1,
        "profile": "default",
        **{name: answer[name] for name in ("access_token", "token_type", "refresh_token", "scope")},
        "id_token": None,
        "obtained_at": at(lasts_s - 3600),
        "expires_at": at(lasts_s),
        "extra": {},
        "identity": {"subject": "user-ada", "name": "ada"},
        "client": {"client_id": "public"},
        "server": {
            "issuer": server.issuer,
            **{
                name: where for name, where in server.metadata.items() if name.endswith("_endpoint")
            },
        },
        "settings": {},
    }
    home.mkdir()
    FileStore(str(home)).save("default", document)
    return Scene(home=home, server=server, document=json.loads(json.dumps(document)))


def expired(document: dict[str, Any]) -> dict[str, Any]:
    """Let the access token of *document* have expired just now."""
    return {**document, "obtained_at": at(-3601), "expires_at": at(-1)}
