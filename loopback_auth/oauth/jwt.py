"""The claims of a JSON Web Token - RFC 7519. No signature is checked here: whoever reads them knows where the token came from."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from .wire import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .secret import Secret

LAST_TIME = 10**11
"""No time in seconds is larger; servers that count milliseconds are told so, and no number is too large for a float."""


def unverified_claims(token: Secret) -> dict[str, Any]:
    """Read the claims of *token*; raises `ValueError` when it is no JWT in the compact form of RFC 7515 section 3.1."""
    parts = token.reveal().split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise ValueError("not three parts")
    claims = strict_json(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("the payload is no object")  # noqa: TRY004 - one error for all that is no JWT
    return claims


def numeric_date(value: object) -> float | None:
    """Give a NumericDate (RFC 7519 section 2) in seconds, or `None` for anything that cannot be one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST_TIME:
        return None
    return float(value)
