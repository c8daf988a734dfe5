"""
Accepting connections in a loop of our own.

asyncio's server sets the backlog of a listener anew, and when the system refuses to accept (no
descriptor is left) it logs a traceback for each connection that waits, on the user's terminal.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Sequence

PAUSE_S = 0.05
"""
Before the next try when the system refused to accept; what waits meanwhile waits in the
kernel.
"""

SPARE_DESCRIPTORS = 16
"""
Left for our own work: a connection to the server, DNS, certificates, the token file and
its lock.
"""


def descriptor_limit() -> int:
    """Return the descriptor from which on a connection takes what our own work needs."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit - SPARE_DESCRIPTORS


@asynccontextmanager
async def accepting(
    listeners: Sequence[socket.socket],
    protocol: Callable[[], asyncio.Protocol],
    *,
    make_room: Callable[[], None],
) -> AsyncIterator[None]:
    """
    Give each connection to *listeners* a new *protocol* until the block ends.

    *make_room* is called when the system refuses to accept, and closes what can be spared.
    """
    loop, is_over = asyncio.get_running_loop(), asyncio.Event()
    tasks = [
        loop.create_task(_accept(listener, protocol, make_room, is_over)) for listener in listeners
    ]
    try:
        yield
    finally:
        is_over.set()
        for listener in listeners:
            # Windows' own loop has no readers; it takes its accept back by itself.
            with suppress(NotImplementedError):
                loop.remove_reader(listener)
        try:
            # What was accepted a moment ago has its result, which a cancellation would lose.
            await asyncio.sleep(0)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _accept(
    listener: socket.socket,
    protocol: Callable[[], asyncio.Protocol],
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
            starting.create_task(_start(protocol, connection))
            # A turn for everybody else: while a flood lasts, the wait above is none.
            await asyncio.sleep(0)


async def _start(protocol: Callable[[], asyncio.Protocol], connection: socket.socket) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
    except OSError:
        connection.close()
