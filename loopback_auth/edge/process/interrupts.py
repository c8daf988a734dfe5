"""
Ctrl-C, SIGTERM and SIGHUP: one way out for all three, and a time limit for the clean-up.

Before there is an event loop the signal raises `Interrupted` where the program stands. In a running
loop it cancels the main task: an exception out of nowhere could strike a callback that swallows it,
or a library in the middle of its import.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket
    from types import FrameType

CLEANUP_TIMEOUT_S = 1.5
"""For cleaning up after a signal; then the process ends where it stands."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number

    @property
    def remark(self) -> str:
        """What is to be said of it besides."""
        return _interruption.remark


class Interruption:
    """The signal that came, if one did, and what it does."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.remark = ""
        self.has_limit = True
        self._stop: Callable[[], object] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        # Not SIG_IGN: Python complains on stderr about a signal that is pending when its handler
        # goes.
        if self.number is not None:
            if not self.has_limit:
                os._exit(128 + number)
            return
        self.number = number
        if self.has_limit:
            _end_in_time(128 + number)
        if self._stop is None:
            raise Interrupted(number)
        self._stop()

    def calls(self, stop: Callable[[], object] | None) -> None:
        """
        Have a signal call *stop*, at once if it has come already; with `None` it raises
        again.
        """
        self._stop = stop
        if stop is not None and self.number is not None:
            stop()


_interruption = Interruption()


def _known() -> list[signal.Signals]:
    return [signal.Signals[name] for name in _SIGNALS if name in signal.Signals.__members__]


def listen_for_interrupts() -> None:
    """Handle the first signal; later ones wait for the clean-up, which may take `CLEANUP_TIMEOUT_S`."""
    for number in _known():
        # What the parent chose to ignore (nohup) stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interruption)


def remark_on_interrupt(text: str) -> None:
    """Have whoever tells of the signal that came say *text* of it, too."""
    _interruption.remark = text


@contextmanager
def interrupts_unlimited() -> Iterator[None]:
    """
    Let what follows a signal in the block take its time; then a second signal ends the process
    where it stands.
    """
    _interruption.has_limit = False
    yield
    # Not after an error: a signal may have been what ended the block, and something may be going
    # on.
    _interruption.has_limit = True


@contextmanager
def interrupts_deferred() -> Iterator[Interruption]:
    """
    Let a signal wait for what the block says it `calls`; if one came, the block ends with
    `Interrupted`, whatever it did.
    """
    _interruption.calls(lambda: None)
    try:
        yield _interruption
    finally:
        _interruption.calls(None)
        if _interruption.number is not None:
            raise Interrupted(_interruption.number) from None


@contextmanager
def signals_heard() -> Iterator[socket]:
    """
    Give a socket that can be read once a signal has come: for who waits for descriptors, and would
    sleep on. For POSIX's main thread.
    """
    from socket import socketpair

    heard, written = socketpair()
    with heard, written:
        heard.settimeout(0)
        written.settimeout(0)
        before = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
        try:
            yield heard
        finally:
            signal.set_wakeup_fd(before)


@contextmanager
def awaitable(descriptor: int) -> Iterator[Callable[[], None]]:
    """
    Give a function that waits until *descriptor* can be read, or until a signal has raised.

    A read that blocks is ended by a signal as well, but not by one that comes in the moment before
    it begins.
    """
    import select
    import threading

    # There select takes sockets alone; and only that thread hears of signals.
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    with signals_heard() as heard:

        def wait() -> None:
            # The signal's own handler raises as soon as this is over; one that does not is nothing
            # to wait for either.
            while descriptor not in select.select([descriptor, heard.fileno()], [], [])[0]:
                heard.recv(64)

        yield wait


def _end_in_time(exit_code: int) -> None:
    import threading

    timer = threading.Timer(CLEANUP_TIMEOUT_S, os._exit, (exit_code,))
    timer.daemon = True
    timer.start()
