"""A sign-in that lies in the store already, at a server whose answers are the test's."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.oauth.credential import to_rfc3339

if TYPE_CHECKING:
    from pathlib import Path

    from .scripted_server import ScriptedServer

OLD = {"access_token": "the-old-token", "refresh_token": "the-old-refresh-token"}
NEW = {"access_token": "the-new-token", "token_type": "Bearer", "expires_in": 3600}


def at(seconds_from_now: float) -> str:
    """Write the time so many seconds from now as the store does."""
    return to_rfc3339(datetime.now(UTC) + timedelta(seconds=seconds_from_now))


def document(
    at_server: ScriptedServer, /, *endpoints: str, lasts_s: float | None = -1, **members: Any
) -> dict[str, Any]:
    """
    Make the document of a sign-in whose token lasts *lasts_s* more seconds, at *at_server*'s /token
    and the other *endpoints*.
    """
    return {
        "version": 1,
        "profile": "default",
        **OLD,
        "token_type": "Bearer",
        "id_token": None,
        "scope": "openid api",
        "obtained_at": at((lasts_s or 0) - 3600),
        "expires_at": None if lasts_s is None else at(lasts_s),
        "extra": {},
        "identity": {"subject": "ada-1", "name": "ada"},
        "client": {"client_id": "the-client"},
        "server": {
            "authorization_endpoint": at_server.url("/authorize"),
            **{f"{name}_endpoint": at_server.url(f"/{name}") for name in ("token", *endpoints)},
        },
        "settings": {},
        **members,
    }


def stored(home: Path, at_server: ScriptedServer, /, *endpoints: str, **members: Any) -> FileStore:
    """Store that document under its profile."""
    store = FileStore(str(home))
    stored_document = document(at_server, *endpoints, **members)
    store.save(stored_document["profile"], stored_document)
    return store


def jwt(**claims: Any) -> str:
    """Write a JWT whose signature nobody checks."""
    parts = ({"alg": "RS256"}, claims)
    coded = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return ".".join((*coded, "x"))


def write_config(home: Path, text: str) -> None:
    """Write config.toml into *home*, which is made private."""
    home.chmod(0o700)
    (home / "config.toml").write_text(text)
