"""
A slow network before a server: what is sent arrives later, in both directions.

    relay.py PORT SECONDS           prints the port that leads to PORT of this machine

The system completes TCP's own handshake at once, whatever stands behind it. So the first piece of
each connection is late by one more round trip: a client that connects and then speaks is answered
when it would be over a network.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PIECE_OCTETS = 65536


@asynccontextmanager
async def relaying(port: int, delay_s: float) -> AsyncIterator[int]:
    """Give the block a port whose connections lead to *port*, *delay_s* later each way."""
    relays: set[asyncio.Task[None]] = set()

    async def relay(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        relays.add(task)
        far, to_far = await asyncio.open_connection("127.0.0.1", port)
        # Cancelled, it ends in peace: asyncio would log what else a connection's task ends with.
        try:
            await asyncio.gather(
                _carry(near, to_far, delay_s, connecting_s=2 * delay_s),
                _carry(far, to_near, delay_s),
            )
        except asyncio.CancelledError:
            pass
        finally:
            for writer in (to_far, to_near):
                writer.transport.abort()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in relays:
            task.cancel()
        await asyncio.gather(*relays, return_exceptions=True)


async def _carry(
    source: asyncio.StreamReader,
    target: asyncio.StreamWriter,
    delay_s: float,
    connecting_s: float = 0.0,
) -> None:
    """Write to *target* what comes from *source*; its end, and its breaking off, are late, too."""
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes | None]]()

    async def read() -> None:
        earliest = loop.time() + connecting_s + delay_s
        piece: bytes | None = b"."
        while piece:
            try:
                piece = await source.read(PIECE_OCTETS)
            except OSError:
                piece = None
            pieces.put_nowait((max(earliest, loop.time() + delay_s), piece))

    async def write() -> None:
        piece: bytes | None = b"."
        while piece:
            when, piece = await pieces.get()
            await asyncio.sleep(when - loop.time())
            if piece is None:
                target.transport.abort()
            elif piece:
                target.write(piece)
            elif target.can_write_eof():
                with suppress(OSError):
                    target.write_eof()

    await asyncio.gather(read(), write())


async def main(port: int, delay_s: float) -> None:
    """Relay until the standard input ends."""
    async with relaying(port, delay_s) as own:
        print(own, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
