"""The sign-in, from one command to tokens on disk."""

from __future__ import annotations

from contextlib import suppress
from secrets import token_bytes as random_bytes

from ...edge.callback.listeners import bind
from ...edge.callback.server import new_launch_path, serve
from ...edge.interaction.browser import open_browser
from ...edge.process.clock import now
from ...errors import LaunchURLReused, NotConfigured, StoreError
from ...notices import Warned
from ...oauth.authorize.request import AuthorizationRequest
from ...oauth.metadata import server_metadata
from ..diagnosis import diagnosing, without_locals
from ..server.discovery import discover, rechecked
from ..server.mix_up import refuse_mix_up
from .opening import Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ...edge.store.file_store import FileStore
    from ...notices import Notice
    from ...oauth.credential import Credential
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...settings.profile import Profile
    from ..server.mix_up import MayTrust
    from .answer import Pastes
    from .opening import Browser
    from .replacement import MaySwitch, Replacement

TIMEOUT_S = 300.0
"""
For the person to sign in: long enough for a second factor, short enough to free the port of a
forgotten one.
"""


@without_locals
async def login(
    profile: Profile,
    *,
    store: FileStore,
    transport: Transport,
    browser: Browser | None = open_browser,
    clock: Callable[[], datetime] = now,
    token_bytes: Callable[[int], bytes] = random_bytes,
    environ: Mapping[str, str] | None = None,
    notify: Callable[[Notice], None] | None = None,
    timeout_s: float = TIMEOUT_S,
    rediscover: bool = False,
    preflight: bool | None = None,
    may_switch: MaySwitch | None = None,
    may_trust: MayTrust | None = None,
    pastes: Pastes | None = None,
) -> Credential:
    """
    Sign in to *profile* and store the tokens; the browser is told how it went once that is so.

    *browser* is a function, async or not, that opens the one-time local address it is given; it may
    stay until its window is closed. It is called in a thread once the address answers, and says
    that it opened nothing by returning `False` or raising. The default is the browser that the
    profile names, else the desktop's; `None` opens nothing. *notify* is told how the sign-in goes,
    first of all the address for a person to open (`OpenThisPage`); it is called in the event loop,
    and must not block. Without it a sign-in that opens no browser ends at once with `NoBrowser`.
    *rediscover* takes the server's metadata anew instead of as remembered. *preflight* asks the
    server for its sign-in page before the browser does (default: where the provider says so).
    *may_switch* is asked, with both names, when another person signed in than the one the profile
    holds; without it such a sign-in is refused. *may_trust* is asked, with the issuer, the sign-in
    page's host and the token endpoint's, when discovery alone says that they belong together;
    without it such a sign-in is refused. *pastes* takes what the person pastes while the browser is
    waited for.

    Raises the `LoopbackAuthError` that fits; then nothing was stored, and what the server issued
    was given back.
    """
    is_watched, notify = notify is not None, notify or _untold
    profile.check_server()
    for note in profile.notes:
        notify(Warned(code="login-url-read", message=note))
    client, store = profile.client(environ), store.with_storage(profile.get("storage"))
    store.check_writable(profile.name)
    server, remembered = await server_of(profile, transport, rediscover=rediscover)
    server, profile = await refuse_mix_up(server, profile, may_trust=may_trust, notify=notify)
    with diagnosing(profile), bind(profile.redirect_uris) as (listeners, redirect_uri):
        request = request_to(profile, client, server, redirect_uri, token_bytes=token_bytes)
        passed = await ask_first(request, profile, transport=transport, wanted=preflight)
        launch_path = new_launch_path(token_bytes=token_bytes) if browser else None
        opening = Opening(
            browser,
            request,
            profile,
            launch_path=launch_path,
            notify=notify,
            is_watched=is_watched,
            environ=environ,
        )
        opening.show()
        replacement: Replacement | None = None
        try:
            async with (
                opening,
                serve(
                    listeners,
                    request,
                    launch_path=launch_path,
                    profile=profile.name,
                    notify=notify,
                    token_bytes=token_bytes,
                ) as tab,
                rechecked(
                    server, profile, transport=transport, notify=notify, needed=remembered
                ) as recheck,
            ):
                opening.call(tab)
                # Here, as all that is not needed to show the address: a browser is starting now.
                from .answer import answer_or_paste
                from .redemption import redeem
                from .replacement import Replacement, never_switch

                # Within the tab's block, so that its page says the same.
                with diagnosing(profile, redirect_uri=redirect_uri):
                    response = await answer_or_paste(
                        request,
                        profile,
                        tab=tab,
                        pastes=pastes,
                        notify=notify,
                        timeout_s=timeout_s,
                        preflight_passed=passed,
                    )
                    server = await recheck()
                    replacement = Replacement(
                        profile, store, transport=transport, notify=notify, environ=environ
                    )
                    credential = await redeem(
                        response,
                        profile,
                        server=server,
                        replacement=replacement,
                        may_switch=may_switch or never_switch,
                        tab=tab,
                        store=store,
                        transport=transport,
                        clock=clock,
                        notify=notify,
                    )
                    tab.set_identity(credential.identity.name if credential.identity else "")
                    tab.check_launch_url()
            # Nobody can come any more; who came while the last page was shown counts.
            tab.check_launch_url()
        except LaunchURLReused as error:
            if replacement is not None:
                await replacement.undo(error)
            raise
    await replacement.settle(credential)
    return await dated(credential, store, transport, clock)


