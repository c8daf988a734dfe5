"""
What the age of an access token teaches about how long such tokens last, where the server does not
say.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_AGE_S = 600.0
"""
A younger token that is refused was ended by somebody, or a clock jumped: no session timeout is so
short.
"""


def after_refusal(
    age_s: float, *, believed_s: float | None, timeouts_s: Sequence[int]
) -> int | None:
    """
    Return the lifetime, in seconds, that a token leaves room for which was refused at *age_s*.

    *believed_s* is how long tokens were thought to last, *timeouts_s* what the server can be set
    to. `None` where nothing is learned: the token was young, or no shorter lifetime follows.
    """
    if age_s < SHORTEST_AGE_S or not timeouts_s:
        return None
    bound_s = max((each for each in timeouts_s if each <= age_s), default=min(timeouts_s))
    return bound_s if believed_s is None or bound_s < believed_s else None


def after_success(
    age_s: float, *, learned_s: int, usual_s: float | None, timeouts_s: Sequence[int]
) -> int | None:
    """
    Return what is left of the bound *learned_s* once a token was taken at *age_s*.

    A token that outlived it raises it; `None` where nothing below *usual_s* is left of it.
    """
    if age_s <= learned_s:
        return learned_s
    bound_s = min((each for each in timeouts_s if each > age_s), default=None)
    return None if bound_s is None or (usual_s is not None and bound_s >= usual_s) else bound_s
