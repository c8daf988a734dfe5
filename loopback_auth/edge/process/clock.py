"""The two clocks: one that tells the time, one that only runs."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


def now() -> datetime:
    """Tell the time, aware, in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def running_s() -> float:
    """
    Count seconds from some fixed moment, never back, through suspend where the system offers such a
    clock.
    """
    # Linux stops time.monotonic() while a laptop sleeps; a sign-in page does not wait that long.
    if sys.platform != "win32" and hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
