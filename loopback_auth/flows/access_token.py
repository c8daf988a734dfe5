"""Handing out a stored access token. On the path of `token`: documents stay plain, nothing heavy is imported."""

from __future__ import annotations

import time

from ..errors import SignInNeeded
from ..oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..edge.store import FileStore


def stored_access_token(profile: str, *, store: FileStore, at: float) -> tuple[Secret, Mapping[str, Any]]:
    """
    Give the access token of *profile* and the document it is in.

    *at* is a POSIX time. Raises `SignInNeeded` when nothing is stored or the token has expired by then, `StoreDamaged` and the other
    `StoreError`s when what is stored cannot be read.
    """
    document = store.load(profile)
    if document is None:
        raise SignInNeeded(f"nobody is signed in to the profile {profile}", profile=profile)
    if has_expired(document, at=at):
        raise SignInNeeded(
            f"the access token of the profile {profile} expired at {document['expires_at']}", profile=profile
        )
    return Secret(document["access_token"]), document


def has_expired(document: Mapping[str, Any], *, at: float) -> bool:
    """Tell whether the token of *document* is known to be of no use at the POSIX time *at*; an unknown expiry is no expiry."""
    expires_at = document.get("expires_at")
    # Both are RFC 3339 in UTC to the second, which sorts as text.
    return isinstance(expires_at, str) and expires_at <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
