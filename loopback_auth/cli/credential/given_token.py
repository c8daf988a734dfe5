"""The access token that the environment hands over, in the place of all that is stored."""

from __future__ import annotations

from ... import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def given_token(environ: Mapping[str, str]) -> str | None:
    """
    Return the token that the environment hands over, which takes the place of all that is stored.

    Raises:
        UsageError: It has what no access token can hold (RFC 6749 appendix A.12).
    """
    token = environ.get("LOOPBACK_AUTH_TOKEN", "").strip(" \t\r\n")
    if not (token.isascii() and token.isprintable()):
        raise errors.UsageError(
            "LOOPBACK_AUTH_TOKEN does not hold an access token",
            cause="A token is one line of printable ASCII characters.",
            fix="set it again, or unset LOOPBACK_AUTH_TOKEN to use the stored sign-in",
        )
    return token or None
