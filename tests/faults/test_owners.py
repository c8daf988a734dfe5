"""
ST-01, ST-03, ST-04 while a refresh is made: what is not the user's own is neither read nor written
nor paid for with a token.
"""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from ..support.children import as_root, posix
from ..support.command import COMMAND, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored
from ..support.strace import run
from .scene import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..support.scripted_server import Connection

pytestmark = [pytest.mark.slow, posix]

NOBODY = 65534
ROTATED = json_answer({**NEW, "refresh_token": "the-next"})
BAIT = "this is somebody else's, and stays as it is"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = ROTATED
        yield running


def give_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def link(path: Path) -> None:
    """Put a link to a file of somebody else's in its place."""
    bait = path.parents[2] / "bait"
    bait.write_text(BAIT)
    path.unlink()
    path.symlink_to(bait)


def swap_folder(path: Path) -> None:
    """Put a link that somebody else made in place of the folder."""
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))
    give_away(path)


OPEN_TO_OTHERS: list[tuple[str, Callable[[Path], object]]] = [
    ("tokens", lambda path: path.chmod(0o707)),
    ("tokens/default.json", lambda path: path.chmod(0o622)),
    ("tokens/default.lock", lambda path: path.chmod(0o666)),
    ("tokens/default.json", link),
    ("tokens/default.lock", link),
]
OF_OTHERS: list[tuple[str, Callable[[Path], object]]] = [
    ("tokens", give_away),
    ("tokens", swap_folder),
    ("tokens/default.json", give_away),
    ("tokens/default.lock", give_away),
]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [*OPEN_TO_OTHERS, *(pytest.param(*each, marks=as_root) for each in OF_OTHERS)],
)
def test_st_03_st_04_a_store_that_others_have_a_hand_in_makes_no_request(
    server: ScriptedServer, tmp_path: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    """
    ST-03, ST-04: refused with its path, for `token` and `refresh`; nothing is written, and what a
    link points to stays.
    """
    home = tmp_path / "home"
    stored(home, server)
    spoil(home / name)
    before = {path: path.lstat().st_mtime_ns for path in home.rglob("*")}
    for command in ("token", "refresh"):
        ended = run((*COMMAND, command), home)
        assert (ended.status, ended.stdout) == (1, ""), ended
        assert ended.stderr.startswith(f"error[store-unsafe]: {home / name} "), ended
    assert server.requests == []
    assert {path: path.lstat().st_mtime_ns for path in home.rglob("*")} == before
    assert not (tmp_path / "bait").exists() or (tmp_path / "bait").read_text() == BAIT


def test_st_01_under_umask_000_nothing_is_open_to_others_at_any_moment_of_a_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """ST-01: looked at while the answer is on its way, and afterwards."""
    home = tmp_path / "home"
    stored(home, server)
    seen: list[int] = []

    def look() -> None:
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in (home / "tokens").iterdir())

    def looking(connection: Connection) -> None:
        look()
        connection.socket.sendall(ROTATED)

    server.answers["/token"] = looking
    ended = run(("sh", "-c", 'umask 000; exec "$@"', "sh", *TOKEN), home)
    look()
    assert ended.status == 0
    # The token file and the lock, twice; and the room for the answer.
    assert seen == [0o600] * 5
    assert token_file(home)["refresh_token"] == "the-next"


def test_st_04_a_file_that_becomes_a_link_again_and_again_is_never_followed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    ST-04: while refreshes read and write it, the token file is swapped for a link to a file that
    holds other tokens.
    """
    home, bait, other = tmp_path / "home", tmp_path / "bait", tmp_path / "other"
    stored(home, server)
    file, over = home / "tokens" / "default.json", threading.Event()
    plain = file.read_text()
    bait.write_text(plain.replace(OLD["refresh_token"], "baited"))
    bait.chmod(0o600)
    content = bait.read_text()

    def swap() -> None:
        while not over.is_set():
            other.symlink_to(bait)
            other.replace(file)
            other.write_text(plain)
            other.chmod(0o600)
            other.replace(file)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        ended = [run((*TOKEN, "--refresh"), home) for _ in range(12)]
    finally:
        over.set()
        swapping.join()
    assert {each.stdout for each in ended} <= {"", "the-new-token\n"}
    assert all(
        "is a symbolic link, which is not followed" in each.stderr for each in ended if each.status
    )
    assert {each.status for each in ended} <= {0, 1}
    assert bait.read_text() == content
    assert {asked.form["refresh_token"] for asked in server.asked("/token")} <= {
        OLD["refresh_token"]
    }
