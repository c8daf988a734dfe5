"""RB-01: kill -9 at every system call of a save and of a refresh."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.testing import AuthorizationServer, Client

from ..support.strace import KILLED, each, kill_at, points
from .saving import NEW, OLD, left_behind, save, saved_once
from .scene import TOKEN, scene

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.strace import Point
    from .counts import Counts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]

CHANGES = {"openat", "write", "fsync", "renameat", "close"}
"""The calls by which a save changes what is on the disk; there may be others, on other systems."""


def test_rb_01_a_save_killed_at_any_system_call(tmp_path: Path, counts: Counts) -> None:
    """
    RB-01, ST-09: the old or the new document is there, and the next save leaves nothing beside its
    own.
    """
    where = points(save, saved_once, tmp_path)

    def killed(point: Point) -> str:
        home = tmp_path / f"{point.name}-{point.number}"
        store = saved_once(home)
        assert kill_at(point, save(home), home) == KILLED, point
        found = store.load("work")
        assert found in (OLD, NEW), point
        store.save("work", OLD)
        assert left_behind(home) == [], point
        return "old" if found == OLD else "new"

    counts.left.update(each(killed, where))
    assert {point.name for point in where} >= CHANGES
    assert counts.left.keys() == {"old", "new"}


def test_rb_01_the_first_save_killed_at_any_system_call(tmp_path: Path, counts: Counts) -> None:
    """
    RB-01, ST-01: nothing or the whole document is there, and every folder on the way is the user's
    alone.
    """
    where = points(save, lambda _: None, tmp_path)

    def killed(point: Point) -> str:
        home = tmp_path / f"{point.name}-{point.number}"
        assert kill_at(point, save(home), home) == KILLED, point
        store = FileStore(str(home))
        found = store.load("work")
        assert found in (None, NEW), point
        store.save("work", OLD)
        assert left_behind(home) == [], point
        assert {path.stat().st_mode & 0o777 for path in (home, home / "tokens")} == {0o700}, point
        return "new" if found else "nothing"

    counts.left.update(each(killed, where))
    assert "mkdir" in {point.name for point in where}
    assert counts.left.keys() == {"nothing", "new"}


def test_rb_01_a_refresh_killed_at_any_system_call(
    server: AuthorizationServer, tmp_path: Path, counts: Counts
) -> None:
    """
    RB-01: one whole sign-in is there; the next command works, if the server forgives a lost answer,
    and cleans up.
    """
    where = points(lambda _: TOKEN, lambda home: scene(server, home), tmp_path, child=True)

    def killed(point: Point) -> str:
        at = scene(server, tmp_path / f"{point.name}-{point.number}")
        ended = kill_at(point, TOKEN, at.home, child=True)
        assert (ended.status, ended.stdout) == (7, ""), point
        assert "whether the stored tokens have changed is not known" in ended.stderr
        assert at.is_whole, point
        assert at.is_private, point
        if at.is_as_it_was:
            # The next command is the first one once more.
            return "old"
        left = "in flight" if at.is_in_flight else "old" if at.is_old else "new"
        assert at.is_handed_out(at.next_command()), point
        assert at.leftovers == [], point
        assert at.is_private, point
        return left

    counts.left.update(each(killed, where))
    assert {point.name for point in where} >= CHANGES
    assert counts.left.keys() == {"old", "in flight", "new"}


def test_rb_01_a_command_killed_at_any_system_call_leaves_its_refresh_to_a_child_or_undone(
    server: AuthorizationServer, tmp_path: Path, counts: Counts
) -> None:
    """
    RB-01, CL-07: what is stored in the end is the old sign-in, if nothing was sent, or the new one;
    never is an answer lost.
    """
    where = points(lambda _: TOKEN, lambda home: scene(server, home), tmp_path)

    def killed(point: Point) -> str:
        at = scene(server, tmp_path / f"{point.name}-{point.number}")
        assert kill_at(point, TOKEN, at.home) == KILLED, point
        at.wait_for_its_child()
        assert at.is_whole, point
        assert not at.is_in_flight, point
        assert at.requests == int(not at.is_old), point
        assert at.leftovers == [], point
        return "old" if at.is_old else "new"

    counts.left.update(each(killed, where))
    assert counts.left.keys() <= {"old", "new"}


def test_rb_01_a_server_that_forgives_nothing_costs_the_token_in_flight_and_no_other(
    tmp_path: Path,
) -> None:
    """
    RB-01: killed with the answer in hand the sign-in has ended, and the next command says so; a
    moment later it has not.
    """
    with AuthorizationServer.running(clients=(Client(client_id="public"),)) as strict:
        where = points(lambda _: TOKEN, lambda home: scene(strict, home), tmp_path, child=True)
        (renamed,) = (point for point in where if point.what.endswith(" /tokens/default.json"))
        sent = scene(strict, tmp_path / "in-flight")
        kill_at(renamed, TOKEN, sent.home, child=True)
        ended = sent.next_command()
        assert (ended.status, ended.stdout) == (4, "")
        assert "fix: loopback-auth login default" in ended.stderr
        assert {**sent.document, "refresh_token": None, "refused": True} == sent.stored
        assert sent.leftovers == []

        after = where[where.index(renamed) + 1]
        saved = scene(strict, tmp_path / "saved")
        kill_at(after, TOKEN, saved.home, child=True)
        assert saved.is_handed_out(saved.next_command())
