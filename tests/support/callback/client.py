"""The browser's side of a callback, raw: octets on the socket that a sign-in waits on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..sockets import is_released

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

TIMEOUT_S = 30


def query(url: str) -> dict[str, str]:
    """Return the parameters of a URL's query."""
    return dict(parse_qsl(urlsplit(url).query))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back until the other side closed; status 0 is nothing at all."""

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw.split()[1]) if self.raw.startswith(b"HTTP/") else 0

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return [
            (name.lower(), value.strip())
            for name, _, value in (line.partition(":") for line in lines)
        ]

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} occurs {len(found)} times"
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


async def send(
    host: str, port: int, *pieces: bytes, context: ssl.SSLContext | None = None
) -> Reply:
    """Send bytes, read all that comes until the other side closes."""
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        got = bytearray()
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            while chunk := await reader.read(65536):
                got += chunk
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return Reply(raw=bytes(got))


class Callback:
    """
    The address that a sign-in waits on, and what the authorize URL asked for.

    With *context* it is visited by TLS.
    """

    def __init__(self, opened: Mapping[str, Any], *, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.url: str = opened["url"]
        self.redirect_uri: str = opened["redirect_uri"]
        self.asked = query(self.url)
        self.state = self.asked["state"]
        parts = urlsplit(self.redirect_uri)
        self.netloc, self.path = parts.netloc, parts.path
        self.host, self.port = parts.hostname or "", parts.port or 80

    def target(self, **parameters: str) -> str:
        return f"{self.path}?{urlencode(parameters)}"

    def answer(self, **parameters: str) -> str:
        """Return the request target of the right answer, with *parameters* put in."""
        return self.target(**{"code": "the-code", "state": self.state, **parameters})

    def request(
        self,
        target: str,
        *headers: str,
        method: str = "GET",
        host: str | None = None,
        body: str = "",
    ) -> bytes:
        length = (f"Content-Length: {len(body)}",) if body else ()
        lines = (
            f"{method} {target} HTTP/1.1",
            f"Host: {host or self.netloc}",
            *headers,
            *length,
            "",
            body,
        )
        return "\r\n".join(lines).encode("latin-1")

    async def get(
        self, target: str, *headers: str, method: str = "GET", host: str | None = None
    ) -> Reply:
        return await self.send(self.request(target, *headers, method=method, host=host))

    async def post(self, *headers: str, target: str | None = None, **form: str) -> Reply:
        """Submit a form, as response_mode=form_post does."""
        kind = "Content-Type: application/x-www-form-urlencoded"
        body = urlencode(form)
        return await self.send(
            self.request(target or self.path, kind, *headers, method="POST", body=body)
        )

    async def send(self, *pieces: bytes) -> Reply:
        return await send(self.host, self.port, *pieces, context=self.context)

    async def follow(self, reply: Reply) -> Reply:
        """Go where a redirect leads, as a browser does."""
        location = reply.header("location")
        return await self.get(location) if reply.status == 303 and location else reply

    async def arrive(self, **parameters: str) -> Reply:
        """Bring the right answer as a browser does; return the page it ends on."""
        return await self.follow(await self.get(self.answer(**parameters)))

    async def refuse(self, error: str, **parameters: str) -> Reply:
        """Bring the server's refusal as a browser does; return the page it ends on."""
        return await self.follow(
            await self.get(self.target(state=self.state, error=error, **parameters))
        )

    @property
    def is_closed(self) -> bool:
        return is_released(self.port, self.host)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(callback: Callback, *first: bytes) -> AsyncIterator[list[Connection]]:
    """Open a connection for each of *first*, send that, and say no more."""
    connections: list[Connection] = []
    try:
        for octets in first:
            connections.append(await asyncio.open_connection(callback.host, callback.port))
            connections[-1][1].write(octets)
        yield connections
    finally:
        for _, writer in connections:
            writer.close()
        await asyncio.gather(
            *(writer.wait_closed() for _, writer in connections), return_exceptions=True
        )
