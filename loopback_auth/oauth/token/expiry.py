"""
Until when an access token is good, as far as anything tells: a time by our own clock, or `None` for
"unknown".
"""

from __future__ import annotations

import re
from datetime import timedelta

from ..jose.jwt import numeric_date, unverified_claims

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from ..secret import Secret

LIMIT_S = 10**9
"""Some thirty years: more than that is nonsense, not a lifetime."""

_SECONDS = re.compile(r"\s*([0-9]{1,10})(?:\.[0-9]+)?\s*")


def told_expiry(expires_in: object, received_at: datetime) -> datetime | None:
    """
    Return when a token with this `expires_in` (RFC 6749 section 5.1) ends; `None` for "unknown".

    Some servers send digits, some a decimal, and for a token without an end some send 0.
    """
    if isinstance(expires_in, str):
        # Not for int() to judge: it takes signs, underscores and the digits of every script.
        digits = _SECONDS.fullmatch(expires_in)
        expires_in = int(digits[1]) if digits else None
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return None
    # Not a number is neither.
    if not 1 <= expires_in < LIMIT_S + 1:
        return None
    return received_at + timedelta(seconds=int(expires_in))


def jwt_expiry(access_token: Secret, received_at: datetime) -> datetime | None:
    """
    Read the expiry out of an access token that is a JWT (RFC 9068 section 2.2).

    A token is the resource server's to read, so this is a guess that a 401 corrects.
    """
    try:
        return claimed_expiry(unverified_claims(access_token), received_at)
    except ValueError:
        return None


def claimed_expiry(claims: Mapping[str, Any], received_at: datetime) -> datetime | None:
    """
    Turn `exp` (of a JWT, of an introspection answer) into a time by our clock.

    With `iat` the lifetime is what counts, so that a server's clock may be hours away from ours.
    """
    exp, iat = numeric_date(claims.get("exp")), numeric_date(claims.get("iat"))
    if exp is None:
        return None
    lifetime_s = exp - (received_at.timestamp() if iat is None else iat)
    # An expiry that is over as it comes tells of a wrong clock, not of the token.
    return received_at + timedelta(seconds=int(lifetime_s)) if 0 < lifetime_s <= LIMIT_S else None
