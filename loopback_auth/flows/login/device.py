"""The device flow (RFC 8628): a sign-in that is confirmed in any browser, on any device."""

from __future__ import annotations

from contextlib import asynccontextmanager

from ...edge.interaction.browser import open_browser
from ...edge.process.clock import running_s
from ...edge.process.event_loop import paused
from ...errors import (
    AnswerTimedOut,
    ConnectionFailed,
    ConnectionLost,
    DeviceCodeExpired,
    DeviceFlowUnavailable,
    HostNotFound,
    TokenError,
)
from ...errors.frames import without_locals
from ...notices import EnterThisCode, Waiting
from ...oauth.authorize.pkce import VERIFIER_OCTETS, new_secret
from ...oauth.http.messages import retry_after_s
from ...oauth.token.device import (
    LIFETIME_S,
    SLOW_DOWN_S,
    DeviceGrant,
    DeviceRequest,
    device_authorization_request,
    device_code_grant,
    read_device_authorization,
    state_of,
)
from ..diagnosis import diagnosing
from ..server.connections import sharing_connections
from ..server.discovery import rechecked
from ..server.mix_up import refuse_strange_page
from ..server.retry import send_with_retries
from .completion.complete import complete
from .options import Options, services_of
from .request import checked_client, trusted_server
from .sign_in_page import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Unpack

    from ...edge.store.interface import Store
    from ...oauth.credential import Credential
    from ...oauth.http.messages import HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...oauth.token.device import DeviceAuthorization
    from ...seams import Notify
    from ...settings.profile import Profile
    from ..services import Services
    from .options import LoginOptions

_LONGEST_INTERVAL_S = 60.0
"""Of our own backing off; a server may want longer ones."""


class Timer:
    """Seconds that only grow, and how to wait for them."""

    def seconds(self) -> float:
        """Return the seconds since some fixed moment."""
        return running_s()

    async def wait(self, seconds: float) -> None:
        """Wait."""
        await paused(seconds)


