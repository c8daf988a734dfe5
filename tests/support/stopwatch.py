"""Measures what a test waits for, without the moments at which the machine itself stood still."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

TICK_S = 0.01
MOST_S = 0.05
"""A tick that took longer was late: nothing ran here for that long, the product as little as we."""


class Stopwatch:
    """
    The seconds since the block began; a moment in which no thread of ours ran counts as `MOST_S`.

    A promise as "ends within a second" is about what the product waits for. On a machine that is
    halted for that long, by its host or by a disk, a clock would measure the machine.
    """

    def __enter__(self) -> Self:
        self._so_far = 0.0, time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """What was counted until now."""
        return self._counted()[0]

    def _counted(self) -> tuple[float, float]:
        (seconds, last), now = self._so_far, time.monotonic()
        return seconds + min(now - last, MOST_S), now

    def _tick(self) -> None:
        while not self._over.wait(TICK_S):
            self._so_far = self._counted()
