"""The sign-in, from one command to tokens on disk."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, suppress
from secrets import token_bytes as random_bytes
from urllib.parse import urlsplit

from ..edge.browser import open_browser
from ..edge.clock import now
from ..edge.environment import surroundings, way_in
from ..edge.listeners import bind
from ..edge.loopback import new_launch_path, serve
from ..errors import LoopbackAuthError, MetadataChanged, NotConfigured, ScopeDiffers, StoreError
from ..notices import BrowserNotOpened, Exchanged, OpenThisPage, Saved, Warned
from ..oauth.authorization import AuthorizationRequest
from ..oauth.credential import Credential
from ..oauth.id_token import NAME_CLAIMS, read_id_token, read_identity
from ..oauth.metadata import ENDPOINTS, server_metadata
from ..oauth.token import authorization_code_grant, read_token_reply
from ..oauth.wire import Get, read_json_object
from .discovery import discover
from .revocation import ABANDONED_S, revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ..edge.store import FileStore
    from ..notices import Notice
    from ..oauth.authorization import AuthorizationResponse
    from ..oauth.id_token import Identity
    from ..oauth.metadata import ServerMetadata
    from ..oauth.token import TokenSet
    from .discovery import Transport
    from .profile import Profile

TIMEOUT_S = 300.0
"""For the person to sign in: long enough for a second factor, short enough to free the port of a forgotten one."""

USERINFO_S = 3.0
"""For learning the person's name when no ID token tells it; the sign-in is already saved."""

RECHECK_S = 1.0
"""How long a sign-in that is otherwise done waits for the metadata that is being checked again."""


async def login(
    profile: Profile,
    *,
    store: FileStore,
    transport: Transport,
    browser: Callable[[str], bool] | None = open_browser,
    clock: Callable[[], datetime] = now,
    token_bytes: Callable[[int], bytes] = random_bytes,
    environ: Mapping[str, str] = os.environ,
    notify: Callable[[Notice], None] = lambda _: None,
    timeout_s: float = TIMEOUT_S,
    rediscover: bool = False,
) -> Credential:
    """
    Sign in to *profile* and store the tokens; the browser is told how it went once that is so.

    *browser* is given the one-time local address, or is `None` to open nothing. *rediscover* takes the server's metadata anew instead
    of as remembered. Raises the `LoopbackAuthError` that fits; then nothing was stored, and what the server issued was given back.
    """
    if not profile.endpoints():
        raise NotConfigured(
            f"nothing says where to sign in to the profile {profile.name}", profile=profile.name
        )
    client = profile.client(environ)
    store.prove(profile.name)
    server, remembered = await _server(profile, transport, rediscover=rediscover)
    with bind(profile.redirect_uris) as (listeners, redirect_uri):
        scope = profile.scope_for(server)
        request = AuthorizationRequest.new(
            server=server,
            client=client,
            redirect_uri=redirect_uri,
            scope=scope,
            token_bytes=token_bytes,
            response_mode=_response_mode(profile, server),
            parameters=profile.parameters_for(scope),
        )
        launch_path = new_launch_path(token_bytes=token_bytes) if browser else None
        _show(request, launch_path, browser, notify)
        async with (
            serve(
                listeners,
                request,
                launch_path=launch_path,
                profile=profile.name,
                notify=notify,
                token_bytes=token_bytes,
            ) as tab,
            _checked_again(profile, server, transport, needed=remembered) as unchanged,
        ):
            response = await tab.response(timeout_s=timeout_s)
            await unchanged()
            reply = await transport(authorization_code_grant(response))
            tokens = read_token_reply(reply, received_at=clock(), scope=request.scope)
            notify(Exchanged())
            credential = await _saved(
                profile, response, tokens, store=store, transport=transport, clock=clock, notify=notify
            )
            credential = await _named(profile, credential, store=store, transport=transport)
            tab.greet(credential.identity.name if credential.identity else "")
    return credential


async def _server(profile: Profile, transport: Transport, *, rediscover: bool) -> tuple[ServerMetadata, bool]:
    """Give the server's metadata, and whether it is remembered from an earlier discovery and to be checked again."""
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
    return server_metadata({**await discover(issuer, transport=transport), **profile.endpoints()}), False


def _response_mode(profile: Profile, server: ServerMetadata) -> str | None:
    """Choose form_post when asked to, or when the server can do nothing else; a query needs no naming."""
    asked, offered = profile.get("response_mode"), server.response_modes_supported
    if asked is None and offered and "query" not in offered and "form_post" in offered:
        return "form_post"
    return "form_post" if asked == "form_post" else None


def _show(
    request: AuthorizationRequest,
    launch_path: str | None,
    browser: Callable[[str], bool] | None,
    notify: Callable[[Notice], None],
) -> None:
    """Tell the person where to sign in, and start their browser on the one-time address that leads there."""
    notify(
        OpenThisPage(
            url=request.url,
            redirect_uri=request.redirect_uri,
            host=urlsplit(request.server.authorization_endpoint).netloc,
            client_id=request.client.client_id,
            scope=request.scope,
        )
    )
    callback = urlsplit(request.redirect_uri)
    opened = browser is not None and browser(f"http://{callback.netloc}{launch_path}")
    if not opened:
        reason = "none was found here" if browser else "as asked"
        notify(BrowserNotOpened(reason=reason, hint=way_in(surroundings(), request.redirect_uri)))


