"""The connections of the callback server: aiohttp's HTTP parser with limits of our own."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from functools import partial

# Not `aiohttp.web`: its applications, routes, files and WebSockets take a megabyte and go unused.
from aiohttp import web_protocol, web_request, web_response, web_server

from ...oauth.http.status import BAD_REQUEST
from . import pages
from .accepting import accepting, descriptor_limit
from .request_gate import (
    FORM_OCTETS,
    HEADER_OCTETS,
    HEADERS_TOO_LONG,
    NEVER_WHOLE,
    NOT_HTTP,
    NOT_PLAIN,
    REQUEST_LINE_OCTETS,
    TOO_MANY,
    Refusal,
)
from .request_reader import read_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import Any, Protocol

    from .pages import Answer
    from .request_gate import CallbackRequest
    from .tls.handshakes import Handshake

    class CallbackHandler(Protocol):
        """What answers the requests."""

        async def handle(self, request: CallbackRequest) -> Answer:
            """Return the answer to *request*."""
            ...

        def refuse(self, refusal: Refusal) -> Answer:
            """Return the answer to a request that is not read."""
            ...

        def was_sent(self, request: CallbackRequest) -> None:
            """Note that the answer to *request* was sent."""

        def was_lost(self, request: CallbackRequest) -> None:
            """Note that the client of *request* left before its answer was sent."""


CONNECTIONS = 64
"""The most connections at once: far more than a browser opens."""

FEWEST_CONNECTIONS = 8
"""The least limit of connections where descriptors are few: a browser opens six."""

CONNECTION_OCTETS = REQUEST_LINE_OCTETS + HEADER_OCTETS + FORM_OCTETS
"""
The most that one connection may send.

aiohttp's own limits are set to it, so that they never apply: their errors name no size.
"""

_TLS = b"\x16\x03"

REQUEST_DEADLINE_S = 10.0
"""
The time from connecting until the request is complete.

