"""A request to an API: the token goes to the profile's own servers, and a 401 is believed over the clock, once."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from ..edge.clock import running_s
from ..edge.streaming import StreamedReply
from ..errors import (
    AnswerTimedOut,
    ApiRefused,
    ConnectionLost,
    LoopbackAuthError,
    SignInNeeded,
    TransportError,
)
from ..notices import Traced
from ..oauth.resource import onward, origin_in, resources
from ..oauth.text import one_line
from .mix_up import issuer_owns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from ..edge.streaming import ResourceRequest
    from ..notices import Notice
    from ..oauth.resource import Resources
    from ..oauth.secret import Secret
    from .profile import Profile

    Send = Callable[[ResourceRequest, Secret], AbstractAsyncContextManager[StreamedReply]]
    Deliver = Callable[[StreamedReply], Awaitable[None]]

REDIRECTS = 5
"""So many are followed: of a GET or a HEAD, and within one origin."""

KEPT_OCTETS = 64 * 1024
"""So much is kept of an answer that is shown only if no better one comes."""

HEARD_OCTETS = 8 * 1024
"""So much of an answer is looked at for why it is no success."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED = 401


def resources_of(profile: Profile, document: Mapping[str, Any] | None) -> Resources:
    """
    Give the addresses that the token of *document* is for; without a document, those of the configuration alone.

    Raises `SignInNeeded` when the configuration has come to name another server than the one that gave the token: what it says
    of that server is not for this token, and a request meant for the one must not reach the other.
    """
    if document is not None and not profile.remembered:
        raise SignInNeeded(
            f"the profile {profile.name} now names another server than the one it is signed in to",
            cause="config.toml or a LOOPBACK_AUTH_ variable was changed since, or the sign-in was made with other options.",
            fix=f"loopback-auth login {profile.name}   signs in there; loopback-auth config show {profile.name}   tells who says so",
            profile=profile.name,
        )
    server = (document or {}).get("server") or profile.endpoints()
    issuer, provider = server.get("issuer"), profile.provider
    members = (document or {}).get("extra") or {}
    ends = [url for name in ("authorization_endpoint", "token_endpoint") if (url := server.get(name))]
    # The token is the token endpoint's: an issuer that names another server's endpoints is not to have it.
    if issuer and ends and not issuer_owns(ends, issuer):
        issuer = None
    own = issuer and origin_in(issuer)
    if provider and provider.api_base:
        login_url = profile.get("login_url") or provider.login_url
        own = _filled(provider.api_base, {**members, "login_url": login_url})
    return resources(
        profile=profile.name,
        base=profile.get("api_base") or own,
        others=(own, issuer, server.get("userinfo_endpoint")),
    )


def _filled(template: str, members: Mapping[str, Any]) -> str | None:
    values = {name: members.get(name) for name in re.findall(r"\{(\w+)\}", template)}
    if not all(isinstance(value, str) and value for value in values.values()):
        return None
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]).rstrip("/"), template)


async def api(
    request: ResourceRequest,
    *,
    profile: str,
    token: Secret,
    renew: Callable[[Secret], Awaitable[Secret]] | None,
    send: Send,
    deliver: Deliver,
    notify: Callable[[Notice], None] = lambda _: None,
    explain: Callable[[LoopbackAuthError, str], None] = lambda _error, _answer: None,
) -> None:
    """
    Send *request* with *token*, and give the answer to *deliver*.

    *explain* is given an error before it is raised, with the answer that tells of it: its status and the beginning of its body.

    A 401 is answered once by asking *renew* for another token, and then nothing has been delivered yet; `None` where there is no other.
    Raises `SignInNeeded` for a 401 that stays, `ApiRefused` for any other answer that is no success, both when it is
    delivered; what *renew* raises, when the 401 is; a `TransportError`.
    """
    async with _answer(request, token, send, notify) as reply:
        if reply.status != _UNAUTHORIZED or renew is None:
            await _judged(request, reply, profile, deliver=deliver, explain=explain)
            return
        refused = await _kept(reply)
    try:
        renewed = await renew(token)
    except LoopbackAuthError:
        await deliver(refused)
        raise
    if request.upload is not None and not request.upload.repeatable:
        await deliver(refused)
        raise _not_sent_again(refused)
    async with _answer(request, renewed, send, notify) as reply:
        await _judged(request, reply, profile, deliver=deliver, explain=explain)


async def _judged(
    request: ResourceRequest,
    reply: StreamedReply,
    profile: str,
    *,
    deliver: Deliver,
    explain: Callable[[LoopbackAuthError, str], None],
) -> None:
    """Deliver *reply*, then raise what it means if it is no success."""
    reply, heard = _overheard(reply)
    await deliver(reply)
    try:
        _refuse(request, reply, profile)
    except LoopbackAuthError as error:
        explain(error, f"HTTP {reply.status}\n\n{heard.decode('utf-8', 'replace')}")
        raise


def _overheard(reply: StreamedReply) -> tuple[StreamedReply, bytearray]:
    """Give *reply*, and a place where the beginning of its body is as soon as somebody has read it."""
    heard = bytearray()

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in reply.pieces:
            heard.extend(piece[: HEARD_OCTETS - len(heard)])
            yield piece

    overheard = StreamedReply(
        url=reply.url, status=reply.status, reason=reply.reason, headers=reply.headers, pieces=pieces()
    )
    return (overheard, heard) if reply.status >= 400 else (reply, heard)  # noqa: PLR2004 - RFC 9110 section 15.5


