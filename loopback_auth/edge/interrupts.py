"""Ctrl-C, SIGTERM and SIGHUP: one exception for all three, raised wherever the program is, and a limit on what follows."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

PATIENCE_S = 1.5
"""For cleaning up after a signal; then the process ends where it stands."""


class Interrupted(KeyboardInterrupt):
    """A signal asks to stop. A KeyboardInterrupt, so that asyncio lets it through and unwinds what is running."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"signal {signal_number}")
        self.exit_code = 128 + signal_number


def listen_for_interrupts() -> None:
    """Turn the first signal into `Interrupted`; later ones wait for the clean-up, which may take `PATIENCE_S`."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # What the parent chose to ignore (nohup) stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _end_in_time(128 + number)
    raise Interrupted(number)


def _end_in_time(exit_code: int) -> None:
    import threading

    timer = threading.Timer(PATIENCE_S, os._exit, (exit_code,))
    timer.daemon = True
    timer.start()
