"""
The only HTTP client: one request, one answer, everything bounded.

No redirects, no cookies, no netrc, no pool that outlives the request. Proxies come from the
environment and never stand between this process and the loopback.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from ...errors import AnswerTimedOut, AnswerTooLarge, TransportError
from ...oauth.http.messages import UNIQUE_ANSWER_S, FormPost, Get, HttpReply
from ..process.event_loop import event_loop_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from aiohttp import (
        ClientHandlerType,
        ClientMiddlewareType,
        ClientRequest,
        ClientResponse,
        ClientSession,
        TraceConfig,
    )

    from ...oauth.http.messages import Delivery
    from .proxy import Proxy
    from .tls import Trust

ANSWER_OCTETS = 1024 * 1024
"""The most that is read of any answer: token answers are a few KiB, key sets some more."""

HEADER_OCTETS = 64 * 1024
"""The most that one header may hold: identity providers set cookies that are longer than usual."""

HEADERS = 256

CONNECT_S = 10.0
"""For name, connection and TLS."""

TOTAL_S = 30.0
"""For the whole of one request; `LOOPBACK_AUTH_HTTP_TIMEOUT` sets another."""


class HttpTransport:
    """
    Sends one message and gives the whole answer: `await transport(message)`.

    *ca_bundle* is a PEM file whose certificates are trusted besides the system's. *timeout_s*
    bounds each request, *connect_s* the part of it until there is a connection.
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
        self._connect_s = connect_s
        self._ca_bundle = ca_bundle
        self._environ = environ
        self._trust: Trust | None = None

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        """
        Send *message*, once.

        Raises the `TransportError` that fits; what an answer means is for its reader. After any
        failure of a POST the server may or may not have acted on it.
        """
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
        from .answer_body import pieces_of

        host, body, incomplete = urlsplit(message.url).netloc, bytearray(), None
        form = message if isinstance(message, FormPost) else None
        try:
            with self.translating(message.url, total_s):
                async for piece in pieces_of(response, host):
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
        Send one request; within the block its answer can be read, *total_s* after the beginning at
        most.
        """
        if delivery is not None:
            delivery.is_connecting = True
        await event_loop_started()
        from yarl import URL

        from .tls import load_aiohttp

        load_aiohttp()
        proxy = self._proxy(url)
        is_tls = "https" in (urlsplit(url).scheme, urlsplit(proxy.url).scheme if proxy else "")
        context = self._trusted().context if is_tls else None
        async with self._session(total_s, delivery) as session:
            with self.translating(url, total_s):
                response = await session.request(
                    method,
                    # The URL was checked as a string; encoded=True keeps it byte for byte.
                    URL(url, encoded=True),
                    data=data,
                    headers=headers,
                    # A POST without a body is of no type.
                    skip_auto_headers=("Content-Type",),
                    allow_redirects=False,
                    proxy=proxy.url if proxy else None,
                    middlewares=(self._sent_once(url),),
                    ssl=context or True,
                )
            try:
                yield response
            finally:
                # What is left of the answer, or of the body it came to, is not wanted.
                response.close()

    @contextmanager
    def translating(self, url: str, total_s: float | None = None) -> Iterator[None]:
        """
        Turn what the HTTP client raises in the block about a request to *url* into the
        `TransportError` that fits.
        """
        import aiohttp

        host = urlsplit(url).netloc
        try:
            yield
        except TransportError:
            raise
        # `from None`: aiohttp's errors carry the request's headers, which hold secrets.
        except aiohttp.ConnectionTimeoutError:
            patience_s = min(self._connect_s, self.timeout_s)
            raise AnswerTimedOut(
                f"no connection to {host} within {patience_s:g} s", host=host
            ) from None
        except TimeoutError:
            limit_s = total_s or self.timeout_s
            raise AnswerTimedOut(f"{host} did not answer within {limit_s:g} s", host=host) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._translated(error, url) from None

    def warm_up(self) -> None:
        """Load the certificates now, so that the exchange need not wait for them."""
        self._trusted()

    def _session(self, total_s: float | None, delivery: Delivery | None) -> ClientSession:
        import aiohttp

        connect_s = min(self._connect_s, self.timeout_s)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=1, ttl_dns_cache=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=total_s, sock_connect=connect_s, connect=connect_s),
            trace_configs=[] if delivery is None else [_telling(delivery)],
            auto_decompress=False,
            max_field_size=HEADER_OCTETS,
            max_headers=HEADERS,
            # Proxies are found below; trust_env would add the passwords of ~/.netrc.
            trust_env=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "loopback-auth",
            },
        )

    def _trusted(self) -> Trust:
        if self._trust is None:
            from .tls import Trust

            self._trust = Trust(
                self._ca_bundle, os.environ if self._environ is None else self._environ
            )
        return self._trust

    def _proxy(self, url: str) -> Proxy | None:
        from .proxy import proxy_for

        return proxy_for(url, self._environ)

    def _translated(self, error: Exception, url: str) -> TransportError:
        from .failures import translated

        return translated(error, urlsplit(url).netloc, proxy=self._proxy(url), trust=self._trust)

    def _sent_once(self, url: str) -> ClientMiddlewareType:
        """
        Keep aiohttp from repeating a GET whose connection broke: it does so for its own errors and
        not for ours.
        """
        import aiohttp

        async def send(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            try:
                return await handler(request)
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
                raise self._translated(error, url) from None

        return send


def _telling(delivery: Delivery) -> TraceConfig:
    """
    Give what has *delivery* know when there is a connection: from then on the request
    may be out.
    """
    import aiohttp

    async def connected(*_: object) -> None:
        delivery.is_connecting = False

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(connected)
    return trace
