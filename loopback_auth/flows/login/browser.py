"""The sign-in, from one call to tokens on disk."""

from __future__ import annotations

from contextlib import ExitStack, asynccontextmanager, contextmanager

from ...edge.callback.listeners import bind
from ...edge.callback.server import new_launch_path, secure_for, serve
from ...edge.interaction.browser import open_browser
from ...errors import PortInUse
from ...errors.frames import without_locals
from ...notices import Answered
from ...value import Value
from ..diagnosis import diagnosing
from ..server.connections import connect_ahead, sharing_connections
from .completion.complete import complete, ending
from .opening import Opening
from .options import Options, services_of
from .request import ask_first, checked_client, request_to, trusted_server
from .sign_in_page import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from typing import Unpack

    from ...edge.callback.https import Secure
    from ...edge.callback.session import CallbackSession
    from ...edge.store.interface import Store
    from ...oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
    from ...oauth.credential import Credential
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...seams import Browser, Notify
    from ...settings.profile import Profile
    from ..services import Services
    from .options import LoginOptions

TIMEOUT_S = 300.0
"""
For the person to sign in: long enough for a second factor, short enough to free the port of a
forgotten one.
"""


@without_locals
@sharing_connections
async def login(
    profile: Profile,
    *,
    store: Store,
    transport: Transport,
    browser: Browser | None = open_browser,
    notify: Notify | None = None,
    timeout_s: float = TIMEOUT_S,
    **options: Unpack[LoginOptions],
) -> Credential:
    """
    Sign in to *profile* in the browser and store the tokens.

    1. Bind the redirect URI.
    2. Show and open the authorize URL.
    3. Wait for the answer that carries our `state`.
    4. Redeem the code, once.
    5. Save the tokens.
    6. Tell the browser how it went.

    *browser* is a function, async or not, that opens the one-time local address it is given; it may
    stay until its window is closed. It is called in a thread once the address answers, and says
    that it opened nothing by returning `False` or raising. The default is the browser that the
    profile names, else the desktop's; `None` opens nothing.

    *notify* is called with a notice of each step, first of all the address for a person to open
    (`OpenThisPage`). It is called in the event loop, and must not block. Without it a sign-in that
    opens no browser ends at once with `NoBrowser`. *timeout_s* is how long the person may take.

    Further keywords, all optional:

    - `rediscover`: take the server's metadata again instead of as remembered.
    - `preflight`: ask the server for its sign-in page before the browser does; by default where the
      provider says so.
    - `may_switch`: a function, async or not, of two names: may the second person take the place of
      the first, whom the profile holds? Without it such a sign-in is refused.
    - `may_trust`: a function, async or not, of the issuer, the sign-in page's host and the token
      endpoint's, where discovery alone says that they belong together: do they? Without it such a
      sign-in is refused.
    - `pastes`: gives what the person pastes while the browser is waited for.
    - `deliveries`: has what another terminal brings taken meanwhile.
    - `may_paste`: a function of the `PortInUse` that would end the sign-in: is it to go on without
      a port, for its answer to be pasted? What holds the port gets that answer in the browser.
    - `bind_address`: listen there (`BindAddress`), since the browser comes through a port forward
      or a proxy; then no browser is opened, and the redirect URI may be that of another host.
    - `clock`, `token_bytes`, `environ`: the time, randomness, and the environment that may hold the
      client's secret.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    given = Options(**options)
    services = services_of(given, profile, store=store, transport=transport, notify=notify)
    client = checked_client(profile, services)
    server, profile, is_remembered = await trusted_server(
        profile, services, rediscover=given.rediscover, may_trust=given.may_trust
    )
    visit = _BrowserVisit(
        profile=profile,
        services=services,
        client=client,
        server=server,
        is_remembered=is_remembered,
        browser=None if given.bind_address else browser,
        is_watched=notify is not None,
        timeout_s=timeout_s,
        options=given,
    )
    return await complete(visit.answer(), profile, services, may_switch=given.may_switch)


class _BrowserVisit(Value):
    """A person's way through the browser; *is_watched*: somebody is shown its address."""

    profile: Profile
    services: Services
    client: Client
    server: ServerMetadata
    is_remembered: bool
    browser: Browser | None
    is_watched: bool
    timeout_s: float
    options: Options

    @asynccontextmanager
    async def answer(self) -> AsyncIterator[Answer]:
        """Bind, show and wait; give the block the answer, and the page how the block ended."""
        profile, services = self.profile, self.services
        with diagnosing(profile), self._bound() as (listeners, redirect_uri, secure):
            request, passed = await self._request(redirect_uri)
            opening = self._opening(request, secure, is_served=bool(listeners))
            opening.show(timeout_s=self.timeout_s)
            # Late, as all that is not needed to show the address: a browser is starting now.
            from ..server.discovery import rechecked

            async with (
                opening,
                self._serving(listeners, request, opening.launch_path, secure) as session,
                rechecked(self.server, profile, services, needed=self.is_remembered) as recheck,
            ):
                opening.call(session)
                self._connect()
                from .answer import answer_or_paste

                ending()
                # Inside the session's block: its page shows the same diagnosis.
                with diagnosing(profile, redirect_uri=redirect_uri):
                    response = await answer_or_paste(
                        request,
                        profile,
                        session=session,
                        pastes=self.options.pastes,
                        notify=services.notify,
                        timeout_s=self.timeout_s,
                        preflight_passed=passed,
                        deliveries=self.options.deliveries,
                    )
                    services.notify(Answered())
                    yield Answer(response, page=session, server=await recheck())

    @contextmanager
    def _bound(self) -> Iterator[tuple[Sequence[socket.socket], str, Secure | None]]:
        profile, address = self.profile, self.options.bind_address
        uris = profile.redirect_uris_elsewhere if address else profile.redirect_uris
        files = profile.get("callback_cert"), profile.get("callback_key")
        with ExitStack() as stack:
            pasted_at = ""
            try:
                listeners, redirect_uri = stack.enter_context(bind(uris, bind_address=address))
            except PortInUse as error:
                pasted_at = self._pasted_at(error)
            if pasted_at:
                yield (), pasted_at, None
                return
            certificate = secure_for(redirect_uri, *files, environ=self.services.environ)
            yield listeners, redirect_uri, stack.enter_context(certificate)

    def _pasted_at(self, error: PortInUse) -> str:
        """Return the redirect URI of a sign-in that goes on without a port, or raise *error*."""
        # Late, as nearly always the port is free.
        from .join import of_own_sign_in

        taken, may_paste = of_own_sign_in(error, self.services.store.home), self.options.may_paste
        if may_paste is None or not may_paste(taken):
            raise taken from None
        return str(taken.facts["redirect_uri"])

    def _serving(
        self,
        listeners: Sequence[socket.socket],
        request: AuthorizationRequest,
        launch_path: str | None,
        secure: Secure | None,
    ) -> AbstractAsyncContextManager[CallbackSession[AuthorizationResponse]]:
        return serve(
            listeners,
            request,
            launch_path=launch_path,
            profile=self.profile.name,
            notify=self.services.notify,
            token_bytes=self.options.token_bytes,
            connected=self._connect,
            secure=secure,
        )

    async def _request(self, redirect_uri: str) -> tuple[AuthorizationRequest, bool]:
        """Return the request, and whether the server has shown its sign-in page to us."""
        request = request_to(
            self.server,
            self.profile,
            self.client,
            redirect_uri,
            token_bytes=self.options.token_bytes,
        )
        transport, wanted = self.services.transport, self.options.preflight
        return request, await ask_first(request, self.profile, transport=transport, wanted=wanted)

    def _opening(
        self, request: AuthorizationRequest, secure: Secure | None, *, is_served: bool
    ) -> Opening:
        token_bytes = self.options.token_bytes
        # The launch address is on the port, and the authorize URL goes into no command line.
        browser = self.browser if is_served else None
        opening = Opening(
            browser,
            request,
            self.profile,
            self.services,
            launch_path=new_launch_path(token_bytes=token_bytes) if browser else None,
            launch_origin=secure.origin if secure else None,
            is_watched=self.is_watched,
            options=self.options,
        )
        opening.is_served = is_served
        return opening

    def _connect(self) -> None:
        """
        Have a connection for the exchange.

        Called while the person signs in, and again when somebody connects: the first may have been
        idle for too long.
        """
        connect_ahead(self.services.transport, self.server.token_endpoint)
