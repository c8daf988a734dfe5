"""The two clocks: the time of day, and seconds that only grow."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def now() -> datetime:
    """Return the present time in UTC, with its time zone."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def running_s() -> float:
    """
    Return seconds since some fixed moment, which never decrease.

    They include the time the computer was suspended where the system has such a clock.
    """
    # On Linux time.monotonic() stops while a laptop sleeps; a sign-in page expires meanwhile.
    if sys.platform != "win32" and hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
