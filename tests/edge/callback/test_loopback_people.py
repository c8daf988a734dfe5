"""
What people do: deny, close the tab, never come back, come late, come with a connection
that breaks.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from ...support.callback.client import connected
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login
from ...support.command import no_token_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.callback.client import Connection
    from ...support.stopwatch import Stopwatch


async def test_rb_07_a_denial_ends_within_a_second(tmp_path: Path, stopwatch: Stopwatch) -> None:
    """RB-07: exit 3, the page has said so, the port is free."""
    async with signing_in(tmp_path) as scene:
        await scene.command.event("waiting")
        began = stopwatch.seconds
        page = await scene.callback.refuse("access_denied")
        ended = await scene.command.outcome()

    assert stopwatch.seconds - began < 1
    assert (page.status, ended.exit_code) == (403, 3)
    assert "Sign-in refused" in page.text
    assert scene.callback.is_closed
    assert no_token_file(tmp_path)


@pytest.mark.slow
async def test_rb_07_nobody_comes_back_and_then_somebody_comes_late(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    RB-07: exit 5 within a second of the time-out, which says what came instead; the late answer
    finds nobody.
    """
    async with signing_in(tmp_path, "--timeout", "1s") as scene:
        await scene.callback.get(scene.callback.target(code="x", state="wrong"))
        waiting = await scene.command.event("waiting")
        began = stopwatch.seconds
        ended = await scene.command.outcome()
        took_s = stopwatch.seconds - began
        with pytest.raises(ConnectionRefusedError):
            await scene.callback.arrive()

    assert waiting["timeout_s"] == 1
    assert took_s < 2
    assert (ended.exit_code, ended.error["code"]) == (5, "login-timed-out")
    assert "1 x wrong state" in ended.error["message"]
    assert scene.endpoint.exchanges == 0
    assert scene.callback.is_closed


async def test_rb_07_an_idle_socket_does_not_stop_the_clock(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    RB-07: the time-out comes though connections are open that say nothing, or half of
    something.
    """
    async with (
        pending_login(tmp_path, timeout_s=0.2) as pending,
        connected(pending.callback, b"", b"GET /"),
    ):
        began = stopwatch.seconds
        error = await pending.error()

    assert error.exit_code == 5
    assert stopwatch.seconds - began < 1


@pytest.mark.skipif(
    not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no clock that runs through suspend"
)
async def test_rb_08_a_laptop_that_sleeps_through_the_time_wakes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    RB-08: the time counts the sleep, and it is looked at each second, since no timer of a loop
    does.
    """
    real = time.clock_gettime
    async with pending_login(tmp_path, timeout_s=300) as pending:
        with monkeypatch.context() as asleep:
            asleep.setattr(time, "clock_gettime", lambda clock: real(clock) + 301)
            error = await pending.error()

    assert error.code == "login-timed-out"
    assert pending.callback.is_closed


@pytest.mark.slow_cases
@pytest.mark.parametrize("how", ["reset", "closed"])
async def test_rb_11_a_browser_that_goes_away_during_the_exchange_loses_no_tokens(
    tmp_path: Path, stopwatch: Stopwatch, *, how: str
) -> None:
    """
    RB-11: the connection breaks right after the request; the code is redeemed, the tokens are
    saved, and nobody is waited for.
    """
    async with signing_in(tmp_path) as scene:
        scene.endpoint.may_answer.clear()
        async with connected(scene.callback, scene.callback.request(scene.callback.answer())) as [
            connection
        ]:
            await scene.endpoint.asked.wait()
            if how == "reset":
                reset(connection)
        # An answer on another connection: by now the server has seen the first one go.
        assert (await scene.callback.get("/favicon.ico")).status == 404
        began = stopwatch.seconds
        scene.endpoint.may_answer.set()
        ended = await scene.command.outcome()

    assert stopwatch.seconds - began < 1
    assert ended.exit_code == 0
    assert scene.tokens()["access_token"] == "an-access-token"
    assert scene.callback.is_closed


async def test_rb_11_a_browser_that_repeats_its_request_on_a_new_connection_gets_the_page(
    tmp_path: Path,
    stopwatch: Stopwatch,
) -> None:
    """RB-11: Chromium asks up to seven times when a connection is reset."""
    async with pending_login(tmp_path) as pending:
        pending.endpoint.may_answer.clear()
        for _ in range(6):
            async with connected(
                pending.callback, pending.callback.request(pending.callback.answer())
            ) as [connection]:
                await pending.endpoint.asked.wait()
                reset(connection)
        last = asyncio.create_task(pending.callback.arrive())
        assert (await pending.callback.get("/favicon.ico")).status == 404
        began = stopwatch.seconds
        pending.endpoint.may_answer.set()
        page = await last
        await pending.outcome()

    assert page.status == 200
    assert pending.endpoint.exchanges == 1
    assert stopwatch.seconds - began < 1


def reset(connection: Connection) -> None:
    """Close with RST instead of FIN."""
    sock = connection[1].get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection[1].transport.abort()
