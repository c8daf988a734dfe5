"""
An access token that is good now. On the path of `token`: documents stay plain, and nothing heavy is
loaded before it is needed.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

from ...edge.process.clock import now
from ...errors import SignInNeeded, StoreBusy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ...edge.store.file_store import FileStore
    from ...edge.store.profile_lock import LockedProfile
    from ...notices import Notice, Warned
    from ...oauth.http.transport import Transport
    from ...oauth.secret import Secret

MIN_TTL_S = 60.0
"""
How long a token that is handed out should last: for the command it is for, and for clocks that
differ.
"""

SPARE_S = 5.0
"""How long a refresh is waited for while the token that is there is still good for a moment."""

SET_BACK_S = 300.0
"""
A token obtained further in the future than this tells of a clock that was set back, and its expiry
is worth nothing.
"""


async def fresh_document(
    profile: str,
    *,
    store: FileStore,
    transport: Transport,
    clock: Callable[[], datetime] = now,
    min_ttl_s: float = MIN_TTL_S,
    refused: Secret | None = None,
    environ: Mapping[str, str] | None = None,
    notify: Callable[[Notice], None] = lambda _: None,
    refresh: Callable[..., Awaitable[Mapping[str, Any]]] | None = None,
) -> Mapping[str, Any]:
    """
    Return the stored document of *profile* with an access token that is valid now; as
    `issued.access_token`.

    It holds the refresh token and the client's secret in clear: for the commands, not for callers.
    *refresh* takes the place of `flows.refresh.refreshed`.
    """

    def has_good_token(document: Mapping[str, Any]) -> bool:
        return is_good(document, at=clock().timestamp(), min_ttl_s=min_ttl_s, refused=refused)

    document = signed_in(profile, store.load(profile))
    if has_good_token(document):
        return document
    with ExitStack() as held:
        usable = is_usable(document, at=clock().timestamp(), refused=refused)
        locked = await lock(profile, store, held, usable=usable, notify=notify)
        if locked is None:
            return document
        # Whoever waited here finds the tokens of the one who did not.
        document = signed_in(profile, locked.load())
        if has_good_token(document):
            return document
        if refresh is None:
            # Here, as it is heavy: of many processes one comes to the refresh.
            from .refresh import refreshed

            refresh = refreshed

        return await refresh(
            profile,
            document,
            locked=locked,
            held=held,
            home=store.home,
            transport=transport,
            clock=clock,
            refused=refused,
            environ=environ,
            notify=notify,
        )


async def lock(
    profile: str,
    store: FileStore,
    held: ExitStack,
    *,
    usable: bool,
    notify: Callable[[Notice], None],
) -> LockedProfile | None:
    """
    Take the lock of *profile* into *held*; return `None` where that takes long and the old token is
    still *usable*.

    Raises:
        StoreBusy: another process has it for longer than a refresh may take.
    """
    from .profile_lock import TURN_S, turn

    try:
        return await turn(profile, store, held, within_s=SPARE_S if usable else TURN_S)
    except StoreBusy:
        if not usable:
            raise
        notify(still_good(f"another process has been refreshing it for {SPARE_S:g} s"))
        return None


def still_good(why: str) -> Warned:
    """Return the notice that goes with an old token that is handed out because of *why*."""
    from ...notices import Warned

    return Warned(
        code="refresh-late", message=f"not refreshed yet, the old token is still good: {why}"
    )


def signed_in(profile: str, document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return *document*; raises `SignInNeeded` when there is none."""
    if document is None:
        raise SignInNeeded(f"nobody is signed in to the profile {profile}", profile=profile)
    return document


def is_good(
    document: Mapping[str, Any],
    *,
    at: float,
    min_ttl_s: float = MIN_TTL_S,
    refused: Secret | None = None,
) -> bool:
    """
    Tell whether the token of *document* lasts *min_ttl_s* from the POSIX time *at*, or half its
    life where that is less.

    A token of unknown expiry is good until a server refuses it.
    """
    if refused is not None and refused.matches(document["access_token"]):
        return False
    expires_at, obtained_at = document.get("expires_at"), document.get("obtained_at")
    if not expires_at:
        return True
    # All are RFC 3339 in UTC to the second, which sorts as text.
    if obtained_at and obtained_at > _rfc3339(at + SET_BACK_S):
        return False
    if expires_at > _rfc3339(at + min_ttl_s):
        return True
    return bool(obtained_at) and _is_young(str(obtained_at), expires_at, at)


def is_refreshable(document: Mapping[str, Any]) -> bool:
    """Tell whether *document* has a refresh token that the server has not refused the last time."""
    return bool(document.get("refresh_token")) and not document.get("refused")


def is_usable(document: Mapping[str, Any], *, at: float, refused: Secret | None) -> bool:
    """
    Tell whether the token of *document* can do for another moment, though it is to be
    refreshed.
    """
    return not has_expired(document, at=at) and not (
        refused is not None and refused.matches(document["access_token"])
    )


def has_expired(document: Mapping[str, Any], *, at: float) -> bool:
    """
    Tell whether the token of *document* is known to be of no use at the POSIX time *at*; an unknown
    expiry is no expiry.
    """
    expires_at = document.get("expires_at")
    return isinstance(expires_at, str) and expires_at <= _rfc3339(at)


def _is_young(obtained_at: str, expires_at: str, at: float) -> bool:
    if expires_at <= _rfc3339(at):
        return False
    # Here, since a token that lasts needs no arithmetic.
    from ...oauth.credential import from_rfc3339

    begin, end = (from_rfc3339(text).timestamp() for text in (obtained_at, expires_at))
    return end - at > (end - begin) / 2


def _rfc3339(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
