"""RB-02: the system says no, at every system call of a save and of a refresh."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ..support.strace import each, fail_at, points
from .saving import NEW, OLD, left_behind, save, saved_once
from .scene import TOKEN, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.testing import AuthorizationServer

    from ..support.strace import Ended, Point
    from .counts import Counts
    from .scene import Scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]

# What each call may say besides EIO, by its manual page.
NO_ROOM = ("ENOSPC", "EDQUOT")
ERRORS = {
    "mkdir": (*NO_ROOM, "EROFS"),
    "write": NO_ROOM,
    "fsync": NO_ROOM,
    "ftruncate": ("EROFS",),
    "renameat": (*NO_ROOM, "EROFS"),
    "unlinkat": ("EROFS",),
    "openat": ("EMFILE",),
}
WORDS = {
    "EIO": "Input/output error",
    "EMFILE": "Too many open files",
    "ENOSPC": "No space left on device",
    "EDQUOT": "Disk quota exceeded",
    "EROFS": "Read-only file system",
}


def refusals(where: list[Point]) -> Iterator[tuple[Point, str]]:
    """Give each call with each error that it may end in."""
    for point in where:
        makes = point.name == "openat" and ("~" in point.what or point.what.endswith(".lock"))
        more = (*NO_ROOM, "EROFS") if makes else ()
        yield from ((point, error) for error in ("EIO", *ERRORS.get(point.name, ()), *more))


def test_rb_02_a_save_refused_at_any_system_call(tmp_path: Path, counts: Counts) -> None:
    """
    RB-02: the old document stays and the words say why, or the new one is there; and nothing beside
    it.
    """
    where = points(save, saved_once, tmp_path)

    def refused(failed: tuple[Point, str]) -> str:
        point, error = failed
        home = tmp_path / f"{point.name}-{point.number}-{error}"
        store = saved_once(home)
        ended = fail_at(point, error, save(home), home)
        assert "Traceback" not in ended.stderr, (point, ended)
        assert store.load("work") == (NEW if ended.status == 0 else OLD), (point, ended)
        if ended.status:
            assert ended.stdout.startswith("store-unwritable "), (point, ended)
            assert WORDS[error] in ended.stdout, (point, ended)
        store.save("work", OLD)
        assert left_behind(home) == [], point
        return "new" if ended.status == 0 else "old"

    counts.left.update(each(refused, refusals(where)))
    assert counts.left.keys() == {"old", "new"}


@pytest.mark.parametrize("child", [False, True])
def test_rb_02_a_refresh_refused_at_any_system_call(
    server: AuthorizationServer, tmp_path: Path, counts: Counts, *, child: bool
) -> None:
    """
    RB-02, RF-05: no refusal costs a token: one that strikes before the request leaves all as it
    was, and one after it is overcome.

    It may be that nothing had to be refused at all: where only a trace of tidiness failed, the
    command goes on.
    """
    where = points(lambda _: TOKEN, lambda home: scene(server, home), tmp_path, child=child)

    def refused(failed: tuple[Point, str]) -> str:
        point, error = failed
        at = scene(server, tmp_path / f"{point.name}-{point.number}-{error}")
        ended = fail_at(point, error, TOKEN, at.home, child=child)
        if ended.status == 0:
            left = "new"
            assert (at.is_handed_out(ended), at.is_in_flight) == (True, False), (point, ended)
        else:
            left = "old" if at.requests == 0 else "lost"
            check_refusal(
                at, ended, WORDS[error], config=at.requests == 0 and "config.toml" in ended.stderr
            )
        assert [
            name for name in at.leftovers if name.startswith(".default~probe")
        ] == at.leftovers, point
        return left

    counts.left.update(each(refused, refusals(where)))
    assert counts.left["lost"] == 0
    assert counts.left.keys() == {"old", "new"}


@pytest.mark.parametrize(("name", "error"), [("renameat", "EROFS"), ("fsync", "EIO")])
def test_rf_05_a_disk_that_fails_for_good_in_the_middle_of_a_rotation_is_reported(
    server: AuthorizationServer, tmp_path: Path, name: str, error: str
) -> None:
    """
    RF-05, RB-02: nothing is handed out that is not stored; the words say what became of
    the tokens.
    """
    where = points(lambda _: TOKEN, lambda home: scene(server, home), tmp_path, child=True)
    saving = [point for point in where if point.name == name and "~" in point.what][-1]
    at = scene(server, tmp_path / "home")
    ended = fail_at(saving, error, TOKEN, at.home, for_good=True, child=True)
    assert (at.requests, at.is_in_flight) == (1, True)
    check_refusal(at, ended, WORDS[error])
    consequence = (
        "; the tokens were refreshed, but could not be stored; "
        "the stored refresh token is used up: sign in again"
    )
    assert ended.stderr.splitlines()[0].endswith(f"{WORDS[error]}{consequence}")
    assert at.leftovers == []


def check_refusal(at: Scene, ended: Ended, words: str, *, config: bool = False) -> None:
    """
    Hold a command that failed against its promises: nothing printed, nothing changed, and three
    lines that say so. A *config* file that cannot be looked at is not taken for none: exit 2.
    """
    assert (ended.status, ended.stdout) == (2 if config else 1, "")
    lines = ended.stderr.splitlines()
    assert lines[0].startswith(
        f"error[{'config-invalid' if config else 'store-unwritable'}]: {at.home}"
    )
    assert words in lines[0]
    assert config or "What was stored stays as it was." in lines[1]
    assert config or lines[2].endswith(", then run the command again")
    assert at.is_old
    assert at.is_whole
