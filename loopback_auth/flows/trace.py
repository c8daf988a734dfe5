"""The trace of `--verbose`: methods, addresses, statuses and times, and never a secret."""

from __future__ import annotations

from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from ..edge.process.clock import running_s
from ..errors import LoopbackAuthError
from ..notices import Traced
from .server.connections import connect_ahead, session_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..oauth.http.messages import FormPost, Get, HttpReply
    from ..oauth.http.transport import Transport
    from ..seams import Notify


def traced(transport: Transport, notify: Notify) -> Transport:
    """Return *transport* with a notice of each message, without its query, body and headers."""
    return _Traced(transport, notify)


class _Traced:
    def __init__(self, transport: Transport, notify: Notify) -> None:
        self._transport = transport
        self._notify = notify

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        from ..oauth.http.messages import FormPost

        parts, began = urlsplit(message.url), running_s()
        method = "POST" if isinstance(message, FormPost) else "GET"
        what = f"{method} {parts.scheme}://{parts.netloc}{parts.path}"
        try:
            reply = await self._transport(message)
        except LoopbackAuthError as error:
            self._trace(f"{what} -> {error.code}", began)
            raise
        broken = f", then {reply.incomplete.code}" if reply.incomplete else ""
        self._trace(f"{what} -> {reply.status}, {len(reply.body)} octets{broken}", began)
        return reply

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Transport]:
        async with session_of(self._transport) as transport:
            yield _Traced(transport, self._notify)

    def connect_ahead(self, url: str) -> None:
        connect_ahead(self._transport, url)

    def _trace(self, what: str, began: float) -> None:
        self._notify(Traced(message=f"{what} after {running_s() - began:.2f} s"))
