"""The device flow (RFC 8628): a sign-in that is confirmed in any browser, on any device."""

from __future__ import annotations

from contextlib import asynccontextmanager

from ...edge.interaction.browser import open_browser
from ...errors import DeviceFlowUnavailable, TokenError
from ...errors.frames import without_locals
from ...notices import EnterThisCode
from ...oauth.authorize.pkce import VERIFIER_OCTETS, new_secret
from ...oauth.token.device import (
    LIFETIME_S,
    DeviceGrant,
    DeviceRequest,
    device_authorization_request,
    read_device_authorization,
)
from ..diagnosis import diagnosing
from ..server.connections import sharing_connections
from ..server.discovery import rechecked
from ..server.mix_up import refuse_strange_page
from ..server.retry import RETRY_TIMEOUT_S, send_with_retries
from .completion.complete import complete
from .options import Options, services_of
from .polling import Polling, Timer
from .request import checked_client, trusted_server
from .sign_in_page import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Unpack

    from ...edge.store.interface import Store
    from ...oauth.credential import Credential
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...oauth.token.device import DeviceAuthorization
    from ...seams import Notify
    from ...settings.profile import Profile
    from ..services import Services
    from .options import LoginOptions


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
    Of `login`'s further keywords, those about a browser's way back mean nothing here.

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
            await send_with_retries(
                asked,
                transport=services.transport,
                clock=services.clock,
                timeout_s=min(timeout_s, RETRY_TIMEOUT_S),
            )
        )
        profile = await refuse_strange_page(
            authorization.verification_uri, server, profile, may_trust=given.may_trust
        )
    polling = Polling(request, authorization, services, timer or Timer(), timeout_s=timeout_s)
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
    for rediscover in (options.rediscover, True):
        server, trusting, is_remembered = await trusted_server(
            profile, services, rediscover=rediscover, may_trust=options.may_trust
        )
        if server.device_authorization_endpoint:
            return server, trusting, is_remembered
        if not is_remembered:
            break
    raise DeviceFlowUnavailable(
        f"the server of the profile {profile.name} has no known device flow",
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
    polling: Polling, profile: Profile, services: Services, *, is_remembered: bool
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
