"""RF-09: Ctrl-Z at every system call of a refresh, a sign-in that takes its lock over, and `fg`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.file_store import FileStore

from ..support.strace import each, points, stop_at
from .scene import TOKEN, scene

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.testing import AuthorizationServer

    from ..support.strace import Point

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]


@pytest.mark.parametrize("child", [False, True], ids=["command", "child"])
def test_rf_09_a_refresh_that_stands_still_at_any_system_call_ends_no_sign_in(
    server: AuthorizationServer, tmp_path: Path, *, child: bool
) -> None:
    """RF-09: the sign-in stays, nothing fails, and a token that works is printed."""
    where = points(lambda _: TOKEN, lambda home: scene(server, home), tmp_path, child=child)

    def stopped(point: Point) -> str:
        at = scene(server, tmp_path / f"{point.name}-{point.number}")
        newer = scene(server, tmp_path / f"{at.home.name}-newer", lasts_s=3600).document

        def sign_in() -> None:
            store = FileStore(str(at.home))
            with store.locked("default", timeout_s=0, take_over=True) as locked:
                locked.save(newer)

        ended = stop_at(point, TOKEN, at.home, sign_in, child=child)
        assert ended.status == 0, (point, ended)
        assert at.stored == newer, point
        assert at.leftovers == [], point
        token = ended.stdout.strip()
        assert server.registry.is_alive(server.registry.access_tokens[token]), point
        return "newer" if token == newer["access_token"] else "refreshed"

    assert "newer" in set(each(stopped, where))