@asynccontextmanager
async def _checked_again(
    profile: Profile, server: ServerMetadata, transport: Transport, *, needed: bool
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Discover once more while the person signs in; the block is given a wait that raises `MetadataChanged` for a moved endpoint."""
    import asyncio

    async def fetch() -> dict[str, Any]:
        assert server.issuer  # noqa: S101 - it was discovered by it
        return {**await discover(server.issuer, transport=transport), **profile.endpoints()}

    task = asyncio.create_task(fetch()) if needed else None

    async def unchanged() -> None:
        if task is None:
            return
        try:
            document = await asyncio.wait_for(asyncio.shield(task), RECHECK_S)
        except (LoopbackAuthError, TimeoutError):
            # A discovery that fails now changes nothing: what is remembered was good, and the exchange will show.
            return
        _refuse_changes(server, document, profile.name)

    try:
        yield unchanged
    finally:
        if task is not None:
            task.cancel()
            with suppress(LoopbackAuthError, asyncio.CancelledError):
                await task


def _refuse_changes(server: ServerMetadata, document: Mapping[str, Any], profile: str) -> None:
    told = [(name, getattr(server, name), document.get(name)) for name in ENDPOINTS]
    moved = [f"{name} from {old} to {new}" for name, old, new in told if old != new]
    if moved:
        raise MetadataChanged(f"the server's metadata moved {'; '.join(moved)}", profile=profile)


async def _saved(
    profile: Profile,
    response: AuthorizationResponse,
    tokens: TokenSet,
    *,
    store: FileStore,
    transport: Transport,
    clock: Callable[[], datetime],
    notify: Callable[[Notice], None],
) -> Credential:
    """Store the tokens, or give them back to the server: a sign-in that was not kept leaves nothing behind."""
    request = response.request
    try:
        _look_at_scope(profile, request.scope, tokens, notify)
        credential = Credential(
            profile=profile.name,
            tokens=tokens,
            client=request.client,
            server=request.server,
            settings=profile.to_remember(),
            identity=_identity(profile, request, tokens, clock()),
            client_secret_env=profile.client_secret_env,
        )
        store.save(profile.name, credential.to_document())
    except BaseException as error:
        patience_s = ABANDONED_S if isinstance(error, Exception) else 1.0
        revoked = await revoke(
            tokens, client=request.client, server=request.server, transport=transport, timeout_s=patience_s
        )
        if isinstance(error, StoreError):
            fate = "were revoked" if revoked else "could not be revoked and stay valid until they expire"
            error.args = (
                f"{error.message}; the sign-in worked, but was not kept: the tokens just issued {fate}",
            )
            error.message = error.args[0]
        raise
    notify(Saved(profile=profile.name, path=store.path(profile.name)))
    return credential


def _look_at_scope(profile: Profile, asked: str, tokens: TokenSet, notify: Callable[[Notice], None]) -> None:
    want, have = set(asked.split()), set(tokens.scope.replace(",", " ").split())
    # Servers answer offline_access with the refresh token itself and leave the word out.
    missing = sorted(want - have - ({"offline_access", "refresh_token"} if tokens.refresh_token else set()))
    added = sorted(have - want) if want else []
    told = [f"not granted: {' '.join(missing)}"] * bool(missing) + [
        f"granted unasked: {' '.join(added)}"
    ] * bool(added)
    if told and profile.get("strict_scope"):
        raise ScopeDiffers(f"the server granted another scope than was asked for ({'; '.join(told)})")
    if told:
        notify(Warned(code="scope-differs", message="; ".join(told)))
    if tokens.refresh_token is None:
        notify(
            Warned(
                code="no-refresh-token",
                message="the server gave no refresh token: when this one ends, sign in again",
            )
        )


def _identity(
    profile: Profile, request: AuthorizationRequest, tokens: TokenSet, moment: datetime
) -> Identity | None:
    # An ID token that was not asked for carries no nonce of ours and proves nothing.
    if tokens.id_token is None or request.nonce is None:
        return None
    return read_identity(read_id_token(tokens.id_token, request, now=moment), names=_names(profile))


def _names(profile: Profile) -> tuple[str, ...]:
    return profile.provider.names if profile.provider else NAME_CLAIMS


async def _named(
    profile: Profile, credential: Credential, *, store: FileStore, transport: Transport
) -> Credential:
    """Ask the server for the person's name where no ID token told it; the sign-in stands without one."""
    import asyncio
    from dataclasses import replace

    from ..oauth.secret import Secret

    known, url = credential.identity, credential.server.userinfo_endpoint
    if url is None or (known and known.name != known.subject):
        return credential
    bearer = Secret("Bearer " + credential.tokens.access_token.reveal())
    try:
        async with asyncio.timeout(USERINFO_S):
            reply = await transport(Get(url=url, authorization=bearer))
        identity = read_identity(read_json_object(reply, what="userinfo"), names=_names(profile))
        # OpenID Connect Core section 5.3.2: another subject's claims are not this person's.
        if reply.status != 200 or identity is None or (known and identity.subject != known.subject):  # noqa: PLR2004 - OK
            return credential
        named = replace(credential, identity=identity)
        store.save(profile.name, named.to_document())
    except (LoopbackAuthError, TimeoutError):
        return credential
    return named
