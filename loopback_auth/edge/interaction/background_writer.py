"""
Writing to a stream that may block, without waiting for it.

A terminal blocks after Ctrl-S, in screen's copy mode, or while text is marked in a Windows console;
a pipe blocks while it is full.
"""

from __future__ import annotations

import io
import os
import select
import threading
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

PENDING_OCTETS = 1024 * 1024
"""The most text that waits to be written; more is dropped."""


class BackgroundWriter:
    """
    Writes text to the file of *raw*, in order, in a thread of its own.

    `is_broken` is set once the file cannot be written any more.
    """

    def __init__(self, raw: io.RawIOBase, *, encoding: str, errors: str) -> None:
        self._raw = raw
        self._encoding = encoding
        self._errors = errors
        self._changed = threading.Condition()
        self._pending: deque[tuple[bytes, bool]] = deque()
        self._octets = 0
        self._is_writing = False
        self.is_broken = False
        # A daemon, since its last write may never end.
        threading.Thread(target=self._run, name="loopback-auth stderr", daemon=True).start()

    @classmethod
    def of(cls, stream: TextIO) -> BackgroundWriter | None:
        """Return a writer to the file of *stream*; `None` if it has no file, as in some IDEs."""
        buffer = getattr(stream, "buffer", None)
        # Not the stream: Python ends with a fatal error while a thread holds its lock.
        raw = getattr(buffer, "raw", buffer)
        if not isinstance(raw, io.RawIOBase):
            return None
        return cls(raw, encoding=stream.encoding, errors=stream.errors or "strict")

    def write(self, text: str, *, is_redrawn: bool = False) -> None:
        """
        Write *text* as soon as possible, and return at once.

        A text that *is_redrawn* replaces one that still waits.
        """
        octets = text.replace("\n", os.linesep).encode(self._encoding, self._errors)
        with self._changed:
            if is_redrawn and self._pending and self._pending[-1][1]:
                self._octets -= len(self._pending.pop()[0])
            if self.is_broken or self._octets + len(octets) > PENDING_OCTETS:
                return
            self._pending.append((octets, is_redrawn))
            self._octets += len(octets)
            self._changed.notify_all()

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all is written, at most *timeout_s*; return whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.is_broken or not (self._pending or self._is_writing), timeout_s
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._pending)
                octets, _ = self._pending.popleft()
                self._octets -= len(octets)
                self._is_writing = True
            try:
                self._write(octets)
            except (OSError, ValueError):
                # The reader of the pipe has ended, or the stream was closed.
                with self._changed:
                    self.is_broken = True
                    self._pending.clear()
                    self._changed.notify_all()
                return

    def _write(self, octets: bytes) -> None:
        while octets:
            written = self._raw.write(octets)
            if written is None:
                # Another process that has the file open has made it non-blocking.
                select.select([], [self._raw], [])
            else:
                octets = octets[written:]
