"""An access token that is good now. On the path of `token`: nothing heavy is imported early."""

from __future__ import annotations

from contextlib import ExitStack

from ...edge.process.clock import now
from ...errors import StoreBusy
from .freshness import MIN_TTL_S, SPARE_S, is_good, is_usable, signed_in, still_good

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ...edge.store.file_store import FileStore
    from ...edge.store.profile_lock import LockedProfile
    from ...notices import Notice
    from ...oauth.http.transport import Transport
    from ...oauth.secret import Secret


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
    from .profile_lock import LOCK_TIMEOUT_S, lock_profile

    try:
        return await lock_profile(
            profile, store, held, within_s=SPARE_S if usable else LOCK_TIMEOUT_S
        )
    except StoreBusy:
        if not usable:
            raise
        notify(still_good(f"another process has been refreshing it for {SPARE_S:g} s"))
        return None
