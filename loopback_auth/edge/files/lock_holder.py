"""Which process has a lock. Only Linux says. Imported when waiting for a lock was in vain."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Holder(NamedTuple):
    """A process that has a lock; as text, what follows "another process" in a message."""

    pid: int
    is_stopped: bool

    def __str__(self) -> str:
        return f" ({self.pid}{', stopped' if self.is_stopped else ''})"


def holder_of(paths: Iterable[str]) -> Holder | None:
    """Return the process that has the lock on a file at one of *paths*; `None` if nobody says."""
    wanted = {os.path.realpath(path) for path in paths}
    with suppress(OSError):
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError):
                if any(_is_locked(pid, number, wanted) for number in os.listdir(f"/proc/{pid}/fd")):
                    return Holder(int(pid), _state(pid) == "T")
    return None


def _is_locked(pid: str, number: str, wanted: set[str]) -> bool:
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/fd/{number}") in wanted and "FLOCK" in _read(
            f"/proc/{pid}/fdinfo/{number}"
        )
    return False


def _state(pid: str) -> str:
    # The name before it, in parentheses, may contain anything.
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
