"""
The header and the claims of a JSON Web Token - RFC 7519.

No signature is checked here: callers know where the token came from.
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
The least number that is no time in seconds: it is one in milliseconds, or too large for a float.
"""

HEADER, CLAIMS = 0, 1
"""The positions of the parts of a JWT - RFC 7515 section 3.1."""

_PARTS = 3


def unverified_claims(token: Secret) -> dict[str, Any]:
    """
    Return the claims of *token*.

    Raises:
        ValueError: It is no JWT (RFC 7515 section 3.1).
    """
    return _members(token, CLAIMS)


def unverified_header(token: Secret) -> dict[str, Any]:
    """
    Return the header of *token*. No address or key in it is ever used.

    Raises:
        ValueError: It is no JWT.
    """
    return _members(token, HEADER)


def part(token: Secret, index: int) -> bytes:
    """
    Return the part of *token* at *index*, `HEADER` or `CLAIMS`, decoded.

    Raises:
        ValueError: *token* has not three parts, or this one is not base64url.
    """
    parts = token.reveal().split(".")
    if len(parts) != _PARTS:
        raise ValueError("not three parts")
    return urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4))


def _members(token: Secret, index: int) -> dict[str, Any]:
    members = strict_json(part(token, index))
    if isinstance(members, dict):
        return members
    raise ValueError("no object")


def numeric_date(value: object) -> float | None:
    """Return *value*, a NumericDate (RFC 7519 section 2), in seconds; `None` if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST_TIME:
        return None
    return float(value)
