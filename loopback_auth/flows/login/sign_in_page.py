"""The page on which a browser waits for the end of its sign-in, and the answer that it brought."""

from __future__ import annotations

from contextlib import asynccontextmanager

from ..diagnosis import diagnosing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Protocol

    from ...oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
    from ...oauth.metadata import ServerMetadata
    from ...oauth.token.device import DeviceGrant, DeviceRequest
    from ...settings.profile import Profile

    SignInRequest = AuthorizationRequest | DeviceRequest

    class SignInPage(Protocol):
        """What the browser shows of a sign-in: a `CallbackSession`, or `NO_PAGE`."""

        def check_launch_url(self) -> None:
            """Raise `LaunchURLReused` if another browser may have brought the answer."""

        def mark_saved(self) -> None:
            """Note that the tokens are stored, for the page."""

        def set_identity(self, name: str) -> None:
            """Say on the page that *name* signed in."""


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
        response: AuthorizationResponse | DeviceGrant,
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
