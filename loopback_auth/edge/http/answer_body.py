"""The body of an answer: all of it that came, and unpacked where the server packed it unasked."""

from __future__ import annotations

import zlib

from ...errors import AnswerEncoded, ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import ClientResponse, StreamReader

PIECE_OCTETS = 256 * 1024
"""The most that a packed piece becomes at once."""

_UNPACKED = frozenset({"gzip", "x-gzip", "deflate"})


async def pieces_of(response: ClientResponse, host: str) -> AsyncIterator[bytes]:
    """
    Yield the body of *response*, from *host*, as it comes.

    Raises:
        AnswerEncoded: it is packed in a way that is not known here, or damaged.
        ConnectionLost: it was packed, and its end is missing. Other losses are raised as aiohttp
            has them.
    """
    codings = codings_of(response.headers.get("Content-Encoding", ""))
    if codings and not can_unpack(codings):
        raise AnswerEncoded(f"{host} sent a compressed answer, which was not asked for", host=host)
    pieces = _received(response.content)
    async for piece in unpacked(pieces, host) if codings else pieces:
        yield piece


async def _received(content: StreamReader) -> AsyncIterator[bytes]:
    """
    Yield what comes, all of it: of a connection that broke, aiohttp keeps back what was not read
    before.
    """
    import aiohttp

    try:
        async for piece in content.iter_any():
            yield piece
    except aiohttp.ClientError:
        content.set_exception(None)  # type: ignore[arg-type]  # there is no other way to what is left
        yield content.read_nowait()
        raise


def codings_of(content_encoding: str) -> list[str]:
    """
    Return what a Content-Encoding header (RFC 9110 section 8.4) names, in lower case and without
    `identity`.
    """
    names = (name.strip().lower() for name in content_encoding.split(","))
    return [name for name in names if name not in ("", "identity")]


def can_unpack(codings: list[str]) -> bool:
    """Tell whether `unpacked` takes a body that has these *codings*: one of gzip and deflate."""
    return len(codings) == 1 and codings[0] in _UNPACKED


async def unpacked(
    pieces: AsyncIterator[bytes], host: str, *, fix: str = ""
) -> AsyncIterator[bytes]:
    """
    Yield what *pieces*, from *host*, unpack to, at most `PIECE_OCTETS` at once.

    *fix* is that of the error for what cannot be unpacked, where there is a better one than usual.

    Raises:
        AnswerEncoded: it is neither gzip nor deflate, or damaged.
        ConnectionLost: its end is missing.
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
    """Unpacks one body, whose beginning decides how: the header's word is often wrong."""

    def __init__(self) -> None:
        self._inflater: zlib._Decompress | None = None
        self._has_begun = False
        self._is_plain = False

    @property
    def is_cut(self) -> bool:
        return self._inflater is not None

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        if not self._has_begun:
            # JSON: a proxy unpacked it, and left the header.
            self._is_plain = piece.startswith(b"{")
        if self._is_plain:
            self._has_begun = True
            yield piece
            return
        # gzip may be several in a row (RFC 1952 section 2.2); anything else that follows is
        # padding.
        while piece and (self._inflater or not self._has_begun or piece.startswith(b"\x1f")):
            inflater = self._inflater = self._inflater or _inflater(piece)
            self._has_begun = True
            yield from _inflated(inflater, piece)
            piece = inflater.unused_data
            if inflater.eof:
                self._inflater = None


def _inflater(beginning: bytes) -> zlib._Decompress:
    # RFC 9110 section 8.4.1.2: deflate is zlib's format, and some send it without its header.
    is_bare = beginning[:1] != b"\x1f" and beginning[0] & 0x0F != 8  # noqa: PLR2004 - zlib's CM
    return zlib.decompressobj(-zlib.MAX_WBITS if is_bare else zlib.MAX_WBITS | 32)


def _inflated(inflater: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    while True:
        octets = inflater.decompress(packed, PIECE_OCTETS)
        if octets:
            yield octets
        packed = inflater.unconsumed_tail
        if inflater.eof or (not packed and len(octets) < PIECE_OCTETS):
            return
