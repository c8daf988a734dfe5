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
"""The time for cleaning up after a signal; then the process ends where it stands."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Interrupted(KeyboardInterrupt):
    """Raised when a signal asks the program to stop; *number* is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number

    @property
    def remark(self) -> str:
        """The text that `remark_on_interrupt` set, for the message about the signal."""
        return _interruption.remark


class Interruption:
    """The signal handler: it records the first signal, and raises or calls what was set."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.remark = ""
        self.has_limit = True
        self._stop: Callable[[], object] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle the signal *number*; see `signal.signal`."""
        # Later signals come here, too, and not to SIG_IGN: Python complains on stderr if a signal
        # is pending when its handler is replaced.
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
        Let a signal call *stop* instead of raising; with `None` it raises again.

        If a signal has come already, *stop* is called now.
        """
        self._stop = stop
        if stop is not None and self.number is not None:
            stop()


_interruption = Interruption()


def _known() -> list[signal.Signals]:
    return [signal.Signals[name] for name in _SIGNALS if name in signal.Signals.__members__]


def listen_for_interrupts() -> None:
    """
    Let the first signal stop the program, and later ones do nothing.

    Cleaning up may take `CLEANUP_TIMEOUT_S`.
    """
    for number in _known():
        # A signal that the parent ignores, as nohup does, stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interruption)


def remark_on_interrupt(text: str) -> None:
    """Set the *text* that the message about a signal has besides."""
    _interruption.remark = text


@contextmanager
def interrupts_unlimited() -> Iterator[None]:
    """
    Let cleaning up after a signal in the block take as long as it needs.

    Then a second signal ends the process where it stands.
    """
    _interruption.has_limit = False
    yield
    # Not in a finally: after an error, which a signal may have caused, the work may be going on.
    _interruption.has_limit = True


@contextmanager
def interrupts_deferred() -> Iterator[Interruption]:
    """
    Let a signal in the block call what `Interruption.calls` was given, instead of raising.

    If a signal came, `Interrupted` is raised at the end of the block, whatever it did.
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
    Return a socket that becomes readable when a signal arrives, for use in `select`.

    POSIX only, and the main thread only.
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
    Return a function that waits until *descriptor* can be read, or a signal's handler raises.

    A blocking read would not be ended by a signal that arrives just before it begins.
    """
    import select
    import threading

    # On Windows select takes sockets only; and only the main thread handles signals.
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    with signals_heard() as heard:

        def wait() -> None:
            # The signal's handler raises as soon as select returns. If it does not raise, wait on.
            while descriptor not in select.select([descriptor, heard.fileno()], [], [])[0]:
                heard.recv(64)

        yield wait


def _end_in_time(exit_code: int) -> None:
    import threading

    timer = threading.Timer(CLEANUP_TIMEOUT_S, os._exit, (exit_code,))
    timer.daemon = True
    timer.start()
