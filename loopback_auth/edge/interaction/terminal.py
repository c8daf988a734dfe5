"""
Reading what a person pastes while the event loop waits: unseen from a terminal, or from a pipe.

Each context manager yields an `asyncio.Queue` of texts. Reading does not block the event loop, and
takes nothing of what is typed after the block.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import sys
import threading
import time
from contextlib import contextmanager, suppress

from ..process.interrupts import awaitable
from .typed_text import OCTETS, content_of, without_controls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

QUIET_S = 0.4
"""The silence that ends a paste; over a slow connection its lines may come one by one."""

PASTE_S = 0.1
"""In which the next line of a paste begins to come; a person's next answer takes longer."""

_LOOK_S = 0.1
_CTRL_D = b"\x04"


@contextmanager
def pasted_on_terminal(descriptor: int) -> Iterator[asyncio.Queue[str]]:
    """
    Yield a queue of the texts that are pasted on the terminal *descriptor*.

    Nothing is echoed, since an answer holds a code. A paste ends when nothing follows it; a text
    that is typed, when Enter is pressed. Enter alone is an empty text.
    """
    texts: asyncio.Queue[str] = asyncio.Queue()
    typed = _Typed(texts.put_nowait)
    with _keys(typed, descriptor):
        try:
            yield texts
        finally:
            typed.forget()


@contextmanager
def pasted_lines(descriptor: int) -> Iterator[asyncio.Queue[str]]:
    """Yield a queue of the lines of the file *descriptor*."""
    texts: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        # Not `sys.stdin`: Python ends with a fatal error while a thread holds its lock.
        held = b""
        while chunk := _read(descriptor):
            *lines, held = (held + chunk).split(b"\n")
            if len(held) > OCTETS:
                lines, held = [*lines, held[:OCTETS]], b""
            put(lines)
        put([held])

    def put(lines: list[bytes]) -> None:
        for line in lines:
            if line.strip():
                # The loop may be closed by now.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(texts.put_nowait, line.decode("utf-8", "replace"))

    threading.Thread(target=read, name="pasted-lines", daemon=True).start()
    yield texts


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


class _Typed:
    """Collects keys until they are a text; *put* is called with each, a blank one as empty."""

    def __init__(self, put: Callable[[str], None]) -> None:
        self._put = put
        self._octets = b""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, chunk: bytes) -> None:
        is_over = chunk.endswith((b"\n", b"\r"))
        is_one_key = len(without_controls(chunk.decode("utf-8", "replace"))) <= 1
        # The last octet of a paste may come alone.
        belongs_to_paste = self._timer is not None
        self.forget_timer()
        self._octets = (self._octets + chunk)[:OCTETS]
        if is_over or belongs_to_paste or not is_one_key:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._whole)

    def _whole(self) -> None:
        text, self._octets, self._timer = self._octets.decode("utf-8", "replace"), b"", None
        text = without_controls(text)
        self._put((content_of(text) or text) if text.strip() else "")

    def forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def forget(self) -> None:
        self.forget_timer()
        self._octets = b""


if sys.platform == "win32":
    import msvcrt

    def line_typed(
        ask: Callable[[], None], _: int, show: Callable[[str], None] | None = None
    ) -> str:
        """Return what is typed or pasted on the console, up to Enter; *ask* prints the question."""
        from getpass import getpass

        ask()
        text = sys.stdin.readline() if show else f"{getpass('')}\n"
        if not text:
            raise EOFError
        time.sleep(PASTE_S)
        while msvcrt.kbhit():
            text += msvcrt.getwch()
        return without_controls(text)

    def is_in_foreground(_: int) -> bool:
        """Return whether the console is ours to read: here it is every program's."""
        return True

    @contextmanager
    def _keys(typed: _Typed, _: int) -> Iterator[None]:
        # asyncio cannot wait for a console, so this polls it.
        async def look() -> None:
            while True:
                keys = ""
                while msvcrt.kbhit():
                    keys += msvcrt.getwch()
                if keys:
                    typed.add(keys.encode("utf-8", "replace"))
                await asyncio.sleep(_LOOK_S)

        looking = asyncio.get_running_loop().create_task(look())
        try:
            yield
        finally:
            looking.cancel()

