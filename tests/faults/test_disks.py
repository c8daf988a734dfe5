"""
RB-02, RF-05: disks that are full, become full or take nothing; limits that are reached. The real
things, no injection.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from ..support.children import as_root, posix
from ..support.command import COMMAND, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored
from ..support.strace import run
from .scene import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.scripted_server import Connection
    from ..support.strace import Ended

pytestmark = [pytest.mark.slow, posix]

linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
ROTATED = json_answer({**NEW, "refresh_token": "the-next"})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = ROTATED
        yield running


@contextmanager
def mounted(*options: str, at: Path) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


def fill(folder: Path) -> None:
    """Take all the room there is."""
    with suppress(OSError), (folder / "other-programs-file").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))


def check_untouched(ended: Ended, home: Path, server: ScriptedServer, words: str) -> None:
    """
    Hold a command against the promise that it used nothing up: no request, the old tokens, the
    reason in words.
    """
    assert (ended.status, ended.stdout, server.asked("/token")) == (1, "", [])
    assert ended.stderr.startswith("error[store-unwritable]: ")
    assert words in ended.stderr
    assert "What was stored stays as it was." in ended.stderr
    assert (token_file(home)["access_token"], token_file(home)["refresh_token"]) == tuple(
        OLD.values()
    )
    assert list((home / "tokens").glob(".*")) == []


@linux
@as_root
@pytest.mark.parametrize("command", ["token", "refresh"])
def test_rf_05_a_full_disk_is_seen_before_the_refresh_token_is_used(
    server: ScriptedServer, tmp_path: Path, command: str
) -> None:
    """RF-05, RB-02: no request is made whose answer could not be stored."""
    with mounted("-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", at=tmp_path / "disk") as disk:
        stored(disk, server)
        fill(disk)
        check_untouched(run((*COMMAND, command), disk), disk, server, "No space left on device")
        (disk / "other-programs-file").unlink()
        assert run((*COMMAND, command), disk).status == 0


@linux
@as_root
def test_rf_05_a_disk_that_fills_in_the_middle_of_a_rotation_costs_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-05, RB-02: the room for the answer was set aside before the request was made."""
    with mounted("-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", at=tmp_path / "disk") as disk:
        stored(disk, server)

        def fill_first(connection: Connection) -> None:
            fill(disk)
            connection.socket.sendall(ROTATED)

        server.answers["/token"] = fill_first
        ended = run(TOKEN, disk)
        assert (ended.status, ended.stdout, ended.stderr) == (0, "the-new-token\n", "")
        assert token_file(disk)["refresh_token"] == "the-next"
        assert {path.name for path in (disk / "tokens").iterdir()} == {
            "default.json",
            "default.lock",
        }


@linux
@as_root
def test_rb_02_a_disk_that_takes_nothing_is_read_and_not_written(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RB-02, RB-09: a good token comes from a read-only home; a refresh, a sign-out and a sign-in are
    refused at once.
    """
    home = tmp_path / "home"
    stored(home, server)
    stored(home, server, profile="good", lasts_s=3000)
    with mounted("--bind", str(home), at=home):
        subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
        assert run((*TOKEN, "good"), home).stdout == f"{OLD['access_token']}\n"
        assert run((*COMMAND, "status"), home).status == 0
        for command in ("token", "refresh"):
            check_untouched(run((*COMMAND, command), home), home, server, "Read-only file system")
        for command in (
            ("logout",),
            ("logout", "--local"),
            ("login", "--issuer", server.origin, "--client-id", "c"),
        ):
            ended = run((*COMMAND, *command), home)
            assert (ended.status, ended.stdout) == (1, ""), command
            assert "error[store-unwritable]: " in ended.stderr, command
    assert server.requests == []


def test_rb_02_what_cannot_be_cleared_away_keeps_nobody_from_a_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RB-02: a leftover that cannot be removed is no reason to lose the only copy of a
    refresh token.
    """
    home = tmp_path / "home"
    stored(home, server)
    (home / "tokens" / ".default~0123456789abcdef.tmp").mkdir()
    ended = run(TOKEN, home)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "the-new-token\n", "")
    assert token_file(home)["refresh_token"] == "the-next"


@pytest.mark.parametrize("command", ["token", "refresh"])
def test_rf_05_a_limit_on_the_size_of_files_is_seen_before_the_refresh_token_is_used(
    server: ScriptedServer, tmp_path: Path, command: str
) -> None:
    """RF-05, RB-02: `ulimit -f`, as some shared machines have it."""
    home = tmp_path / "home"
    stored(home, server)
    limited = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
    check_untouched(run((*limited, *COMMAND, command), home), home, server, "File too large")


def test_rb_02_with_hardly_any_open_files_a_refresh_works_or_uses_nothing_up(
    tmp_path: Path,
) -> None:
    """RB-02: `ulimit -n`, from what Python itself can hardly start with to enough."""
    outcomes = []
    for files in (4, 5, 6, 7, 8, 9, 10, 12, 16):
        home = tmp_path / f"home-{files}"
        with ScriptedServer() as server:
            server.answers["/token"] = ROTATED
            stored(home, server)
            ended = run(("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *TOKEN), home)
            asked = len(server.asked("/token"))
        token = "the-next" if ended.status == 0 else OLD["refresh_token"]
        assert (token_file(home)["refresh_token"], asked) == (token, int(ended.status == 0)), (
            files,
            ended,
        )
        assert ended.stdout == ("the-new-token\n" if ended.status == 0 else "")
        outcomes.append(ended.status)
    assert outcomes[0] != 0
    assert outcomes[-1] == 0
