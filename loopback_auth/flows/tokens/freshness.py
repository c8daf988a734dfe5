"""
Whether a stored token is still good. On the path of `token`: documents stay plain, and nothing
heavy is imported before it is needed.
"""

from __future__ import annotations

import time

from ... import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...notices import Warned
    from ...oauth.secret import Secret

MIN_TTL_S = 60.0
"""How long a token lasts at least when it is handed out: its command takes time, clocks differ."""

SPARE_S = 5.0
"""How long a refresh may take while the stored token is still good for a moment."""

SET_BACK_S = 300.0
"""
A token obtained further in the future than this shows that a clock was set back: its expiry then
means nothing.
"""


def signed_in(profile: str, document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """
    Return *document*, what is stored of *profile*.

    Raises:
        SignInNeeded: It is `None`.
    """
    if document is None:
        raise errors.SignInNeeded(f"nobody is signed in to the profile {profile}", profile=profile)
    return document


def is_good(
    document: Mapping[str, Any],
    *,
    at: float,
    min_ttl_s: float = MIN_TTL_S,
    refused: Secret | None = None,
) -> bool:
    """
    Return whether the token of *document* lasts *min_ttl_s* from the POSIX time *at*, or half its
    life where that is less.

    A token of unknown expiry is good until a server refuses it; *refused* is one that was.
    """
    if _is_refused(document, refused):
        return False
    expires_at, obtained_at = document.get("expires_at"), document.get("obtained_at")
    if not expires_at:
        return True
    # Each is RFC 3339 in UTC, to the second: that sorts as text.
    if obtained_at and obtained_at > _rfc3339(at + SET_BACK_S):
        return False
    if expires_at > _rfc3339(at + min_ttl_s):
        return True
    return bool(obtained_at) and _is_young(str(obtained_at), expires_at, at)


def is_usable(document: Mapping[str, Any], *, at: float, refused: Secret | None) -> bool:
    """Return whether the token of *document*, due for a refresh, is good for a moment longer."""
    return not has_expired(document, at=at) and not _is_refused(document, refused)


def is_refreshable(document: Mapping[str, Any]) -> bool:
    """
    Return whether *document* has a refresh token that the server took the last time, or is minted
    again.
    """
    is_known = bool(document.get("refresh_token")) and not document.get("refused")
    return is_known or bool(document.get("grant"))


def has_expired(document: Mapping[str, Any], *, at: float) -> bool:
    """
    Return whether the token of *document* is known to have ended by the POSIX time *at*; an unknown
    expiry is none.
    """
    expires_at = document.get("expires_at")
    return isinstance(expires_at, str) and expires_at <= _rfc3339(at)


def still_good(why: str) -> Warned:
    """Return the notice that goes with an old token that is handed out because of *why*."""
    from ...notices import Warned

    return Warned(
        code="refresh-late", message=f"not refreshed yet, the old token is still valid: {why}"
    )


def lasts_too_short(document: Mapping[str, Any], min_ttl_s: float) -> Warned | None:
    """Return the notice that no token lasts *min_ttl_s*, if that of *document* never did."""
    begin, end = document.get("obtained_at"), document.get("expires_at")
    if not (begin and end) or end > _rfc3339(time.time() + min_ttl_s):
        return None
    # Late: a token that lasts needs none of it.
    from ...notices import Warned
    from ...oauth.credential import from_rfc3339
    from ...oauth.text import duration_in_words

    life_s = (from_rfc3339(end) - from_rfc3339(begin)).total_seconds()
    life, asked = (duration_in_words(each, exactly=True) for each in (life_s, min_ttl_s))
    what = f"the server's tokens last {life}, less than the {asked} asked for"
    return Warned(code="lifetime-short", message=what) if life_s < min_ttl_s else None


def _is_refused(document: Mapping[str, Any], refused: Secret | None) -> bool:
    return refused is not None and refused.matches(document["access_token"])


def _is_young(obtained_at: str, expires_at: str, at: float) -> bool:
    if expires_at <= _rfc3339(at):
        return False
    # Late: a token that lasts needs no arithmetic.
    from ...oauth.credential import from_rfc3339

    begin, end = (from_rfc3339(text).timestamp() for text in (obtained_at, expires_at))
    return end - at > (end - begin) / 2


def _rfc3339(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
