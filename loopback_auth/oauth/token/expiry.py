"""The expiry of access tokens: times by our own clock, or `None` where it is unknown."""

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
"""The longest lifetime that is believed: some thirty years."""

_SECONDS = re.compile(r"\s*([0-9]{1,10})(?:\.[0-9]+)?\s*")


def stated_expiry(expires_in: object, received_at: datetime) -> datetime | None:
    """
    Return the time when a token with this `expires_in` (RFC 6749 section 5.1) ends.

    Some servers send digits in a string, some a decimal, and some 0 for a token without an end.
    """
    if isinstance(expires_in, str):
        # int() would also take signs, underscores and the digits of every script.
        digits = _SECONDS.fullmatch(expires_in)
        expires_in = int(digits[1]) if digits else None
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return None
    # False for NaN, too.
    if not 1 <= expires_in < LIMIT_S + 1:
        return None
    return received_at + timedelta(seconds=int(expires_in))


def jwt_expiry(access_token: Secret, received_at: datetime) -> datetime | None:
    """
    Return the expiry of an access token that is a JWT (RFC 9068 section 2.2).

    Access tokens are for resource servers to read, so this is a guess, which a 401 corrects.
    """
    try:
        return claimed_expiry(unverified_claims(access_token), received_at)
    except ValueError:
        return None


def claimed_expiry(claims: Mapping[str, Any], received_at: datetime) -> datetime | None:
    """
    Return the `exp` of a JWT or an introspection answer as a time by our clock.

    With an `iat` the lifetime counts, so that a server's clock may differ from ours by hours.
    """
    exp, iat = numeric_date(claims.get("exp")), numeric_date(claims.get("iat"))
    if exp is None:
        return None
    lifetime_s = exp - (received_at.timestamp() if iat is None else iat)
    # An expiry that is over on arrival shows a wrong clock, and says nothing of the token.
    return received_at + timedelta(seconds=int(lifetime_s)) if 0 < lifetime_s <= LIMIT_S else None
