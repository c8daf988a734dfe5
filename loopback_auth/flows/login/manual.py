"""A sign-in in two halves: the address is printed, and its answer is pasted later."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from hashlib import sha256
from secrets import token_bytes as random_bytes
from urllib.parse import urlsplit

from ...edge.callback.listeners import with_port
from ...edge.process.clock import now
from ...errors import IssuerMismatch, LoopbackAuthError, NoPendingSignIn, UsageError
from ...explain.fix import rendered
from ...notices import Warned
from ...oauth.authorize.pasted import read_pasted
from ...oauth.authorize.request import AuthorizationRequest
from ...oauth.authorize.response import AuthorizationErrorResponse, Stray
from ...oauth.credential import client_document
from ...oauth.metadata import server_metadata
from ...oauth.secret import Secret
from ..diagnosis import diagnosing, flags_of
from ..server.connections import sharing
from .completion.complete import complete
from .request import ask_first, checked_client, request_to, trusted_server
from .sign_in_page import answered

_AGAIN = "paste the whole address that the browser ended at: `loopback-auth exchange {profile}`"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ...edge.files.pending_logins import PendingSignIns
    from ...oauth.authorize.request import AuthorizationResponse
    from ...oauth.credential import Credential
    from ...oauth.metadata import Client
    from ...seams import Clock, MaySwitch, MayTrust, Notify
    from ...settings.profile import Profile
    from ..services import Services

PENDING_S = 900.0
"""How long the second half may take: as long as any server keeps a code."""

_QUIET_PORTS = range(20000, 32768)
"""Below those that systems give out to connections, so that it is free where the browser is."""


async def begin(
    profile: Profile,
    services: Services,
    *,
    pending: PendingSignIns,
    token_bytes: Callable[[int], bytes] = random_bytes,
    rediscover: bool = False,
    preflight: bool | None = None,
    may_trust: MayTrust | None = None,
) -> AuthorizationRequest:
    """
    Return the request of a sign-in that `finish` will finish, and keep in *pending* what its answer
    is compared with.

    Nothing listens, so any registered redirect URI will do. *rediscover*, *preflight* and
    *may_trust* are those of `login`.

    Raises:
        LoopbackAuthError: The sign-in cannot be begun.
    """
    client = checked_client(profile, services.with_storage(profile.get("storage")))
    server, profile, _ = await trusted_server(
        profile, services, rediscover=rediscover, may_trust=may_trust
    )
    redirect_uri = _with_a_port(profile.registered_redirect_uri, token_bytes)
    request = request_to(server, profile, client, redirect_uri, token_bytes=token_bytes)
    passed = await ask_first(request, profile, transport=services.transport, wanted=preflight)
    document = _document(profile, request, until=services.timestamp + PENDING_S)
    pending.save(profile.name, {**document, "preflight_passed": passed})
    return request


def _with_a_port(redirect_uri: str, token_bytes: Callable[[int], bytes]) -> str:
    """Return *redirect_uri*; where any port will do (0), with one that `relay` can listen on."""
    if urlsplit(redirect_uri).port != 0:
        return redirect_uri
    number = int.from_bytes(token_bytes(2), "big") % len(_QUIET_PORTS)
    return with_port(redirect_uri, _QUIET_PORTS[number])


async def finish(
    profile: Profile,
    text: str,
    services: Services,
    *,
    pending: PendingSignIns,
    may_switch: MaySwitch | None = None,
) -> Credential:
    """
    Redeem the pasted answer *text* of the pending sign-in; *profile* is that of `pending_document`.

    Any other text is refused, and the sign-in stays pending; with the answer it is over, whatever
    becomes of it. A code without its state may be anything: it is sent, once, and the sign-in is
    over only where the server takes it.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    document = pending_document(profile.name, pending, clock=services.clock)
    request = _request(document, profile.client(services.environ))
    services = services.with_storage(profile.get("storage"))
    services.store.check_writable(profile.name)
    answer = read_pasted(text, request, takes_bare_code=False)
    if is_bare := isinstance(answer, Stray):
        answer = _code_alone(text, request, profile.name)
    if isinstance(answer, Stray):
        raise _not_the_answer(answer, text, request, profile, document)
    if not is_bare:
        pending.remove(profile.name)
    with diagnosing(profile, redirect_uri=request.redirect_uri):
        if isinstance(answer, AuthorizationErrorResponse):
            raise answer.as_error()
    keeping = _still_pending(answer, document, pending, services.notify)
    with keeping if is_bare else nullcontext():
        async with sharing(services) as shared:
            credential = await complete(
                answered(answer, profile), profile, shared, may_switch=may_switch
            )
    pending.remove(profile.name)
    return credential