@without_locals
@sharing_connections
async def device_login(
    profile: Profile,
    *,
    store: Store,
    transport: Transport,
    notify: Notify,
    opens_browser: bool = True,
    timeout_s: float = LIFETIME_S,
    timer: Timer | None = None,
    **options: Unpack[LoginOptions],
) -> Credential:
    """
    Sign in to *profile* with a code that a person enters in any browser, and store the tokens.

    1. Ask the server for a code.
    2. Show it with `EnterThisCode`, and open the page that it is entered at.
    3. Ask for the tokens, no oftener than the server allows, until the person has confirmed.
    4. Save the tokens.

    *opens_browser*: the desktop's browser is started where there is one. *timeout_s* is how long
    the person may take, within the lifetime of the code. *timer* may stand for the passing of time.
    Of `login`'s further keywords, `preflight` and `pastes` mean nothing here.

    Raises:
        DeviceFlowUnavailable: The server has no such flow, as far as is known.
        DeviceCodeExpired: Nobody confirmed the code in time.
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    given = Options(**options)
    services = services_of(given, profile, store=store, transport=transport, notify=notify)
    client = checked_client(profile, services)
    server, profile, is_remembered = await _server(profile, services, given)
    request = _request(server, profile, client, token_bytes=given.token_bytes)
    with diagnosing(profile):
        asked = device_authorization_request(request)
        authorization = read_device_authorization(
            await send_with_retries(asked, transport=services.transport, clock=services.clock)
        )
        profile = await refuse_strange_page(
            authorization.verification_uri, server, profile, may_trust=given.may_trust
        )
    polling = _Polling(request, authorization, services, timer or Timer(), timeout_s=timeout_s)
    _show(request, authorization, services, lasts_s=polling.lasts_s)
    if opens_browser:
        _open(authorization, profile, services)
    answering = _answer(polling, profile, services, is_remembered=is_remembered)
    return await complete(answering, profile, services, may_switch=given.may_switch)


async def _server(
    profile: Profile, services: Services, options: Options
) -> tuple[ServerMetadata, Profile, bool]:
    """
    Return what `trusted_server` does, with a device authorization endpoint.

    An earlier release remembered none.
    """
    for anew in (options.rediscover, True):
        server, trusting, is_remembered = await trusted_server(
            profile, services, rediscover=anew, may_trust=options.may_trust
        )
        if server.device_authorization_endpoint:
            return server, trusting, is_remembered
        if not is_remembered:
            break
    raise DeviceFlowUnavailable(
        f"the server of the profile {profile.name} has no device flow, as far as is known here",
        profile=profile.name,
    )


def _request(
    server: ServerMetadata,
    profile: Profile,
    client: Client,
    *,
    token_bytes: Callable[[int], bytes],
) -> DeviceRequest:
    scope = profile.scope_for(server)
    listed = server.code_challenge_methods_supported
    return DeviceRequest(
        server=server,
        client=client,
        scope=scope,
        code_verifier=new_secret(VERIFIER_OCTETS, token_bytes=token_bytes) if listed else None,
        parameters=profile.parameters_for(scope),
    )


def _show(
    request: DeviceRequest,
    authorization: DeviceAuthorization,
    services: Services,
    *,
    lasts_s: float,
) -> None:
    services.notify(
        EnterThisCode(
            user_code=authorization.user_code,
            verification_uri=authorization.verification_uri,
            verification_uri_complete=authorization.verification_uri_complete,
            expires_in_s=lasts_s,
            interval_s=authorization.interval_s,
            client_id=request.client.client_id,
            scope=request.scope,
            issuer=request.server.issuer,
            other_hosts=request.server.other_hosts,
        )
    )


def _open(authorization: DeviceAuthorization, profile: Profile, services: Services) -> None:
    # The code is in argv then: whoever reads it can confirm this sign-in as themselves, which the
    # person sees, and no more.
    open_browser(
        authorization.verification_uri_complete or authorization.verification_uri,
        chosen=profile.get("browser"),
        withheld=[profile.client_secret_env],
        environ=services.environ,
    )


@asynccontextmanager
async def _answer(
    polling: _Polling, profile: Profile, services: Services, *, is_remembered: bool
) -> AsyncIterator[Answer]:
    """Poll; give the block the tokens."""
    request = polling.request
    async with rechecked(request.server, profile, services, needed=is_remembered) as recheck:
        with diagnosing(profile):
            grant = DeviceGrant(request=request, reply=await polling.final_reply())
            try:
                yield Answer(grant, server=await recheck())
            except TokenError as error:
                if polling.lost:
                    error.add("an earlier answer was lost on the way, and may have had tokens")
                raise


class _Polling:
    """The requests for the tokens, for *lasts_s*; *lost*: an answer did not arrive."""

    def __init__(
        self,
        request: DeviceRequest,
        authorization: DeviceAuthorization,
        services: Services,
        timer: Timer,
        *,
        timeout_s: float,
    ) -> None:
        self.request = request
        self.lasts_s = min(authorization.expires_in_s, timeout_s)
        self.lost = False
        self._grant = device_code_grant(request, authorization)
        self._services = services
        self._timer = timer
        self._interval_s = authorization.interval_s
        self._end_s = timer.seconds() + self.lasts_s

    async def final_reply(self) -> HttpReply:
        """
        Return the answer that holds the tokens, or an error that ends the sign-in.

        Raises:
            DeviceCodeExpired: The time is over.
            AuthorizationDenied: The person said no.
            TransportError: The way to the server is closed.
        """
        wait_s = self._interval_s
        while True:
            await self._wait(wait_s)
            try:
                reply = await self._services.transport(self._grant)
            except (AnswerTimedOut, ConnectionFailed, ConnectionLost, HostNotFound) as error:
                self.lost = self.lost or isinstance(error, AnswerTimedOut | ConnectionLost)
                wait_s = self._back_off()
                continue
            match state_of(reply):
                case "final":
                    return reply
                case "slow_down":
                    self._interval_s += SLOW_DOWN_S
                    wait_s = self._interval_s
                case "busy":
                    asked_s = retry_after_s(reply, self._services.clock())
                    wait_s = max(self._back_off(), asked_s or 0.0)
                case _:
                    wait_s = self._interval_s

    def _back_off(self) -> float:
        """Return the interval from now on - RFC 8628 section 3.5."""
        self._interval_s = max(min(self._interval_s * 2, _LONGEST_INTERVAL_S), self._interval_s)
        return self._interval_s

    async def _wait(self, seconds: float) -> None:
        timer, services = self._timer, self._services
        until_s = timer.seconds() + seconds
        while (now_s := timer.seconds()) < until_s:
            left_s = self._end_s - now_s
            if left_s <= 0:
                raise DeviceCodeExpired(f"nobody confirmed the code within {self.lasts_s:g} s")
            services.notify(Waiting(timeout_s=self.lasts_s, left_s=left_s))
            await timer.wait(min(1.0, until_s - now_s, left_s))
