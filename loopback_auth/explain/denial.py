"""The codes that mean that the person said no, in the words of various servers."""

from __future__ import annotations

import re

_CANCEL = frozenset({"cancel", "canceled", "cancelled", "cancellation"})
_NO = frozenset({"denied", "declined", "rejected", "refused", "aborted", "abort", "deny"})
_BY_WHOM = frozenset({"user", "enduser", "person", "owner", "customer", "consent"})
# A code with any other word is about something else: an app that is denied access, an order.
_AROUND = frozenset(
    {"access", "authorization", "authorize", "authorisation", "authorise", "by", "consent", "end"}
)
_AROUND |= {"login", "request", "resource", "sign", "in", "signin", "the"}


def is_denial(error: str) -> bool:
    """Return whether the code *error* means a person's no: `access_denied`, `user_cancelled`."""
    words = {
        word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^A-Za-z_\s-]+", error)
    }
    # OpenID Connect Core section 3.1.2.6: the consent that was asked for was not given.
    if words in ({"access", "denied"}, {"consent", "required"}):
        return True
    is_no = words & _CANCEL or (words & _NO and words & _BY_WHOM)
    return bool(is_no) and words <= _CANCEL | _NO | _BY_WHOM | _AROUND
