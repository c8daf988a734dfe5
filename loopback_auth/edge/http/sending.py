"""Requests by aiohttp: its sessions, its middleware and its errors are known here alone."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ...errors import AnswerTimedOut, LoopbackAuthError, TransportError
from .answer_body import pieces_of
from .failures import translated
from .proxy import proxy_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from ...oauth.http.messages import Delivery
    from .connection import Connection
    from .tls import Trust

HEADER_OCTETS = 64 * 1024
"""The most that one header may hold: identity providers set cookies that are longer than usual."""

HEADERS = 256
"""The most headers that an answer may have."""


class Sender:
    """
    Sends requests on connections that it is given.

    *timeout_s* bounds a request, *connect_s* the part of it until there is a connection.
    """

    def __init__(
        self,
        timeout_s: float,
        connect_s: float,
        ca_bundle: str | None,
        environ: Mapping[str, str] | None,
    ) -> None:
        self._timeout_s = timeout_s
        self._connect_s = min(connect_s, timeout_s)
        self._ca_bundle = ca_bundle
        self._environ = environ
        self._trust: Trust | None = None

    def timeout(self, total_s: float | None) -> aiohttp.ClientTimeout:
        """Return the limits of a request that may take *total_s* seconds; `None`: any time."""
        return aiohttp.ClientTimeout(
            total=total_s, sock_connect=self._connect_s, connect=self._connect_s
        )

    @asynccontextmanager
    async def response(
        self,
        connection: Connection,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        data: bytes | AsyncIterator[bytes] | None,
        total_s: float | None,
        delivery: Delivery | None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request on *connection*; in the block its answer can be read."""
        send = self._sent_once(url, connection, delivery)
        async with self._session(connection, total_s) as session:
            response = await self._request(session, method, url, send, headers=headers, data=data)
            try:
                yield response
            finally:
                # What is left of the answer, or of the body it came to, is not wanted. One that was
                # read to its end has left its connection already.
                response.close()

    @staticmethod
    def pieces_of(response: aiohttp.ClientResponse, host: str) -> AsyncIterator[bytes]:
        """Return the body of *response*, from *host*, as `answer_body.pieces_of` does."""
        return pieces_of(response, host)

    async def connect(self, url: str, connection: Connection) -> None:
        """
        Open *connection* as a request to *url* would, and send nothing.

        What goes wrong is not told: the request itself meets it, and tells.
        """

        async def stop(
            request: aiohttp.ClientRequest, _: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            await connection.prepare(request)
            raise _Opened

        with suppress(_Opened, LoopbackAuthError):
            async with self._session(connection, self._timeout_s) as session:
                await self._request(session, "POST", url, stop, headers={})

    async def _request(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        send: aiohttp.ClientMiddlewareType,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        data: bytes | AsyncIterator[bytes] | None = None,
    ) -> aiohttp.ClientResponse:
        proxy = proxy_for(url, self._environ)
        is_tls = "https" in (urlsplit(url).scheme, urlsplit(proxy.url).scheme if proxy else "")
        context = self._trusted().context if is_tls else None
        with self.translating(url, session.timeout.total):
            return await session.request(
                method,
                # The URL was checked as a string; encoded=True keeps it byte for byte.
                URL(url, encoded=True),
                data=data,
                headers=headers,
                # A POST without a body is of no type.
                skip_auto_headers=("Content-Type",),
                allow_redirects=False,
                proxy=proxy.url if proxy else None,
                middlewares=(send,),
                ssl=context or True,
            )

    @contextmanager
    def translating(self, url: str, total_s: float | None = None) -> Iterator[None]:
        """
        Turn what aiohttp raises in the block about a request to *url* into our own error.

        Raises:
            TransportError: The one that fits.
        """
        host = urlsplit(url).netloc
        try:
            yield
        except TransportError:
            raise
        # `from None`: aiohttp's errors carry the request's headers, which hold secrets.
        except aiohttp.ConnectionTimeoutError:
            raise AnswerTimedOut(
                f"no connection to {host} within {self._connect_s:g} s", host=host
            ) from None
        except TimeoutError:
            limit_s = total_s or self._timeout_s
            raise AnswerTimedOut(f"{host} did not answer within {limit_s:g} s", host=host) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._translated(error, url) from None

    def _translated(self, error: Exception, url: str) -> TransportError:
        proxy = proxy_for(url, self._environ)
        return translated(error, urlsplit(url).netloc, proxy=proxy, trust=self._trust)

    def _session(self, connection: Connection, total_s: float | None) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connection.connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self.timeout(total_s),
            auto_decompress=False,
            max_field_size=HEADER_OCTETS,
            max_headers=HEADERS,
            # Proxies are found here; trust_env would add the passwords of ~/.netrc.
            trust_env=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "loopback-auth",
                **({} if connection.kept else {"Connection": "close"}),
            },
        )

    def _trusted(self) -> Trust:
        if self._trust is None:
            from .tls import Trust

            self._trust = Trust(
                self._ca_bundle, os.environ if self._environ is None else self._environ
            )
        return self._trust

    def _sent_once(
        self, url: str, connection: Connection, delivery: Delivery | None
    ) -> aiohttp.ClientMiddlewareType:
        """
        Send on *connection*, and tell *delivery* when there is one: the request may be out then.

        aiohttp repeats a GET whose connection broke, for its own errors and not for ours. It may
        where the connection had been idle.
        """

        async def send(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            was_idle = False
            try:
                was_idle = await connection.prepare(request)
                if delivery is not None:
                    delivery.is_connecting = False
                return await handler(request)
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
                if was_idle and request.method == "GET":
                    raise
                raise self._translated(error, url) from None

        return send


class _Opened(Exception):
    """There is a connection, and nothing is to be sent now."""