def _untold(_: Notice) -> None:
    """Take the notices of a sign-in that nobody watches."""


async def dated(
    credential: Credential, store: FileStore, transport: Transport, clock: Callable[[], datetime]
) -> Credential:
    """
    Learn how long the token lasts where its answer did not say; the browser has been
    told already.
    """
    if credential.tokens.expires_at is not None:
        return credential
    from ..tokens.expiry import with_expiry

    renewed = await with_expiry(
        credential, client=credential.client, transport=transport, clock=clock
    )
    if renewed is not credential:
        from ...edge.store.updates import amend

        # What is good to know does not end a sign-in that is saved.
        with suppress(StoreError):
            amend(store, credential.profile, renewed.to_document())
    return renewed


async def ask_first(
    request: AuthorizationRequest, profile: Profile, *, transport: Transport, wanted: bool | None
) -> bool:
    """
    Return whether the server shows its sign-in page; `False` also where it was not asked.

    Raises:
        AuthorizationError: The server refuses the request, and would tell that to the browser
            alone.
    """
    if not (profile.provider and profile.provider.preflight if wanted is None else wanted):
        return False
    from .preflight import preflight

    with diagnosing(profile, redirect_uri=request.redirect_uri):
        return await preflight(request, transport=transport)


def request_to(
    profile: Profile,
    client: Client,
    server: ServerMetadata,
    redirect_uri: str,
    *,
    token_bytes: Callable[[int], bytes],
) -> AuthorizationRequest:
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


async def server_of(
    profile: Profile, transport: Transport, *, rediscover: bool
) -> tuple[ServerMetadata, bool]:
    """
    Give the server's metadata, and whether it is remembered from an earlier discovery and to be
    checked again.
    """
    if known := profile.known_server():
        return known, False
    issuer = profile.endpoints().get("issuer")
    if not issuer:
        raise NotConfigured(
            f"the profile {profile.name} has one endpoint only",
            cause="Without an issuer to discover, both the authorization and the token endpoint are needed.",
            fix=f"loopback-auth login {profile.name} --authorization-endpoint URL --token-endpoint URL",
        )
    if not rediscover and (remembered := profile.remembered_server()):
        return remembered, True
    return server_metadata(
        {**await discover(issuer, transport=transport), **profile.endpoints()}
    ), False


def _response_mode(profile: Profile, server: ServerMetadata) -> str | None:
    """
    Choose form_post when asked to, or when the server can do nothing else; a query
    needs no naming.
    """
    asked, offered = profile.get("response_mode"), server.response_modes_supported
    if asked is None and offered and "query" not in offered and "form_post" in offered:
        return "form_post"
    return "form_post" if asked == "form_post" else None
