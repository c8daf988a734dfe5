"""
A request to an API: the token goes to the profile's own servers alone, and a 401 that a refresh can
mend overrules the clock, once.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from ..edge.http.streaming import StreamedReply
from ..edge.process.clock import running_s
from ..errors import (
    AnswerTimedOut,
    ConnectionLost,
    LoopbackAuthError,
    TransportError,
)
from ..notices import Traced
from ..oauth.http.status import UNAUTHORIZED
from ..oauth.resource.address import onward
from .api_refusals import (
    NO_END,
    NOT_ITS_AGE,
    not_sent_again,
    of_an_api,
    refuse,
    shown,
    tells_of_an_end,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from ..edge.http.streaming import ResourceRequest
    from ..oauth.secret import Secret

    Send = Callable[[ResourceRequest, Secret], AbstractAsyncContextManager[StreamedReply]]
    Deliver = Callable[[StreamedReply], Awaitable[None]]
    from ..seams import Notify

REDIRECTS = 5
"""How many are followed: of a GET or a HEAD, and within one origin."""

KEPT_OCTETS = 64 * 1024
"""How much is kept of an answer that is shown only if no better one comes."""

EXPLAINED_OCTETS = 8 * 1024
"""How much of an answer is read for why it is no success."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """
    The token of a *profile*, and when another one would help.

    *renew* gets another one for it; `None` where there is none. *is_new*: this command has just
    obtained it. *expired_session* are the provider's words for a session that has ended
    (`Refusals`).
    """

    profile: str
    token: Secret
    renew: Callable[[Secret], Awaitable[Secret]] | None = None
    is_new: bool = False
    expired_session: tuple[str, ...] = ()


async def api(
    request: ResourceRequest,
    authorization: Authorization,
    *,
    send: Send,
    deliver: Deliver,
    notify: Notify = lambda _: None,
    explain: Callable[[LoopbackAuthError, str], None] = lambda _error, _answer: None,
) -> None:
    """
    Send *request*, and give the answer to *deliver*.

    A 401 is answered once by another token, and then nothing has been delivered yet; not where the
    token is new, nor where the answer is none of the expired session's. *explain* is called with an
    error before it is raised, and with the answer that it is about: its status and the beginning of
    its body.

    Raises:
        SignInNeeded: A 401 that another token would mend, and there is none.
        ApiRefused: Any other answer that is no success, when it is delivered.
        LoopbackAuthError: What `renew` raises, when the 401 is delivered.
        TransportError: There was no answer.
    """
    profile, token = authorization.profile, authorization.token
    async with _answer(request, token, send, notify) as reply:
        if reply.status != UNAUTHORIZED or authorization.is_new:
            why = NOT_ITS_AGE if authorization.is_new else None
            await _judged(request, reply, profile, why=why, deliver=deliver, explain=explain)
            return
        refused, body = await _kept(reply)
    has_ended = tells_of_an_end(refused, body, authorization.expired_session)
    if authorization.renew is None or not has_ended:
        why = None if has_ended else NO_END
        await _judged(request, refused, profile, why=why, deliver=deliver, explain=explain)
        return
    try:
        renewed = await authorization.renew(token)
    except LoopbackAuthError:
        await deliver(refused)
        raise
    if request.upload is not None and not request.upload.repeatable:
        await deliver(refused)
        raise not_sent_again(refused)
    async with _answer(request, renewed, send, notify) as reply:
        await _judged(request, reply, profile, why=NOT_ITS_AGE, deliver=deliver, explain=explain)


async def _judged(
    request: ResourceRequest,
    reply: StreamedReply,
    profile: str,
    *,
    why: tuple[str, str] | None,
    deliver: Deliver,
    explain: Callable[[LoopbackAuthError, str], None],
) -> None:
    """Deliver *reply*, then raise what it means if it is no success."""
    reply, beginning = _with_beginning(reply)
    await deliver(reply)
    try:
        refuse(request, reply, profile, why)
    except LoopbackAuthError as error:
        explain(error, f"HTTP {reply.status}\n\n{beginning.decode('utf-8', 'replace')}")
        raise


def _with_beginning(reply: StreamedReply) -> tuple[StreamedReply, bytearray]:
    """Return *reply*, and an array that gets the beginning of an error's body as it is read."""
    beginning = bytearray()

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in reply.pieces:
            beginning.extend(piece[: EXPLAINED_OCTETS - len(beginning)])
            yield piece

    return (_with_pieces(reply, pieces()) if reply.is_error else reply), beginning


def _with_pieces(reply: StreamedReply, pieces: AsyncIterator[bytes]) -> StreamedReply:
    return StreamedReply(
        url=reply.url,
        status=reply.status,
        reason=reply.reason,
        headers=reply.headers,
        pieces=pieces,
    )


@asynccontextmanager
async def _answer(
    request: ResourceRequest, token: Secret, send: Send, notify: Notify
) -> AsyncIterator[StreamedReply]:
    """Send *request* and follow its redirects; give the block the last answer."""
    for left in range(REDIRECTS, -1, -1):
        began = running_s()
        try:
            async with send(request, token) as reply:
                took_s = running_s() - began
                notify(Traced(message=f"{shown(request)} -> {reply.status} after {took_s:.2f} s"))
                further = _onward(request, reply) if left else None
                if further is None:
                    yield reply
                    return
        except (AnswerTimedOut, ConnectionLost) as error:
            raise of_an_api(error, request) from None
        request = replace(request, url=further)


def _onward(request: ResourceRequest, reply: StreamedReply) -> str | None:
    if (
        reply.status not in _REDIRECTS
        or request.method not in ("GET", "HEAD")
        or request.upload is not None
    ):
        return None
    return onward(request.url, reply.header("location"))


async def _kept(reply: StreamedReply) -> tuple[StreamedReply, bytes]:
    """Return *reply*, cut to `KEPT_OCTETS`, so that it can be delivered later, and its body."""
    octets = bytearray()
    try:
        async for piece in reply.pieces:
            octets += piece[: KEPT_OCTETS - len(octets)]
            if len(octets) == KEPT_OCTETS:
                break
    except TransportError:
        # Its status is what matters.
        pass

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(octets)

    return _with_pieces(reply, pieces()), bytes(octets)