It also ends the spare connections of a browser.
"""

CLOSE_S = 0.2
"""The time for connections to send their answers when the server closes."""

# aiohttp logs the bytes of requests that it cannot parse; keep them off the terminal.
_silent = logging.getLogger("loopback_auth.callback")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class _Connection(web_protocol.RequestHandler):
    """One browser connection, with a deadline, a limit of size and our own error pages."""

    def __init__(self, server: _Server, *, refusal: Refusal | None, **options: Any) -> None:
        super().__init__(server.web_server, **options)
        self._server = server
        self._refusal = refusal
        self._octets = 0
        self._last = b""
        self._has_head = False
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server.track(self, transport.get_extra_info("socket").fileno())
        self._deadline = asyncio.get_running_loop().call_later(REQUEST_DEADLINE_S, self._give_up)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.in_time()
        self._server.connections.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_first, room = not self._octets, CONNECTION_OCTETS - self._octets
        self._octets += len(data)
        if self._is_refused:
            return
        if is_first and (self._refusal or data.startswith(_TLS)):
            # One of aiohttp's two parsers would wait for the end of a line.
            self._refuse_unread(self._refusal or NOT_PLAIN)
            return
        self._has_head = self._has_head or b"\r\n\r\n" in self._last + data[:room]
        self._last = data[-3:]
        if room > 0:
            super().data_received(data[:room])
        if len(data) > room and self.busy:
            self.force_close()
        elif len(data) > room and not self._has_head:
            self._refuse_unread(HEADERS_TOO_LONG)

    def _refuse_unread(self, refusal: Refusal) -> None:
        """Send the answer of *refusal*; discard whatever else comes."""
        self._is_refused = True
        answer = self._server.handler.refuse(refusal)
        headers = {
            **pages.fixed_headers(),
            **answer.headers,
            "Content-Length": str(len(answer.body)),
        }
        fields = (f"{name}: {value}" for name, value in headers.items())
        if self.transport is not None:
            # Do not close it: with octets unread, the connection would be reset, and the browser
            # would lose the page.
            head = "\r\n".join((f"HTTP/1.1 {answer.status} Refused", *fields, "", ""))
            self.transport.write(head.encode("latin-1") + answer.body)
            if self.transport.can_write_eof():
                self.transport.write_eof()
            else:
                self.transport.close()

    def _give_up(self) -> None:
        if self._octets and not self._is_refused:
            self._server.handler.refuse(NEVER_WHOLE)
        self.force_close()

    def in_time(self) -> None:
        """Cancel the deadline, since the request is complete."""
        if self._deadline:
            self._deadline.cancel()

    def handle_error(
        self,
        request: web_request.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web_response.StreamResponse:
        del request, message
        # aiohttp's own answer quotes the request. The status 400 is its parser's.
        if status == BAD_REQUEST or isinstance(exc, web_protocol.RequestPayloadError):
            return self._server.refused(NOT_HTTP)
        return _response(pages.refused(500))


class _Server:
    """All connections of one sign-in."""

    def __init__(self, handler: CallbackHandler) -> None:
        self.handler = handler
        self.connections: dict[_Connection | Handshake, None] = {}
        self._descriptor_limit = descriptor_limit()
        self._most = CONNECTIONS
        self._closed = False
        self.web_server = web_server.Server(self._answer)

    def connection(self, *, refusal: Refusal | None = None) -> _Connection:
        return _Connection(
            self,
            refusal=refusal,
            loop=asyncio.get_running_loop(),
            access_log=None,
            logger=_silent,
            max_line_size=CONNECTION_OCTETS,
            max_field_size=CONNECTION_OCTETS,
            lingering_time=0,
            auto_decompress=False,
        )

    async def start(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self.connection, connection)
        except OSError:
            connection.close()

    async def start_secure(self, context: ssl.SSLContext, connection: socket.socket) -> None:
        from .tls.handshakes import Handshake

        await Handshake(self, connection).complete(context, timeout_s=REQUEST_DEADLINE_S)

    def track(self, connection: _Connection | Handshake, descriptor: int) -> None:
        """Add *connection*; close the one that has idled longest if there are too many."""
        self.connections[connection] = None
        if self._closed:
            # It was accepted while the server closed.
            connection.force_close()
        # The system assigns the lowest free number: a high one means that all below are in use.
        if descriptor >= self._descriptor_limit:
            self._most = max(FEWEST_CONNECTIONS, min(self._most, len(self.connections) - 1))
        if len(self.connections) > self._most:
            self.make_room()

    def make_room(self) -> None:
        """Close the connection that has idled longest."""
        idle = next((each for each in self.connections if not each.busy), None)
        if idle is not None:
            self.connections.pop(idle)
            idle.force_close()
            self.handler.refuse(TOO_MANY)

    async def _answer(self, raw: web_request.BaseRequest) -> web_response.StreamResponse:
        connection = raw.protocol
        if not isinstance(connection, _Connection):
            raise TypeError("a connection of another server")
        request = await read_request(raw)
        # Not before the body is read: a connection whose body never comes counts as idle.
        connection.busy = True
        connection.in_time()
        if isinstance(request, Refusal):
            return self.refused(request)
        response = _response(await self.handler.handle(request))
        try:
            await response.prepare(raw)
            await response.write_eof()
        except ConnectionError:
            self.handler.was_lost(request)
            raise
        self.handler.was_sent(request)
        return response

    def refused(self, refusal: Refusal) -> web_response.Response:
        """Return the answer to a request that is not read."""
        return _response(self.handler.refuse(refusal))

    async def close(self) -> None:
        """Close every connection: idle ones at once, others within `CLOSE_S`."""
        self._closed = True
        for connection in self.connections:
            if not connection.busy:
                connection.force_close()
        await asyncio.gather(
            *(connection.shutdown(CLOSE_S) for connection in list(self.connections))
        )


def _response(answer: Answer) -> web_response.Response:
    response = web_response.Response(
        status=answer.status,
        body=answer.body or None,
        headers={**pages.fixed_headers(), **answer.headers},
    )
    response.force_close()
    return response


@asynccontextmanager
async def answering(
    listeners: Sequence[socket.socket],
    handler: CallbackHandler,
    *,
    accepted: Callable[[], None] = lambda: None,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[None]:
    """
    Answer the requests to *listeners* by *handler* until the block ends; with *context* by TLS.

    *accepted* is called for each connection, before it has sent anything.
    """
    server = _Server(handler)
    begin = partial(server.start_secure, context) if context else server.start

    async def start(connection: socket.socket) -> None:
        accepted()
        await begin(connection)

    try:
        async with accepting(listeners, start, make_room=server.make_room):
            yield
    finally:
        await server.close()
