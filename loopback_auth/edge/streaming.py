"""A request whose body and answer may be of any length: both pass through in pieces, and only silence is bounded in time."""

from __future__ import annotations

import zlib
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import AnswerEncoded, AnswerTimedOut, ConnectionLost, TransportError
from .event_loop import entered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Timeout
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager

    from aiohttp import ClientResponse

    from ..oauth.secret import Secret
    from .transport import HttpTransport
    from .upload import Upload

PIECE_OCTETS = 256 * 1024
"""The most that a compressed piece becomes at once."""

ACCEPT = "application/json, */*;q=0.8"
"""JSON where the server has a choice, else whatever it has."""

_UNPACKED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRequest:
    """A request to an API, without the token that goes with it; address and headers may hold secrets of the person's."""

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    upload: Upload | None = field(default=None, repr=False)

    def has(self, name: str) -> bool:
        """Tell whether the person set the header *name*."""
        return any(each.lower() == name for each, _ in self.headers)


class StreamedReply:
    """An answer whose head is here; its body comes while *pieces* are asked for. Header names are as they came."""

    def __init__(
        self,
        *,
        url: str,
        status: int,
        reason: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        pieces: AsyncIterator[bytes],
    ) -> None:
        self.url = url
        self.status = status
        self.reason = reason
        self.headers = headers
        self.pieces = pieces

    def header(self, name: str) -> str:
        """Give the value of the first header of that name, in lower case; empty when there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")


class StreamingTransport:
    """Sends requests by *http*, whose time limit is here that of a silence; connecting is limited as it is there."""

    def __init__(self, http: HttpTransport) -> None:
        self._http = http

    @asynccontextmanager
    async def __call__(self, request: ResourceRequest, token: Secret) -> AsyncIterator[StreamedReply]:
        """
        Send *request* with *token*, once; within the block its answer can be read.

        Raises the `TransportError` that fits, on entering and while pieces are read, and the failure of the request's body.
        """
        await entered()
        import asyncio

        host, upload = urlsplit(request.url).netloc, request.upload
        try:
            async with asyncio.timeout(self._http.timeout_s) as bound:
                patience = _Patience(bound, self._http.timeout_s)
                async with self._opened(request, token, patience) as response:
                    yield self._reply(request, response, patience)
        except TimeoutError:
            raise AnswerTimedOut(f"{host} said nothing for {self._http.timeout_s:g} s", host=host) from None
        except TransportError:
            if upload is not None and upload.failure is not None:
                raise upload.failure from None
            raise

    def _opened(
        self, request: ResourceRequest, token: Secret, patience: _Patience
    ) -> AbstractAsyncContextManager[ClientResponse]:
        upload = request.upload
        headers = [*request.headers, ("Authorization", f"Bearer {token.reveal()}")]
        if not request.has("accept"):
            headers.append(("Accept", ACCEPT))
        if upload is not None and upload.length is not None:
            headers.append(("Content-Length", str(upload.length)))
        return self._http.opened(
            request.method,
            request.url,
            headers=headers,
            data=None if upload is None else _sent(upload, patience),
            total_s=None,
        )

    def _reply(
        self, request: ResourceRequest, response: ClientResponse, patience: _Patience
    ) -> StreamedReply:
        patience.pause()
        pieces = self._read(response, request.url, patience)
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        # Who asks for an encoding gets it as it comes.
        if encoding in _UNPACKED and not request.has("accept-encoding"):
            pieces = _unpacked(pieces, urlsplit(request.url).netloc)
        return StreamedReply(
            url=request.url,
            status=response.status,
            reason=response.reason or "",
            headers=tuple(response.headers.items()),
            pieces=pieces,
        )

    async def _read(self, response: ClientResponse, url: str, patience: _Patience) -> AsyncIterator[bytes]:
        while True:
            patience.begin()
            with self._http.translating(url):
                piece = await response.content.readany()
            patience.pause()
            if not piece:
                return
            yield piece


class _Patience:
    """The time limit of a silence: it runs while the other side has to do something."""

    def __init__(self, bound: Timeout, silence_s: float) -> None:
        self._bound = bound
        self._silence_s = silence_s

    def begin(self) -> None:
        import asyncio

        self._set(asyncio.get_running_loop().time() + self._silence_s)

    def pause(self) -> None:
        self._set(None)

    def _set(self, when: float | None) -> None:
        # A body may be asked for its next piece when all is over.
        with suppress(RuntimeError):
            self._bound.reschedule(when)


async def _sent(upload: Upload, patience: _Patience) -> AsyncIterator[bytes]:
    patience.pause()
    async for piece in upload.pieces():
        patience.begin()
        if piece:
            yield piece
        patience.pause()
    patience.begin()


async def _unpacked(pieces: AsyncIterator[bytes], host: str) -> AsyncIterator[bytes]:
    """Unpack gzip and deflate, in bounded pieces however much comes out of a little."""
    unpacker, begun = None, False
    try:
        async for packed in pieces:
            left = packed
            while left:
                unpacker = unpacker or _unpacker(left)
                begun = True
                for piece in _inflated(unpacker, left):
                    yield piece
                # gzip may be several in a row (RFC 1952 section 2.2).
                left, unpacker = unpacker.unused_data, None if unpacker.eof else unpacker
    except zlib.error:
        raise AnswerEncoded(
            f"{host} says that its answer is compressed, and it cannot be unpacked",
            cause="The answer was damaged on its way, or the server says what is not so.",
            fix="to see it as it comes: loopback-auth api -i -H 'Accept-Encoding: gzip'",
            host=host,
        ) from None
    if begun and unpacker is not None:
        raise ConnectionLost(f"the connection to {host} broke before the answer was complete", host=host)


def _unpacker(beginning: bytes) -> zlib._Decompress:
    # RFC 9110 section 8.4.1.2: deflate is zlib's format, and some send it without its header.
    bare = beginning[:1] != b"\x1f" and beginning[0] & 0x0F != 8  # noqa: PLR2004 - zlib's CM
    return zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)


def _inflated(unpacker: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    while True:
        piece = unpacker.decompress(packed, PIECE_OCTETS)
        if piece:
            yield piece
        packed = unpacker.unconsumed_tail
        if unpacker.eof or (not packed and len(piece) < PIECE_OCTETS):
            return
