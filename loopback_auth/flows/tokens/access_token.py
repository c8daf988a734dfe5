"""A valid access token. On the path of `token`: nothing heavy is imported early."""

from __future__ import annotations

from contextlib import ExitStack

from ...errors import StoreBusy
from .freshness import MIN_TTL_S, SPARE_S, is_good, is_usable, signed_in, still_good

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, Protocol

    from ...oauth.secret import Secret
    from ...settings.profile import Profile
    from ..services import Services

    class Refresh(Protocol):
        """Refreshes the tokens of a document, as `flows.tokens.refresh.refreshed` does."""

        def __call__(
            self,
            profile: str,
            document: Mapping[str, Any],
            services: Services,
            *,
            locked: LockedDocument,
            held: ExitStack,
            refused: Secret | None,
        ) -> Awaitable[Mapping[str, Any]]:
            """Return the refreshed document; close *held* when the refresh has ended."""
            ...

    from ...edge.store.interface import LockedDocument


async def fresh_document(
    profile: str,
    services: Services,
    *,
    min_ttl_s: float = MIN_TTL_S,
    refused: Secret | None = None,
    refresh: Refresh | None = None,
    first: Callable[[Services], Awaitable[Mapping[str, Any]]] | None = None,
) -> Mapping[str, Any]:
    """
    Return the stored document of *profile* with an access token that is valid now.

    It holds the refresh token and the client's secret in clear: for the commands, not for callers
    of the library. Arguments and errors are those of `issued.access_token`; *refresh* takes the
    place of `refresh.refreshed`. Where nothing is stored, *first* makes the document that the first
    token is obtained with, as for a machine profile.
    """

    def has_good_token(document: Mapping[str, Any]) -> bool:
        return is_good(document, at=services.timestamp, min_ttl_s=min_ttl_s, refused=refused)

    stored, unminted = services.store.load(profile), None
    if stored is None and first is not None:
        unminted = await first(services)
    document = signed_in(profile, stored or unminted)
    if has_good_token(document):
        return document
    with ExitStack() as held:
        usable = is_usable(document, at=services.timestamp, refused=refused)
        locked = await _lock(profile, services, held, usable=usable)
        if locked is None:
            return document
        # A process that waited here finds the tokens of the one that refreshed.
        document = signed_in(profile, locked.load() or unminted)
        if has_good_token(document):
            return document
        if refresh is None:
            # Late, since it is heavy: of many processes one comes to the refresh.
            from .refresh import refreshed

            refresh = refreshed
        return await refresh(profile, document, services, locked=locked, held=held, refused=refused)


def first_of(machine: Profile) -> Callable[[Services], Awaitable[Mapping[str, Any]]]:
    """Return what makes the document that the first token of *machine* is minted with."""

    async def first(services: Services) -> Mapping[str, Any]:
        # Late: most profiles are a person's.
        from ..machine.sign_in import unminted_document

        return await unminted_document(machine, services)

    return first


async def _lock(
    profile: str, services: Services, held: ExitStack, *, usable: bool
) -> LockedDocument | None:
    """
    Take the lock of *profile* into *held*; return `None` where that takes long and the old token is
    still *usable*.

    Raises:
        StoreBusy: Another process has it for longer than a refresh may take.
    """
    from .profile_lock import LOCK_TIMEOUT_S, lock_profile

    within_s = SPARE_S if usable else LOCK_TIMEOUT_S
    try:
        return await lock_profile(profile, services.store, held, within_s=within_s)
    except StoreBusy:
        if not usable:
            raise
        services.notify(still_good(f"another process has been refreshing it for {SPARE_S:g} s"))
        return None