def _code_alone(
    text: str, request: AuthorizationRequest, profile: str
) -> AuthorizationResponse | AuthorizationErrorResponse | Stray:
    try:
        return read_pasted(text, request)
    except IssuerMismatch:
        raise UsageError(
            "a code alone is not enough for this server",
            cause="The address says which server it comes from, and that is compared (RFC 9207).",
            fix=_AGAIN,
            profile=profile,
        ) from None


@contextmanager
def _still_pending(
    answer: AuthorizationResponse,
    document: Mapping[str, Any],
    pending: PendingSignIns,
    notify: Notify,
) -> Iterator[None]:
    """
    Let the block send the bare code of *answer*, once; notify that the sign-in is pending still
    where that fails.

    Raises:
        UsageError: It was sent before.
    """
    profile, sent = document["profile"], document.get("sent", [])
    digest = sha256(answer.code.reveal().encode()).hexdigest()
    if digest in sent:
        raise UsageError(
            "that code was sent already, and the server did not take it",
            cause="A code is sent only once: a server treats a second time as theft.",
            fix=_AGAIN,
            profile=profile,
        )
    pending.save(profile, {**document, "sent": [*sent, digest]})
    try:
        yield
    except LoopbackAuthError:
        reason = (
            "that was a code without its state, so it may belong to anything;"
            " the sign-in is still pending"
        )
        notify(
            Warned(
                code="still-pending",
                message=f"{reason}: " + rendered(_AGAIN, {"profile": profile}),
            )
        )
        raise


def pending_document(
    profile: str, pending: PendingSignIns, *, clock: Clock = now
) -> dict[str, Any]:
    """
    Return what is kept of the pending sign-in, in the form of a stored one as far as settings go.

    Raises:
        NoPendingSignIn: There is none, or its time is over.
    """
    document, at = pending.load(profile), clock().timestamp()
    if document is None:
        others = (name for name in pending.profiles() if _until(pending.load(name)) > at)
        raise _none_pending(profile, next(others, None))
    if _until(document) <= at:
        pending.remove(profile)
        raise NoPendingSignIn(
            f"the pending sign-in to the profile {profile} is too old",
            profile=profile,
            flags=document.get("flags"),
        )
    return document


def _until(document: Mapping[str, Any] | None) -> float:
    return float((document or {}).get("until", 0))


def _none_pending(profile: str, other: str | None) -> NoPendingSignIn:
    fix = (
        "finish that to {other}: `loopback-auth exchange {other}`; or begin one:"
        " `loopback-auth login {profile} --manual`"
    )
    message = f"no sign-in to the profile {profile} is pending"
    return NoPendingSignIn(message, fix=fix if other else "", profile=profile, other=other)


def _document(profile: Profile, request: AuthorizationRequest, *, until: float) -> dict[str, Any]:
    return {
        "profile": profile.name,
        "until": until,
        "state": request.state.reveal(),
        "code_verifier": request.code_verifier.reveal(),
        "nonce": request.nonce.reveal() if request.nonce else None,
        "redirect_uri": request.redirect_uri,
        "scope": request.scope,
        "resource": request.resource,
        "client": client_document(
            request.client, profile.client_secret_env, profile.client_secret_file()
        ),
        "server": request.server.to_json(),
        "settings": profile.to_remember(),
        "flags": flags_of(profile),
    }


def _request(document: Mapping[str, Any], client: Client) -> AuthorizationRequest:
    nonce = document.get("nonce")
    return AuthorizationRequest(
        server=server_metadata(document["server"]),
        client=client,
        redirect_uri=document["redirect_uri"],
        state=Secret(document["state"]),
        code_verifier=Secret(document["code_verifier"]),
        scope=document["scope"],
        nonce=Secret(nonce) if nonce else None,
        parameters=tuple(("resource", value) for value in document.get("resource", ())),
    )


def _not_the_answer(
    stray: Stray,
    text: str,
    request: AuthorizationRequest,
    profile: Profile,
    document: Mapping[str, Any],
) -> LoopbackAuthError:
    from .answer import shown_error

    passed = document.get("preflight_passed") is True
    if shown := shown_error(text, request, profile, preflight_passed=passed):
        return shown
    return UsageError(
        f"that is not the answer to the pending sign-in: {stray.reason}",
        cause=f"The answer comes back to {request.redirect_uri}, with the state of this sign-in.",
        fix="paste the address again: `loopback-auth exchange {profile}`;"
        " or start again: `loopback-auth login {profile} --manual`",
        profile=profile.name,
        flags=flags_of(profile),
    )