else:
    import select
    import signal
    import termios

    def line_typed(
        ask: Callable[[], None], descriptor: int, show: Callable[[str], None] | None = None
    ) -> str:
        """
        Return what is typed or pasted on the terminal *descriptor*, up to Enter.

        The lines that are pasted with it come along, so that none answers the next question. *ask*
        prints the question; it is called once the echo is off. *show* is given the first line
        whenever it changes, and never the others: one may be a secret.

        Raises:
            EOFError: Ctrl-D was pressed, or the terminal is gone.
        """
        octets, silence_s = b"", PASTE_S
        with _unseen(descriptor) as is_ours, awaitable(descriptor) as wait:
            ask()
            while not re.search(rb"[\r\n]", octets):
                wait()
                chunk = _read(descriptor)
                if not chunk or (chunk == _CTRL_D and not octets):
                    raise EOFError
                octets = (octets + chunk)[:OCTETS]
                if show and is_ours:
                    show(without_controls(octets.decode("utf-8", "ignore")).partition("\n")[0])
            while select.select([descriptor], [], [], silence_s)[0] and (
                chunk := _read(descriptor)
            ):
                octets, silence_s = (octets + chunk)[:OCTETS], QUIET_S
        return without_controls(octets.decode("utf-8", "replace"))

    @contextmanager
    def _keys(typed: _Typed, descriptor: int) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def read() -> None:
            # In the background a read would stop the process, and the shell reads the terminal.
            chunk = _read(descriptor) if is_in_foreground(descriptor) else b""
            if chunk:
                typed.add(chunk)
            else:
                loop.remove_reader(descriptor)

        with _unseen(descriptor) as is_ours:
            if is_ours:
                loop.add_reader(descriptor, read)
            try:
                yield
            finally:
                loop.remove_reader(descriptor)

    @contextmanager
    def _unseen(descriptor: int) -> Iterator[bool]:
        """Turn off echo and line mode in the block; yield whether the terminal allows it."""
        before = _settings_of(descriptor)
        if before is None:
            yield False
            return
        unseen = [*before]
        # In line mode the terminal cuts an address after 1024 characters (macOS) or 4096 (Linux).
        unseen[3] &= ~(termios.ECHO | termios.ICANON)

        def hide() -> None:
            if _settings_of(descriptor) is not None:
                # TCSANOW: the others wait for the output, which Ctrl-S may hold up.
                termios.tcsetattr(descriptor, termios.TCSANOW, unseen)

        hide()
        try:
            # After Ctrl-Z the shell returns the terminal with settings of its own.
            with _when_continued(hide):
                yield True
        finally:
            # The terminal may be gone, or the shell's again, which is then not ours to change.
            if _settings_of(descriptor) is not None:
                with suppress(termios.error):
                    termios.tcsetattr(descriptor, termios.TCSANOW, before)

    @contextmanager
    def _when_continued(act: Callable[[], None]) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            # Only the main thread may set signal handlers.
            yield
            return
        before = signal.signal(signal.SIGCONT, lambda *_: act())
        try:
            yield
        finally:
            signal.signal(signal.SIGCONT, before or signal.SIG_DFL)

    def _settings_of(descriptor: int) -> list[Any] | None:
        """Return the terminal's settings; `None` if this process may not change them."""
        try:
            return termios.tcgetattr(descriptor) if is_in_foreground(descriptor) else None
        except termios.error:
            return None

    def is_in_foreground(descriptor: int) -> bool:
        """Return whether the terminal *descriptor* is ours to read; the shell stops who tries."""
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError as error:
            # One that controls no session, as in some containers and editors' shells, has no
            # background; one that is gone is no terminal.
            return error.errno == errno.ENOTTY and os.isatty(descriptor)
