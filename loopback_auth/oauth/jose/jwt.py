"""
The claims of a JSON Web Token - RFC 7519. No signature is checked here: whoever reads them knows
where the token came from.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode

from ..http.strict_json import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..secret import Secret

LAST_TIME = 10**11
"""
No time in seconds is larger; servers that count milliseconds are told so, and no number is too
large for a float.
"""


HEADER, CLAIMS = 0, 1
"""The parts of a JWT by their place - RFC 7515 section 3.1."""


def unverified_claims(token: Secret) -> dict[str, Any]:
    """Return the claims of *token*; raise `ValueError` when it is no JWT (RFC 7515 section 3.1)."""
    return _members(token, CLAIMS)


def unverified_header(token: Secret) -> dict[str, Any]:
    """Return the header of *token*, in which nothing is ever followed; raise as above."""
    return _members(token, HEADER)


def part(token: Secret, number: int) -> bytes:
    """Return a part of *token*, decoded; raise `ValueError` where *token* has not three parts."""
    parts = token.reveal().split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise ValueError("not three parts")
    return urlsafe_b64decode(parts[number] + "=" * (-len(parts[number]) % 4))


def _members(token: Secret, number: int) -> dict[str, Any]:
    members = strict_json(part(token, number))
    if not isinstance(members, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for all that is no JWT
    return members


def numeric_date(value: object) -> float | None:
    """
    Give a NumericDate (RFC 7519 section 2) in seconds, or `None` for anything that
    cannot be one.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST_TIME:
        return None
    return float(value)
