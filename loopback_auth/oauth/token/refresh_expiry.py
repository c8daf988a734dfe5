"""Until when a refresh token has to be used: as the server says, or as is known of its kind."""

from __future__ import annotations

from datetime import timedelta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

# GitHub says the first, Keycloak the second; no RFC has either.
_MEMBERS = ("refresh_token_expires_in", "refresh_expires_in")
_LONGEST_S = 100 * 366 * 86400


def use_by(
    extra: Mapping[str, Any], obtained_at: datetime, *, idle_days: int | None = None
) -> datetime | None:
    """
    Return when a refresh token that came at *obtained_at* ends unless it is used before.

    *extra* are the members of the token answer that no standard knows; *idle_days* is how long the
    server's kind keeps one that nobody uses. `None`: nobody says so. A server's 0 means that the
    token does not end.
    """
    for name in _MEMBERS:
        seconds = _number(extra.get(name))
        if seconds is not None:
            return obtained_at + timedelta(seconds=seconds) if seconds else None
    return obtained_at + timedelta(days=idle_days) if idle_days else None


def _number(value: object) -> float | None:
    """Return *value*, a number or one in a string, if it can be so many seconds."""
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else -1.0
    except ValueError:
        return None
    return seconds if not isinstance(value, bool) and 0 <= seconds <= _LONGEST_S else None
