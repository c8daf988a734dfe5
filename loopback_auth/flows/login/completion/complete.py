"""The one ending of every sign-in, whatever way its answer came."""

from __future__ import annotations

from contextlib import suppress

from ....errors import LaunchURLReused, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from ....oauth.credential import Credential
    from ....seams import MaySwitch
    from ....settings.profile import Profile
    from ...services import Services
    from ..sign_in_page import Answer
    from .replacement import Replacement


def ending() -> tuple[Callable[..., Awaitable[Credential]], type[Replacement]]:
    """
    Return what makes a stored sign-in of an answer.

    It is loaded by the first call: after the address is shown, and before the answer comes.
    """
    from .redemption import redeem
    from .replacement import Replacement

    return redeem, Replacement


async def complete(
    answering: AbstractAsyncContextManager[Answer],
    profile: Profile,
    services: Services,
    *,
    may_switch: MaySwitch | None = None,
) -> Credential:
    """
    Wait for the answer that *answering* gives, and make a stored sign-in of it.

    Redeem the code, save, and name the person on the page; when *answering* has ended, and with it
    the page, revoke the sign-in that was replaced, and learn how long the token lasts.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    replacement: Replacement | None = None
    try:
        async with answering as answer:
            redeem, new_replacement = ending()
            replacement = new_replacement(profile, services)
            credential = await redeem(
                answer, profile, services, replacement=replacement, may_switch=may_switch
            )
            answer.page.set_identity(credential.identity.name if credential.identity else "")
            answer.page.check_launch_url()
        # Nobody can come any more; who came while the last page was shown counts.
        answer.page.check_launch_url()
    except LaunchURLReused as error:
        if replacement is not None:
            await replacement.undo(error)
        raise
    await replacement.settle(credential)
    return await _dated(credential, services)


async def _dated(credential: Credential, services: Services) -> Credential:
    """Learn how long the token lasts where its answer did not say."""
    if credential.tokens.expires_at is not None:
        return credential
    from ...tokens.expiry import with_expiry

    dated = await with_expiry(
        credential, client=credential.client, transport=services.transport, clock=services.clock
    )
    if dated is not credential:
        from ....edge.store.updates import amend

        # The sign-in is saved: that this could not be does not end it.
        with suppress(StoreError):
            amend(services.store, credential.profile, dated.to_document())
    return dated
