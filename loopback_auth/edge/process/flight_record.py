"""
What a sign-in says of itself to the processes that wait for it: a JSON object, with nothing in it
that its own terminal does not show.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ...errors import DeviceCodeExpired, LoginTimedOut
from ...notices import EnterThisCode, OpenThisPage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ...errors import LoopbackAuthError
    from ...notices import Notice

QUIET_S = 5.0
"""A program that tries again leaves so much time between, or gets the failure of before."""

REPORTED_S = 60.0
"""After this a failure is not reported again, however often a program has tried meanwhile."""

PAGES: dict[str, type[OpenThisPage | EnterThisCode]] = {
    kind.__name__: kind for kind in (OpenThisPage, EnterThisCode)
}
"""The notices that say where to sign in: those who wait show the same."""

_PROVIDER_REFUSED = 7


class FlightRecord:
    """The record with these *members*; nothing is known of a member that is not there."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = members

    @classmethod
    def of_this_process(cls, terms: Mapping[str, Any], wants: Sequence[str]) -> FlightRecord:
        """Return the record of a sign-in by *terms*, with the flags *wants*, that begins here."""
        own = {"id": os.urandom(8).hex(), "pid": os.getpid(), "terminal": _terminal()}
        return cls({**own, "terms": terms, "wants": list(wants)})

    def showing(self, notice: Notice) -> FlightRecord:
        """Return this record, with the page to sign in at."""
        kind = type(notice)
        members = {name: getattr(notice, name) for name in kind.names}
        return FlightRecord({**self.members, "page": [kind.__name__, members]})

    def saved(self, now: float) -> FlightRecord:
        """Return this record, for a sign-in whose tokens were stored at the time of day *now*."""
        return FlightRecord({**self.members, "is_saved": True, "ended": now})

    def failed(self, error: LoopbackAuthError, now: float, *, has_page: bool) -> FlightRecord:
        """Return this record, for a sign-in that failed after its page was shown, or before."""
        from ...errors.packing import packed

        # What is wrong with one process alone, its port perhaps, is not the others' failure.
        is_shared = has_page or error.exit_code == _PROVIDER_REFUSED
        failure = {"error": packed(error), "has_page": has_page, "is_shared": is_shared}
        return FlightRecord({**self.members, **failure, "ended": now})

    @property
    def id(self) -> str:
        """What no other sign-in has."""
        return str(self.members.get("id", ""))

    @property
    def pid(self) -> int:
        """The process; 0 is unknown."""
        pid = self.members.get("pid")
        return pid if isinstance(pid, int) else 0

    @property
    def terminal(self) -> str:
        """The terminal of the process, such as `/dev/pts/3`; "" where it has none."""
        return str(self.members.get("terminal", ""))

    @property
    def page(self) -> OpenThisPage | EnterThisCode | None:
        """Where to sign in, while that is shown."""
        try:
            kind, members = self.members["page"]
            return PAGES[kind](**members)
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def is_saved(self) -> bool:
        """Whether the tokens are stored."""
        return self.members.get("is_saved") is True

    @property
    def is_shared(self) -> bool:
        """Whether the failure is that of all who wait."""
        return self.members.get("is_shared") is True

    @property
    def is_out_of_time(self) -> bool:
        """Whether nobody signed in on its page in time."""
        kind = (self.members.get("error") or {}).get("kind")
        return kind in (LoginTimedOut.__name__, DeviceCodeExpired.__name__)

    def ended_between(self, began: float, now: float) -> bool:
        """Return whether the sign-in ended between two times of day."""
        ended = self.members.get("ended")
        return isinstance(ended, (int, float)) and began <= ended <= now

    def differs_from(self, terms: Mapping[str, Any], wants: Sequence[str]) -> list[str]:
        """Return in words which settings are others than *terms*, and which *wants* it lacks."""
        import json

        theirs, own = self.members.get("terms") or {}, json.loads(json.dumps(terms))
        changed = {name for name, value in own.items() if theirs.get(name) != value}
        lacking = {*wants} - {*self.members.get("wants", ())}
        return [
            *(f"with another {name}" for name in sorted(changed | (theirs.keys() - own.keys()))),
            *(f"without {flag}" for flag in sorted(lacking)),
        ]

    def repeated(self, now: float) -> FlightRecord | None:
        """
        Return the record to write where a program tries again right after a failure, else `None`.

        Such a program would open one page after the other.
        """
        if not self.members.get("has_page") or not self.ended_between(now - REPORTED_S, now):
            return None
        asked = self.members.get("asked", self.members["ended"])
        return FlightRecord({**self.members, "asked": now}) if 0 <= now - asked < QUIET_S else None

    def failure(self, clause: str) -> LoopbackAuthError:
        """Return the error of the sign-in, with the *clause* why it is another process's, too."""
        from ...errors.packing import unpacked

        error = unpacked(self.members["error"])
        error.tokens_changed = None
        error.add(f"that was the sign-in of process {self.pid}, {clause}")
        return error


def _terminal() -> str:
    if sys.platform != "win32":
        with suppress(OSError):
            return os.ttyname(2)
    return ""
