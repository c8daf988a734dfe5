"""
Accepting connections without asyncio's server.

asyncio's server changes the backlog of a listener. When no descriptor is left, it logs a traceback
on the user's terminal for each connection that waits.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

PAUSE_S = 0.05
"""The pause after the system refused to accept; connections wait in the kernel meanwhile."""

SPARE_DESCRIPTORS = 16
"""Descriptors left for a connection to the server, DNS, certificates, the store and its lock."""


def descriptor_limit() -> int:
    """Return the least descriptor that a connection must not take."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit - SPARE_DESCRIPTORS


@asynccontextmanager
async def accepting(
    listeners: Sequence[socket.socket],
    start: Callable[[socket.socket], Coroutine[None, None, None]],
    *,
    make_room: Callable[[], None],
) -> AsyncIterator[None]:
    """
    Call *start* with each connection to *listeners* until the block ends.

    *make_room* is called when the system refuses to accept; it closes a connection if it can.
    """
    loop, is_over = asyncio.get_running_loop(), asyncio.Event()
    tasks = [
        loop.create_task(_accept(listener, start, make_room, is_over)) for listener in listeners
    ]
    try:
        yield
    finally:
        is_over.set()
        for listener in listeners:
            # Windows' own loop has no readers, and cancels its accept by itself.
            with suppress(NotImplementedError):
                loop.remove_reader(listener)
        try:
            # Let tasks receive connections that are accepted already; cancelling would lose them.
            await asyncio.sleep(0)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _accept(
    listener: socket.socket,
    start: Callable[[socket.socket], Coroutine[None, None, None]],
    make_room: Callable[[], None],
    is_over: asyncio.Event,
) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as starting:
        while not is_over.is_set():
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                make_room()
                await asyncio.sleep(PAUSE_S)
                continue
            starting.create_task(start(connection))
            # Let other tasks run: while a flood lasts, sock_accept does not wait.
            await asyncio.sleep(0)
