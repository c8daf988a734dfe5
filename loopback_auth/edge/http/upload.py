"""The body of a request, from the command line, a file or a pipe."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import partial

from ...errors import UsageError
from ..process.interrupts import awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import AsyncIterator, Callable
    from io import FileIO

KEPT_OCTETS = 1024 * 1024
"""The most of a pipe that is kept in memory, so that it can be sent again."""

PIECE_OCTETS = 256 * 1024
"""The most that is read, and sent, at once."""


class Upload:
    """
    A body in memory, and the base of the other kinds.

    *length* is `None` where it is not known before the end. A body that is not *repeatable* can be
    sent once.
    """

    length: int | None
    repeatable = True

    def __init__(self, octets: bytes) -> None:
        self.beginning = octets
        self.length = len(octets)
        # Kept here, since an HTTP client turns whatever a body raises into a network error.
        self.failure: UsageError | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body, from its beginning."""
        yield self.beginning

    def _failed(self, why: str) -> UsageError:
        self.failure = UsageError(
            f"the body of the request {why}",
            cause="Part of the request had been sent; the server cannot have taken it.",
            fix="check the file or command that -d reads, then run the same again",
        )
        return self.failure


class FileUpload(Upload):
    """A regular file, from its present position to its present end."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._start = file.tell()
        super().__init__(file.read(PIECE_OCTETS) or b"")
        self.length = max(os.fstat(file.fileno()).st_size - self._start, 0)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file, or raise `UsageError`."""
        self._file.seek(self._start)
        left = self.length or 0
        while left:
            try:
                piece = self._file.read(min(PIECE_OCTETS, left))
            except OSError as error:
                raise self._failed(f"cannot be read: {error.strerror}") from None
            if not piece:
                raise self._failed("became shorter while it was sent")
            left -= len(piece)
            yield piece


class PipeUpload(Upload):
    """A pipe or a terminal with more than is kept in memory; *beginning* was read from it."""

    repeatable = False

    def __init__(self, beginning: bytes, file: FileIO) -> None:
        super().__init__(beginning)
        self._file = file
        self.length = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the pipe to its end, once, or raise `UsageError`."""
        yield self.beginning
        while True:
            try:
                piece = await _read_aside(self._file)
            except OSError as error:
                raise self._failed(f"cannot be read: {error.strerror}") from None
            if not piece:
                return
            yield piece


def upload_of(file: FileIO) -> Upload:
    """Return the upload for *file*; for a pipe, wait for its first mebibyte or its end."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return FileUpload(file)
    beginning = bytearray()
    with awaitable(file.fileno()) as wait:
        while len(beginning) <= KEPT_OCTETS:
            wait()
            piece = file.read(PIECE_OCTETS)
            if not piece:
                return Upload(bytes(beginning))
            beginning += piece
    return PipeUpload(bytes(beginning), file)


async def _read_aside(file: FileIO) -> bytes:
    """Read in a thread that nothing waits for: perhaps nobody writes into the pipe again."""
    import asyncio
    import threading

    loop = asyncio.get_running_loop()
    found: Future[bytes] = loop.create_future()
    threading.Thread(target=_read, args=(file, loop, found), daemon=True).start()
    return await found


def _read(file: FileIO, loop: AbstractEventLoop, found: Future[bytes]) -> None:
    settle: Callable[[], None]
    try:
        settle = partial(found.set_result, file.read(PIECE_OCTETS) or b"")
    except OSError as error:
        settle = partial(found.set_exception, error)
    # The loop is gone when the request was stopped meanwhile.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: None if found.done() else settle())
