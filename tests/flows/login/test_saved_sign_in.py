"""What follows the save of a sign-in, while other processes use its tokens already."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.oauth.secret import Secret

from ...support.exchange import issuing, sign_in
from ...support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.scripted_server import Connection


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        issuing(running)
        yield running


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("userinfo", {"sub": "1", "name": "Jane"}),
        ("introspection", {"active": True, "exp": int(time.time()) + 3600}),
    ],
)
@pytest.mark.parametrize("becomes", ["refreshed", "signed out", "locked"])
async def test_rf_05_what_is_learned_after_the_sign_in_takes_no_newer_tokens_away(
    server: ScriptedServer, tmp_path: Path, path: str, answer: dict[str, Any], becomes: str
) -> None:
    """
    RF-05, RF-09: another process was quicker, or has the lock; the sign-in stands in
    any case.
    """
    store, stack = FileStore(str(tmp_path)), ExitStack()
    newer = {
        "version": 1,
        "access_token": "newer",
        "refresh_token": "rotated",
        "token_type": "Bearer",
    }

    def meanwhile(connection: Connection) -> None:
        if becomes == "refreshed":
            store.save("default", newer)
        elif becomes == "signed out":
            store.remove("default")
        else:
            stack.enter_context(store.locked("default"))
        connection.socket.sendall(json_answer(answer))

    server.answers[f"/{path}"] = meanwhile
    with stack:
        ended = await sign_in(server, tmp_path, path, client_secret=Secret("CANARY-client-secret"))
    assert (ended.error, ended.page.status) == (None, 200)
    assert ended.credential
    if path == "userinfo":
        assert ended.credential.identity
    else:
        assert ended.credential.tokens.expires_at
    stored = ended.stored and ended.stored["access_token"]
    assert (
        stored == {"refreshed": "newer", "signed out": None, "locked": "the-access-token"}[becomes]
    )
