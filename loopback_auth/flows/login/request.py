"""The request of a sign-in: of which server, with what, and whether the server takes it."""

from __future__ import annotations

from ...edge.http.bundle import check_bundle
from ...errors import NotConfigured
from ...notices import Warned
from ...oauth.authorize.request import AuthorizationRequest
from ...oauth.metadata import server_metadata
from ..diagnosis import diagnosing
from ..server.mix_up import refuse_mix_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...seams import MayTrust
    from ...settings.profile import Profile
    from ..services import Services


def checked_client(profile: Profile, services: Services) -> Client:
    """
    Return the client of *profile*, once all is checked that can be before anything is sent.

    Raises:
        LoopbackAuthError: The sign-in could not end well.
    """
    profile.check_server()
    for note in profile.notes:
        services.notify(Warned(code="setting-read", message=note))
    if bundle := profile.get("ca_bundle"):
        check_bundle(bundle, services.environ)
    client = profile.client(services.environ)
    services.store.check_writable(profile.name)
    return client


async def trusted_server(
    profile: Profile,
    services: Services,
    *,
    rediscover: bool = False,
    may_trust: MayTrust | None = None,
) -> tuple[ServerMetadata, Profile, bool]:
    """
    Return the server's metadata, *profile* with the host that was agreed to, and whether the
    metadata is remembered from an earlier discovery, and so to be checked again.

    Raises:
        NotConfigured: There is one endpoint only, and no issuer.
        HostNotTrusted: As `refuse_mix_up`.
        LoopbackAuthError: What `discover` raises.
    """
    found, is_remembered = await _server_of(profile, services.transport, rediscover=rediscover)
    server, agreed = await refuse_mix_up(
        found, profile, may_trust=may_trust, notify=services.notify
    )
    return server, agreed, is_remembered


async def _server_of(
    profile: Profile, transport: Transport, *, rediscover: bool
) -> tuple[ServerMetadata, bool]:
    if known := profile.known_server():
        return known, False
    issuer = profile.endpoints().get("issuer")
    if not issuer:
        raise NotConfigured(
            f"the profile {profile.name} has one endpoint only",
            cause="Without an issuer to discover,"
            " both the authorization and the token endpoint are needed.",
            fix="`loopback-auth login {profile} --authorization-endpoint URL --token-endpoint URL`",
            profile=profile.name,
        )
    if not rediscover and (remembered := profile.remembered_server()):
        return remembered, True
    from ..server.discovery import discover

    discovered = await discover(issuer, transport=transport)
    document = {**discovered, **profile.endpoints()}
    return server_metadata(document, is_machine=profile.is_machine), False


def request_to(
    server: ServerMetadata,
    profile: Profile,
    client: Client,
    redirect_uri: str,
    *,
    token_bytes: Callable[[int], bytes],
) -> AuthorizationRequest:
    """Return a request of *client* to *server* for what *profile* asks for."""
    scope = profile.scope_for(server)
    return AuthorizationRequest.new(
        server=server,
        client=client,
        redirect_uri=redirect_uri,
        scope=scope,
        token_bytes=token_bytes,
        response_mode=_response_mode(profile, server),
        parameters=profile.parameters_for(scope),
    )


async def ask_first(
    request: AuthorizationRequest, profile: Profile, *, transport: Transport, wanted: bool | None
) -> bool:
    """
    Return whether the server shows its sign-in page; `False` also where it was not asked.

    Raises:
        AuthorizationError: The server refuses the request, which it would show in the browser
            alone.
    """
    if not (profile.provider and profile.provider.preflight if wanted is None else wanted):
        return False
    from .preflight import preflight

    with diagnosing(profile, redirect_uri=request.redirect_uri):
        return await preflight(request, transport=transport)


def _response_mode(profile: Profile, server: ServerMetadata) -> str | None:
    """Return form_post when asked to, or when the server has no query; a query needs no naming."""
    asked, offered = profile.get("response_mode"), server.response_modes_supported
    if asked is None and offered and "query" not in offered and "form_post" in offered:
        return "form_post"
    return "form_post" if asked == "form_post" else None
