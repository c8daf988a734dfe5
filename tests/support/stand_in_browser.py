"""
A program to name in `BROWSER`: it hands what it was started with over to the test, which opens it
in the real one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TIMEOUT_S = 20
STAND_IN = """#!{python}
import json, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as test:
    test.sendall(json.dumps(sys.argv[1:]).encode())
"""


async def appeared(path: Path) -> str:
    """Wait until a program that nobody waits for has put *path* in its place; return its text."""

    def read() -> str:
        until = time.monotonic() + TIMEOUT_S
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return path.read_text("utf-8")

    return await asyncio.to_thread(read)


class Started:
    """What the command started as the person's browser, as that program saw it."""

    def __init__(self) -> None:
        self.arguments: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arguments.set_result(json.loads(await reader.read()))
        writer.close()
        await writer.wait_closed()

    async def address(self) -> str:
        """Wait for the one argument."""
        async with asyncio.timeout(TIMEOUT_S):
            [address] = await self.arguments
        return address


@asynccontextmanager
async def stand_in(folder: Path) -> AsyncIterator[tuple[Started, dict[str, str]]]:
    """
    Give a program that hands its arguments over to the test, and the environment that
    names it.
    """
    started = Started()
    server = await asyncio.start_server(started.hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    program = folder / "stand-in for a browser"
    program.write_text(STAND_IN.format(python=sys.executable, port=port), encoding="utf-8")
    program.chmod(0o755)
    async with server:
        yield started, {"BROWSER": str(program)}
