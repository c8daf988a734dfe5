"""A command in a thread of this process, with what `Login` needs of an asyncio process."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from loopback_auth.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO


class Stdin:
    """The writing end of a pipe, as the `stdin` of an asyncio process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, octets: bytes) -> None:
        os.write(self._descriptor, octets)

    async def drain(self) -> None:
        """Return at once: a pipe takes more than any test writes."""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    async def wait_closed(self) -> None:
        """Return at once: a pipe is closed when it is."""


class CommandThread:
    """A command that runs in a thread, its streams on pipes; it cannot be killed."""

    def __init__(self) -> None:
        self.returncode: int | None = None

    async def start(self, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start the command."""
        given, stdin = os.pipe()
        self.stdin = Stdin(stdin)
        self.stdout, printed = await _reader()
        self.stderr, said = await _reader()
        pipes = given, printed, said
        self._thread = asyncio.create_task(asyncio.to_thread(_run, arguments, pipes, environ))

    async def wait(self) -> int:
        """Wait for the end and return the exit status."""
        self.returncode = await asyncio.shield(self._thread)
        self.stdin.close()
        return self.returncode


def _run(arguments: Sequence[str], pipes: tuple[int, int, int], environ: Mapping[str, str]) -> int:
    given, printed, said = pipes
    with (
        open(given, encoding="utf-8") as stdin,
        open(printed, "w", encoding="utf-8", newline="") as stdout,
        open(said, "w", encoding="utf-8", newline="") as stderr,
    ):
        return run(arguments, stdin, stdout, stderr, environ)


async def _reader() -> tuple[asyncio.StreamReader, int]:
    """Return a pipe: what reads it, and the descriptor that writes it."""
    pipe, writing = _pipe()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, writing


def _pipe() -> tuple[BinaryIO, int]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), writing
