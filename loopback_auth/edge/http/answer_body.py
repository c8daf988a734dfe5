"""Reading the body of an answer, and decompressing one that the server compressed unasked."""

from __future__ import annotations

import zlib

from ...errors import AnswerEncoded, ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import ClientResponse, StreamReader

PIECE_OCTETS = 256 * 1024
"""The most that is decompressed at once."""

_KNOWN_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_DEFLATE = 8


async def pieces_of(response: ClientResponse, host: str) -> AsyncIterator[bytes]:
    """
    Yield the body of *response*, from *host*, as it arrives.

    Raises:
        AnswerEncoded: It is compressed in an unknown way, or damaged.
        ConnectionLost: It is compressed, and its end is missing.
        ClientError: Aiohttp's own error, for all else.
    """
    codings = codings_of(response.headers.get("Content-Encoding", ""))
    if codings and not can_unpack(codings):
        raise AnswerEncoded(f"{host} sent a compressed answer, which was not asked for", host=host)
    pieces = _received(response.content)
    async for piece in unpacked(pieces, host) if codings else pieces:
        yield piece


async def _received(content: StreamReader) -> AsyncIterator[bytes]:
    """Yield all that arrives; when a connection breaks, aiohttp withholds what was not read yet."""
    import aiohttp

    try:
        async for piece in content.iter_any():
            yield piece
    except aiohttp.ClientError:
        content.set_exception(None)  # type: ignore[arg-type]  # the only way to read the rest
        yield content.read_nowait()
        raise


def codings_of(content_encoding: str) -> list[str]:
    """
    Return the codings in a Content-Encoding header (RFC 9110 section 8.4), in lower case.

    `identity` is left out.
    """
    names = (name.strip().lower() for name in content_encoding.split(","))
    return [name for name in names if name not in ("", "identity")]


def can_unpack(codings: list[str]) -> bool:
    """Return whether `unpacked` can decompress a body of these *codings*: just gzip or deflate."""
    return len(codings) == 1 and codings[0] in _KNOWN_CODINGS


async def unpacked(
    pieces: AsyncIterator[bytes], host: str, *, fix: str = ""
) -> AsyncIterator[bytes]:
    """
    Yield the decompressed *pieces* of a body from *host*, at most `PIECE_OCTETS` at once.

    *fix* replaces the usual one of `AnswerEncoded`.

    Raises:
        AnswerEncoded: The body is neither gzip nor deflate, or damaged.
        ConnectionLost: Its end is missing.
    """
    unpacker = _Unpacker()
    try:
        async for piece in pieces:
            for octets in unpacker.unpack(piece):
                yield octets
    except zlib.error:
        raise AnswerEncoded(
            f"{host} says that its answer is compressed, and it cannot be unpacked",
            fix=fix,
            host=host,
        ) from None
    if unpacker.is_cut:
        raise ConnectionLost(
            f"the connection to {host} broke before the answer was complete", host=host
        )


class _Unpacker:
    """Decompresses one body as its beginning says, since the header is often wrong."""

    def __init__(self) -> None:
        self._inflater: zlib._Decompress | None = None
        self._has_begun = False
        self._is_plain = False

    @property
    def is_cut(self) -> bool:
        """Whether the end of the body is missing."""
        return self._inflater is not None

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        """Yield the decompressed *piece*, or raise `zlib.error`."""
        if not self._has_begun:
            # JSON: a proxy decompressed it, and left the header.
            self._is_plain = piece.startswith(b"{")
        if self._is_plain:
            self._has_begun = True
            yield piece
            return
        # Several gzip members may follow each other (RFC 1952 section 2.2); all else is padding.
        while piece and (self._inflater or not self._has_begun or piece.startswith(b"\x1f")):
            inflater = self._inflater = self._inflater or _inflater(piece)
            self._has_begun = True
            yield from _inflated(inflater, piece)
            piece = inflater.unused_data
            if inflater.eof:
                self._inflater = None


def _inflater(beginning: bytes) -> zlib._Decompress:
    # RFC 9110 section 8.4.1.2: deflate is zlib's format, but some servers leave its header out.
    is_bare = beginning[:1] != b"\x1f" and beginning[0] & 0x0F != _DEFLATE
    return zlib.decompressobj(-zlib.MAX_WBITS if is_bare else zlib.MAX_WBITS | 32)


def _inflated(inflater: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    while True:
        octets = inflater.decompress(packed, PIECE_OCTETS)
        if octets:
            yield octets
        packed = inflater.unconsumed_tail
        if inflater.eof or (not packed and len(octets) < PIECE_OCTETS):
            return
