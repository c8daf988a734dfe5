"""A flood of connections with few descriptors: the sign-in succeeds, and stderr stays clean."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.accepting import accepting

from ...support.callback.pending_command import signing_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ...support.callback.client import Callback

pytestmark = pytest.mark.alone

FLOOD = 2_000
HELD = 400


@asynccontextmanager
async def flooding(callback: Callback) -> AsyncIterator[asyncio.Event]:
    """
    Open connections that say nothing, as fast as can be; give the event of the whole flood being
    over.
    """
    held: deque[socket.socket] = deque()
    is_over = asyncio.Event()

    async def flood() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(FLOOD):
            held.append(socket.socket())
            held[-1].settimeout(0)
            await loop.sock_connect(held[-1], (callback.host, callback.port))
            if len(held) > HELD:
                held.popleft().close()
        is_over.set()

    flood_task = asyncio.create_task(flood())
    try:
        yield is_over
    finally:
        flood_task.cancel()
        for each in held:
            each.close()


@pytest.mark.slow_cases
@pytest.mark.skipif(sys.platform == "win32", reason="no ulimit")
@pytest.mark.parametrize("descriptors", [40, 256, 1024])
async def test_cb_10_a_flood_of_connections_writes_nothing_of_its_own_and_the_login_ends(
    tmp_path: Path, *, descriptors: int
) -> None:
    """CB-10: 2,000 connections and as few descriptors; what is told of it is one event."""
    limited = ("/bin/sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh")
    async with signing_in(tmp_path, under=limited) as scene, flooding(scene.callback) as is_over:
        async with asyncio.timeout(60):
            await is_over.wait()
            page = await scene.callback.arrive()
        ended = await scene.command.outcome()

    assert (page.status, ended.exit_code) == (200, 0)
    assert [event["reason"] for event in ended.events_named("stray")] == [
        "more connections at once than a browser opens"
    ]
    assert len(ended.stderr) < 3_000


@contextmanager
def no_descriptor_left() -> Iterator[list[int]]:
    """Take every descriptor that this process may have; give those taken, to be given back."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 400), before[1]))
    taken: list[int] = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield taken
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_cb_10_what_the_system_will_not_accept_waits_for_room_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    CB-10: a library caller's process may be out of descriptors, too; the asyncio logger
    is theirs.
    """
    loop, connected = asyncio.get_running_loop(), asyncio.Event()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.close()
            connected.set()

    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        listener.settimeout(0)
        client.settimeout(0)
        with no_descriptor_left() as taken:
            refusals = 0

            def make_room() -> None:
                nonlocal refusals
                refusals += 1
                if refusals == 3:
                    os.close(taken.pop())

            async def start(accepted: socket.socket) -> None:
                await loop.connect_accepted_socket(Protocol, accepted)

            async with accepting([listener], start, make_room=make_room):
                await loop.sock_connect(client, listener.getsockname())
                async with asyncio.timeout(10):
                    await connected.wait()

    assert refusals >= 3
    assert caplog.records == []
