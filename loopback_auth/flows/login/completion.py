"""The one ending of every sign-in, whatever way its answer came."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress

from ...errors import LaunchURLReused, StoreError
from ..diagnosis import diagnosing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from typing import Protocol

    from ...oauth.authorize.request import AuthorizationResponse
    from ...oauth.credential import Credential
    from ...oauth.metadata import ServerMetadata
    from ...settings.profile import Profile
    from ..services import Services
    from .replacement import Replacement

    class SignInPage(Protocol):
        """What the browser shows of a sign-in: a `CallbackSession`, or `NO_PAGE`."""

        def check_launch_url(self) -> None:
            """Raise `LaunchURLReused` if another browser may have brought the answer."""

        def mark_saved(self) -> None:
            """Note that the tokens are stored, for the page."""

        def set_identity(self, name: str) -> None:
            """Say on the page that *name* signed in."""

    from ...seams import MaySwitch


class _NoPage:
    def check_launch_url(self) -> None:
        pass

    def mark_saved(self) -> None:
        pass

    def set_identity(self, name: str) -> None:
        pass


NO_PAGE: SignInPage = _NoPage()
"""For a sign-in without a browser of ours: the answer was pasted."""


class Answer:
    """
    The *response* that came, the *page* on which its browser waits for the end, and the *server* as
    it is known by now, if that is more than the request knew.
    """

    def __init__(
        self,
        response: AuthorizationResponse,
        *,
        page: SignInPage = NO_PAGE,
        server: ServerMetadata | None = None,
    ) -> None:
        self.response = response
        self.page = page
        self.server = server


@asynccontextmanager
async def answered(response: AuthorizationResponse, profile: Profile) -> AsyncIterator[Answer]:
    """Give the answer *response*, which came without a browser that waits for the end."""
    with diagnosing(profile, redirect_uri=response.request.redirect_uri):
        yield Answer(response)


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
        LoopbackAuthError: nothing was stored, and what the server issued was given back.
    """
    replacement: Replacement | None = None
    try:
        async with answering as answer:
            # Late, as all that is not needed to show the address: a browser was starting then.
            from .redemption import redeem
            from .replacement import Replacement

            replacement = Replacement(profile, services)
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
    from ..tokens.expiry import with_expiry

    dated = await with_expiry(
        credential, client=credential.client, transport=services.transport, clock=services.clock
    )
    if dated is not credential:
        from ...edge.store.updates import amend

        # The sign-in is saved: that this could not be does not end it.
        with suppress(StoreError):
            amend(services.store, credential.profile, dated.to_document())
    return dated
