"""The lifetime of access tokens, learned from their age, for servers that do not state it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

SHORTEST_AGE_S = 600.0
"""
The least age at which a refusal teaches something.

No session timeout is shorter: somebody ended a younger token, or a clock jumped.
"""


def learned_lifetime(document: Mapping[str, Any]) -> int | None:
    """Return the `learned_lifetime` of a stored object in seconds; `None` if it is no number."""
    value = document.get("learned_lifetime")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def after_refusal(
    age_s: float, *, believed_s: float | None, timeouts_s: Sequence[int]
) -> int | None:
    """
    Return the longest lifetime in seconds that a token refused at the age *age_s* allows.

    *believed_s* is the lifetime believed so far, *timeouts_s* are those that the server can be set
    to. `None` if nothing is learned: the token was young, or no shorter lifetime follows.
    """
    if age_s < SHORTEST_AGE_S or not timeouts_s:
        return None
    bound_s = max((each for each in timeouts_s if each <= age_s), default=min(timeouts_s))
    return bound_s if believed_s is None or bound_s < believed_s else None


def after_success(
    age_s: float, *, learned_s: int, usual_s: float | None, timeouts_s: Sequence[int]
) -> int | None:
    """
    Return the learned lifetime in seconds after a token was accepted at the age *age_s*.

    A token older than *learned_s* raises it to the next of *timeouts_s*; `None` if none below
    *usual_s* is left.
    """
    if age_s <= learned_s:
        return learned_s
    bound_s = min((each for each in timeouts_s if each > age_s), default=None)
    return None if bound_s is None or (usual_s is not None and bound_s >= usual_s) else bound_s
