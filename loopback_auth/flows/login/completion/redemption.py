"""The exchange of the code, and what is stored; heavy, so imported while the person signs in."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace

from ....edge.store.updates import amend
from ....errors import LoopbackAuthError, ScopeDiffers, StoreError
from ....notices import Exchanged, Saved, Warned
from ....oauth.authorize.request import AuthorizationResponse
from ....oauth.credential import Credential
from ....oauth.http.messages import Get, read_json_object
from ....oauth.identity import NAME_CLAIMS, read_identity
from ....oauth.jose.id_token import check_at_hash, is_jwt, read_id_token
from ....oauth.scope import scope_differences
from ....oauth.secret import Secret
from ....oauth.token.reply import authorization_code_grant, issued_tokens, read_token_reply
from ...tokens.profile_lock import lock_for_sign_in
from ...tokens.revocation import ABANDONED_S, give_back
from .replacement import refuse_another_account

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ....oauth.http.messages import HttpReply
    from ....oauth.http.transport import Transport
    from ....oauth.identity import Identity
    from ....oauth.token.reply import TokenSet
    from ....seams import MaySwitch, Notify
    from ....settings.profile import Profile
    from ...services import Services
    from ..sign_in_page import Answer, SignInRequest
    from .replacement import Replacement

USERINFO_S = 3.0
"""For asking the person's name where no ID token has it; the sign-in is saved already."""

INTERRUPTED_S = 1.0
"""For revoking tokens when the person pressed Ctrl-C."""


async def redeem(
    answer: Answer,
    profile: Profile,
    services: Services,
    *,
    replacement: Replacement,
    may_switch: MaySwitch | None,
) -> Credential:
    """
    Exchange the code of *answer*, once, and store what it gives; then learn who it was.

    The code goes to the endpoint that its request knew; `answer.server` is stored. The device
    flow's answer holds the tokens already. *replacement* is
    of the sign-in that this one replaces.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    response, store, notify = answer.response, services.store, services.notify
    request = response.request
    if isinstance(response, AuthorizationResponse):
        reply = await services.transport(authorization_code_grant(response))
    else:
        reply = response.reply
    held = replacement.held
    async with _given_back_unless_kept(reply, request, profile, services.transport):
        tokens = read_token_reply(reply, received_at=services.clock(), scope=request.scope)
        notify(Exchanged())
        _check_scope(profile, request.scope, tokens, notify)
        credential = _credential(profile, request, tokens, services)
        credential = replace(credential, server=answer.server or credential.server)
        if held is not None and credential.identity is None:
            credential = await _named(profile, credential, services.transport)
        await refuse_another_account(credential, held, may_switch)
        with ExitStack() as stack:
            locked = await lock_for_sign_in(profile.name, store, stack, notify=notify)
            # The last moment to give up: whoever opened the launch address first may have brought a
            # code of their own.
            answer.page.check_launch_url()
            replacement.save(credential, locked)
        answer.page.mark_saved()
    notify(Saved(profile=profile.name, path=store.path(profile.name)))
    named = await _named(profile, credential, services.transport)
    if named is not credential:
        with suppress(LoopbackAuthError):
            amend(store, profile.name, named.to_document())
    return named


@asynccontextmanager
async def _given_back_unless_kept(
    reply: HttpReply, request: SignInRequest, profile: Profile, transport: Transport
) -> AsyncIterator[None]:
    """Revoke the tokens of *reply* if the block fails: then they are stored nowhere."""
    try:
        yield
    except BaseException as error:
        fate = await give_back(
            issued_tokens(reply),
            provider=profile.provider,
            client=request.client,
            server=request.server,
            transport=transport,
            timeout_s=ABANDONED_S if isinstance(error, Exception) else INTERRUPTED_S,
        )
        if isinstance(error, StoreError):
            error.add(f"the sign-in worked, but was not kept: the tokens just issued {fate}")
        raise


def _credential(
    profile: Profile,
    request: SignInRequest,
    tokens: TokenSet,
    services: Services,
) -> Credential:
    return Credential(
        profile=profile.name,
        tokens=tokens,
        client=request.client,
        server=request.server,
        settings=profile.to_remember(),
        identity=_identity(profile, request, tokens, services),
        client_secret_env=profile.client_secret_env,
        client_secret_file=profile.client_secret_file(services.environ),
        resource=request.resource,
        learned_lifetime_s=profile.learned_lifetime_s(request.client.client_id),
    )


def _check_scope(profile: Profile, asked: str, tokens: TokenSet, notify: Notify) -> None:
    difference = scope_differences(
        asked, tokens.scope, has_refresh_token=tokens.refresh_token is not None
    )
    if difference and profile.get("strict_scope"):
        message = f"the server granted a different scope than requested ({difference})"
        raise ScopeDiffers(message, granted=tokens.scope)
    if difference:
        notify(Warned(code="scope-differs", message=difference))
    if tokens.refresh_token is None:
        notify(
            Warned(
                code="no-refresh-token",
                message="the server gave no refresh token: when this one ends, sign in again",
            )
        )


def _identity(
    profile: Profile,
    request: SignInRequest,
    tokens: TokenSet,
    services: Services,
) -> Identity | None:
    def warn(objection: str) -> None:
        services.notify(Warned(code="answer-odd", message=objection))

    if tokens.id_token is None:
        return None
    if not request.takes_id_token:
        if not is_jwt(tokens.id_token):
            warn("the server gave an ID token that was not asked for, and that is no JWT")
        return None
    claims = read_id_token(tokens.id_token, request, now=services.clock(), warn=warn)
    check_at_hash(tokens.id_token, tokens.access_token, warn=warn)
    return read_identity(claims, names=_names(profile))


def _names(profile: Profile) -> tuple[str, ...]:
    return profile.provider.names if profile.provider else NAME_CLAIMS


async def _named(profile: Profile, credential: Credential, transport: Transport) -> Credential:
    """Return *credential* with the person's name from the server, where no ID token has it."""
    known, url = credential.identity, credential.server.userinfo_endpoint
    if url is None or (known and known.name != known.subject):
        return credential
    bearer = Secret("Bearer " + credential.tokens.access_token.reveal())
    try:
        async with asyncio.timeout(USERINFO_S):
            reply = await transport(Get(url=url, authorization=bearer))
        identity = read_identity(read_json_object(reply, what="userinfo"), names=_names(profile))
    except (LoopbackAuthError, TimeoutError):
        return credential
    # OpenID Connect Core section 5.3.2: another subject's claims are not this person's.
    if not reply.is_success or identity is None or (known and identity.subject != known.subject):
        return credential
    return replace(credential, identity=identity)
