"""RF-05: the room for what a server answers is set aside before it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.file_store import FileStore

from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, stored
from ..support.strace import run
from .saving import NEW as DOCUMENT
from .scene import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.scripted_server import Connection


def hidden(home: Path) -> list[Path]:
    return list((home / "tokens").glob(".*"))


def test_rf_05_the_room_that_was_proved_is_what_the_save_fills(tmp_path: Path) -> None:
    """
    RF-05: the very file, which takes no more room than it had, and is as long as the document in
    the end.
    """
    with FileStore(str(tmp_path)).locked("work") as locked:
        locked.reserve(5000)
        (room,) = hidden(tmp_path)
        assert room.stat().st_size == 5000
        number = room.stat().st_ino
        locked.save(DOCUMENT)
        assert (tmp_path / "tokens" / "work.json").stat().st_ino == number
        assert locked.load() == DOCUMENT
    assert hidden(tmp_path) == []


def test_rf_05_room_that_no_save_fills_is_given_back(tmp_path: Path) -> None:
    """RF-05: and a later save does without."""
    with FileStore(str(tmp_path)).locked("work") as locked:
        locked.reserve(5000)
        locked.release()
        assert hidden(tmp_path) == []
        locked.save(DOCUMENT)
        assert locked.load() == DOCUMENT


@pytest.mark.parametrize(
    "answer", [json_answer({}, "Retry-After: 99", status=503), json_answer(NEW)]
)
def test_rf_05_a_refresh_leaves_nothing_beside_its_file(tmp_path: Path, answer: bytes) -> None:
    """RF-05: whether it came to a save or not; the room is there while the server is asked."""
    home, room = tmp_path / "home", []
    with ScriptedServer() as server:

        def look(connection: Connection) -> None:
            room.extend(hidden(home))
            connection.socket.sendall(answer)

        server.answers["/token"] = look
        stored(home, server)
        run(TOKEN, home)
    assert len(room) == 1
    assert hidden(home) == []