@asynccontextmanager
async def _answer(
    request: ResourceRequest, token: Secret, send: Send, notify: Callable[[Notice], None]
) -> AsyncIterator[StreamedReply]:
    """Send *request* where it is redirected to, as far as that is followed; give the last answer."""
    for left in range(REDIRECTS, -1, -1):
        began = running_s()
        try:
            async with send(request, token) as reply:
                notify(
                    Traced(message=f"{_shown(request)} -> {reply.status} after {running_s() - began:.2f} s")
                )
                further = _onward(request, reply) if left else None
                if further is None:
                    yield reply
                    return
        except (AnswerTimedOut, ConnectionLost) as error:
            raise _of_an_api(error, request) from None
        request = replace(request, url=further)


def _onward(request: ResourceRequest, reply: StreamedReply) -> str | None:
    if reply.status not in _REDIRECTS or request.method not in ("GET", "HEAD") or request.upload is not None:
        return None
    return onward(request.url, reply.header("location"))


async def _kept(reply: StreamedReply) -> StreamedReply:
    octets = bytearray()
    try:
        async for piece in reply.pieces:
            octets += piece[: KEPT_OCTETS - len(octets)]
            if len(octets) == KEPT_OCTETS:
                break
    except TransportError:
        # What matters of it is its status.
        pass

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(octets)

    return StreamedReply(
        url=reply.url, status=reply.status, reason=reply.reason, headers=reply.headers, pieces=pieces()
    )


def _shown(request: ResourceRequest) -> str:
    parts = urlsplit(request.url)
    return f"{request.method} {parts.scheme}://{parts.netloc}{parts.path}"


def _refuse(request: ResourceRequest, reply: StreamedReply, profile: str) -> None:
    status, host = reply.status, urlsplit(reply.url).netloc
    # 304 comes to who asked for it, with If-None-Match or If-Modified-Since.
    if 200 <= status < 300 or status == 304:  # noqa: PLR2004 - RFC 9110 section 15
        return
    said = f"{_shown(request)} was answered {status} {one_line(reply.reason, limit=60)}".rstrip()
    if status == _UNAUTHORIZED:
        raise SignInNeeded(
            f"{said}: the server does not take the token of the profile {profile}",
            cause="The sign-in has ended at the server, or the token is not for this API.",
            profile=profile,
        )
    cause, fix = _why(reply, profile)
    to = f", which leads to {_host_of(reply)}" if 300 <= status < 400 and reply.header("location") else ""  # noqa: PLR2004 - as above
    raise ApiRefused(said + to, cause=cause, fix=fix, host=host, status=status)


def _host_of(redirect: StreamedReply) -> str:
    try:
        # Its query may be as good as a password.
        return one_line(
            urlsplit(urljoin(redirect.url, redirect.header("location"))).hostname or "nowhere", limit=120
        )
    except ValueError:
        return "nowhere"


def _why(reply: StreamedReply, profile: str) -> tuple[str, str]:
    """Say what is known of the reason and what to do; empty where the catalogue knows as much."""
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 section 15.4
        return (
            "Redirects are followed for GET and HEAD, on the same server, and not for ever: the token goes nowhere else.",
            "loopback-auth api -i shows where it leads (Location); ask for that address itself, without the token where it is not yours",
        )
    if status == 403 and "insufficient_scope" in reply.header("www-authenticate"):  # noqa: PLR2004 - RFC 6750 section 3.1
        return (
            "The scopes that were granted do not cover it.",
            f"sign in with more: loopback-auth login {profile} --scope 'A B'; loopback-auth status {profile} shows those there are",
        )
    if status == 429 or status >= 500:  # noqa: PLR2004 - RFC 6585 section 4, RFC 9110 section 15.6
        wait = one_line(reply.header("retry-after"), limit=40)
        return (
            "The server is busy, or failed; the request was not repeated.",
            f"wait {f'as it says (Retry-After: {wait})' if wait else 'a little'}, then run the same loopback-auth api again",
        )
    return "", ""


def _not_sent_again(reply: StreamedReply) -> ApiRefused:
    host = urlsplit(reply.url).netloc
    return ApiRefused(
        f"{host} did not take the token (401), and the body from standard input is gone",
        cause="The token was refreshed, but so long a body is not kept to be sent a second time.",
        fix="run the command again: loopback-auth api; with a file, -d @FILE, it would be repeated",
        host=host,
        status=_UNAUTHORIZED,
    )


def _of_an_api(error: TransportError, request: ResourceRequest) -> LoopbackAuthError:
    """Put an error that the sign-in knows, too, in the words of a request: no code is lost here."""
    safe = request.method in ("GET", "HEAD", "OPTIONS")
    return type(error)(
        error.message,
        cause="The server or the network is slow or broke off."
        + ("" if safe else " Whether the server acted on the request is not known."),
        fix="run the same loopback-auth api again; for a slow server set LOOPBACK_AUTH_HTTP_TIMEOUT=300"
        if safe
        else "look with loopback-auth api whether it was done before you send it again",
        **error.facts,
    )
