"""
The only HTTP client: one request, one answer, everything bounded.

No redirects, no cookies, no netrc; no connection outlives its request, or the `session` in which it
was made. Proxies come from the environment and never stand between this process and the loopback.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from copy import copy
from functools import cache, partial
from urllib.parse import urlsplit

from ...errors import AnswerTooLarge, TLSUnavailable, TransportError
from ...errors.frames import without_locals
from ..process.event_loop import event_loop_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from contextlib import AbstractContextManager

    from aiohttp import ClientResponse

    from ...oauth.http.messages import Delivery, FormPost, Get, HttpReply
    from .connection import Connection, Connections
    from .sending import Sender

ANSWER_OCTETS = 1024 * 1024
"""The most that is read of any answer: token answers are a few KiB, key sets some more."""

CONNECT_S = 10.0
"""For name, connection and TLS."""

TOTAL_S = 30.0
"""For the whole of one request; `LOOPBACK_AUTH_HTTP_TIMEOUT` sets another."""


class HttpTransport:
    """
    Sends one message and returns the whole answer: `await transport(message)`.

    *ca_bundle* is a PEM file whose certificates are trusted besides the system's. *timeout_s*
    bounds each request, *connect_s* the part of it until there is a connection. *environ* names
    proxies and certificates; by default it is that of the process.
    """

    def __init__(
        self,
        *,
        timeout_s: float = TOTAL_S,
        connect_s: float = CONNECT_S,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.timeout_s = timeout_s
        # Made when it is first needed, and shared by the sessions of this transport.
        self._sender = cache(partial(_new_sender, timeout_s, connect_s, ca_bundle, environ))
        self._is_session = False
        self._kept: Connections | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[HttpTransport]:
        """
        Give the block a transport like this one, whose requests share connections.

        A connection is used again only where no request can get lost by that. All are closed when
        the block ends.
        """
        session = copy(self)
        # What is private here is our own class's.
        session.__dict__.update(_is_session=True, _kept=None)
        try:
            yield session
        finally:
            await session.aclose()

    async def aclose(self) -> None:
        """Close what a session has kept open; a transport of single requests keeps nothing."""
        if self._kept is not None:
            await self._kept.close()

    def connect_ahead(self, url: str) -> None:
        """
        Open a connection to *url*'s server in the background, for a request that will follow.

        This returns at once, never fails, and does something only in a `session` within a running
        event loop. A connection that is open already and can carry a request is left as it is.
        """
        if self._is_session:
            # Where TLS itself cannot begin, the request says so.
            with suppress(TLSUnavailable):
                self._connections().open_ahead(url, partial(self._sender().connect, url))

    @without_locals
    async def __call__(self, message: FormPost | Get) -> HttpReply:
        """
        Send *message*, once, and return the answer, whatever it says.

        After any failure of a POST the server may or may not have acted on it.

        Raises:
            TransportError: There is no answer, or none that can be read.
        """
        from ...oauth.http.messages import UNIQUE_ANSWER_S, FormPost

        headers = {"Authorization": message.authorization.reveal()} if message.authorization else {}
        body = None
        if isinstance(message, FormPost):
            body = message.body()
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                **dict(message.headers),
            }
        method = "GET" if body is None else "POST"
        delivery = message.delivery if isinstance(message, FormPost) else None
        total_s = self.timeout_s if delivery is None else max(self.timeout_s, UNIQUE_ANSWER_S)
        opened = self.opened(
            method, message.url, headers=headers, data=body, total_s=total_s, delivery=delivery
        )
        async with opened as response:
            return await self._read(response, message, total_s)

    async def _read(
        self, response: ClientResponse, message: FormPost | Get, total_s: float
    ) -> HttpReply:
        from ...oauth.http.messages import FormPost, HttpReply

        host, body, incomplete = urlsplit(message.url).netloc, bytearray(), None
        form = message if isinstance(message, FormPost) else None
        try:
            with self.translating(message.url, total_s):
                async for piece in self._sender().pieces_of(response, host):
                    body += piece
                    if len(body) > ANSWER_OCTETS:
                        raise AnswerTooLarge(
                            f"{host} sent more than {ANSWER_OCTETS // 1024} KiB", host=host
                        )
        except TransportError as error:
            if form is None or not form.allow_partial:
                raise
            incomplete = error
        return HttpReply(
            url=message.url,
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=bytes(body),
            sent=form.secrets if form else (),
            incomplete=incomplete,
        )

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        data: bytes | AsyncIterator[bytes] | None = None,
        total_s: float | None,
        delivery: Delivery | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """
        Send one request, and give the block its answer to read.

        All of it is over after *total_s* seconds at most; `None` sets no limit.

        Raises:
            TransportError: There is no answer, or the block fails to read it.
        """
        if delivery is not None:
            delivery.is_connecting = True
        await event_loop_started()
        async with self._connection(method, url) as connection:
            response = self._sender().response(
                connection,
                method,
                url,
                headers=headers,
                data=data,
                total_s=total_s,
                delivery=delivery,
            )
            async with response as received:
                yield received

    @asynccontextmanager
    async def _connection(self, method: str, url: str) -> AsyncIterator[Connection]:
        connections = self._connections()
        try:
            async with connections.connection(method, url) as connection:
                yield connection
        finally:
            if not self._is_session:
                await connections.close()

    def _connections(self) -> Connections:
        """Return the connections of this session, or new ones for a single request."""
        if self._kept is not None:
            return self._kept
        timeout = self._sender().timeout(self.timeout_s)
        from .connection import Connections

        connections = Connections(timeout, kept=self._is_session)
        if self._is_session:
            self._kept = connections
        return connections

    def translating(self, url: str, total_s: float | None = None) -> AbstractContextManager[None]:
        """
        Turn what aiohttp raises in the block about a request to *url* into our own error.

        Raises:
            TransportError: The one that fits.
        """
        return self._sender().translating(url, total_s)


def _new_sender(
    timeout_s: float, connect_s: float, ca_bundle: str | None, environ: Mapping[str, str] | None
) -> Sender:
    from .tls import load_aiohttp

    load_aiohttp()
    from .sending import Sender

    return Sender(timeout_s, connect_s, ca_bundle, environ)
