"""
ST-05, ST-07: what `token`, `refresh` and `logout` make of a token file that is damaged, or newer
than they are.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from ..edge.store.test_file_store import DAMAGES
from ..support.children import posix
from ..support.command import COMMAND
from ..support.scripted_server import ScriptedServer
from ..support.stored import OLD, stored
from ..support.strace import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, posix]

SEVEN = (
    "emptied",
    "cut off",
    "zeroed",
    "overwritten",
    "two documents in one",
    "another kind of JSON",
    "without a token",
)


@pytest.mark.parametrize("command", ["token", "refresh"])
@pytest.mark.parametrize("damage", SEVEN)
def test_st_05_a_damaged_file_is_set_aside_and_a_sign_in_asked_for(
    tmp_path: Path, damage: str, command: str
) -> None:
    """
    ST-05: exit 4, the path told, the bytes kept in private, the other profiles as they were, and
    nobody asked.
    """
    home = tmp_path / "home"
    with ScriptedServer() as server:
        stored(home, server)
        stored(home, server, profile="other", lasts_s=3000)
        file = home / "tokens" / "default.json"
        file.write_bytes(DAMAGES[damage])
        ended = run((*COMMAND, command), home)
        assert (ended.status, ended.stdout, server.requests) == (4, "", [])

    (kept,) = file.parent.glob("default.json.damaged-*")
    assert (kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (DAMAGES[damage], 0o600)
    assert ended.stderr.startswith(
        "error[store-damaged]: the token file of the profile default is damaged ("
    )
    assert str(kept) in ended.stderr
    assert "fix: Write a new one: loopback-auth login default" in ended.stderr
    assert "canary" not in ended.stderr
    assert run((*COMMAND, "token", "other"), home).stdout == f"{OLD['access_token']}\n"
    assert run((*COMMAND, command), home).status == (0 if command == "logout" else 4)


@pytest.mark.parametrize("command", ["token", "refresh", "logout", "status"])
def test_st_07_a_file_of_a_later_version_is_left_as_it_is(tmp_path: Path, command: str) -> None:
    """
    ST-07: exit 1 with the way to update, and nobody asked: the later version may know better what
    is good.
    """
    home = tmp_path / "home"
    with ScriptedServer() as server:
        stored(home, server, version=2)
        file = home / "tokens" / "default.json"
        before = file.read_bytes()
        ended = run((*COMMAND, command), home)
        assert server.requests == []
    assert (ended.status, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("error[store-newer]: ")
    assert "fix: Update: " in ended.stderr
    assert file.read_bytes() == before
