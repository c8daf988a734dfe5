"""What `api` prints of an answer: the body as it comes, or one JSON document."""

from __future__ import annotations

import re

from ..errors import AnswerTooLarge
from ..oauth.http.strict_json import strict_json
from ..oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from ..edge.http.streaming import StreamedReply
    from ..errors import LoopbackAuthError
    from .console import Console

DOCUMENT_OCTETS = 64 * 1024 * 1024
"""The most that is put into one JSON document."""

READABLE_OCTETS = 1024 * 1024
"""A longer JSON text is passed on as it comes: nobody reads it on a screen."""

_JSON = re.compile(r"\s*(application/json|[\w.+-]+/[\w.-]+\+json)\s*(;|$)", re.IGNORECASE)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')

HEADER_CHARACTERS = 16 * 1024
"""The most that is shown of one header."""


class PrintedAnswer:
    """Writes the body to stdout as it comes, to a terminal without what could steer that."""

    def __init__(self, console: Console, *, include: bool) -> None:
        self._console = console
        self._include = include

    async def __call__(self, reply: StreamedReply) -> None:
        """Print the answer while it comes."""
        if self._include:
            lines = [f"HTTP/1.1 {reply.status} {_shown(reply.reason)}".rstrip()]
            lines += [f"{_shown(name)}: {_shown(value)}" for name, value in reply.headers]
            self._console.octets(("\n".join([*lines, "", ""])).encode("utf-8", "replace"))
        stdout = self._console.stdout
        tame = _Tamed(stdout.encoding) if stdout is not None and stdout.isatty() else None
        end, pieces = b"\n", reply.pieces
        if tame and _JSON.match(reply.header("content-type")):
            pieces = _laid_out(pieces)
        async for piece in pieces:
            self._console.octets(tame(piece) if tame else piece)
            end = piece[-1:] or end
        if tame and end != b"\n":
            # The prompt that follows stands on a line of its own.
            self._console.octets(b"\n")

    def refused(self, error: LoopbackAuthError) -> int:
        """Print *error* after what came of the answer; return the exit status."""
        return self._console.error(error)

    def finished(self) -> int:
        """Print what is left; return the exit status."""
        self._console.octets(b"")
        return 0


class JSONAnswer:
    """Puts status, headers and body into one document."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._document: dict[str, Any] | None = None

    async def __call__(self, reply: StreamedReply) -> None:
        """
        Read the whole answer.

        Raises:
            AnswerTooLarge: It is too much for one JSON document.
        """
        body = bytearray()
        async for piece in reply.pieces:
            body += piece
            if len(body) > DOCUMENT_OCTETS:
                raise AnswerTooLarge(
                    f"the answer has more than {DOCUMENT_OCTETS >> 20} MiB",
                    cause="That is too much for one JSON document.",
                    fix="leave out --json: the answer is then printed as it arrives",
                )
        self._document = {
            "status": reply.status,
            "headers": _headers(reply),
            **_body(reply, bytes(body)),
        }

    def refused(self, error: LoopbackAuthError) -> int:
        """Print *error*, beside the answer if there was one; return the exit status."""
        if self._document is None:
            return self._console.error(error)
        self._console.document({**self._document, "error": self._console.error_document(error)})
        return error.exit_code

    def finished(self) -> int:
        """Print the document; return the exit status."""
        self._console.document(self._document or {})
        return 0


async def _laid_out(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give *pieces* as one JSON text that a person can read; as they are if they are too many."""
    body = bytearray()
    try:
        async for piece in pieces:
            body += piece
            if len(body) > READABLE_OCTETS:
                yield bytes(body)
                body.clear()
                async for later in pieces:
                    yield later
    except Exception:
        yield bytes(body)
        raise
    if body:
        yield _indented(bytes(body))


def _indented(body: bytes) -> bytes:
    """Return the JSON text *body* in lines; each value stays as it was written."""
    try:
        strict_json(body)
    except ValueError:
        return body
    lines, depth, before = bytearray(), 0, b""
    for token in _TOKEN.findall(body):
        depth -= token in (b"]", b"}")
        is_end = token in (b"]", b"}") and before not in (b"[", b"{")
        if is_end or (before in (b"[", b"{", b",") and token not in (b"]", b"}")):
            lines += b"\n" + b"  " * depth
        lines += token + (b" " if token == b":" else b"")
        depth += token in (b"[", b"{")
        before = token
    return bytes(lines)


def _headers(reply: StreamedReply) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        # RFC 9110 section 5.3: what occurs several times is one list.
        before = f"{headers[name.lower()]}, " if name.lower() in headers else ""
        headers[name.lower()] = before + _shown(value)
    return headers


def _body(reply: StreamedReply, octets: bytes) -> dict[str, Any]:
    """Return the body as JSON where it is that, else as text, else in base64."""
    if "json" in reply.header("content-type").lower():
        try:
            return {"body": strict_json(octets)}
        except ValueError:
            pass
    try:
        return {"body": octets.decode("utf-8")}
    except UnicodeDecodeError:
        from base64 import b64encode

        return {"body": None, "body_base64": b64encode(octets).decode("ascii")}


def _shown(text: str) -> str:
    return one_line(text, limit=HEADER_CHARACTERS)


class _Tamed:
    """Makes text for a terminal: controls but tab and line feed, and no UTF-8, become U+FFFD."""

    def __init__(self, encoding: str) -> None:
        from codecs import getincrementaldecoder

        self._encoding = encoding or "utf-8"
        self._decoder = getincrementaldecoder("utf-8")("replace")
        controls = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}
        self._table = {**dict.fromkeys(controls, "\ufffd"), 0x0D: None}

    def __call__(self, piece: bytes) -> bytes:
        text = self._decoder.decode(piece).translate(self._table)
        return text.encode(self._encoding, "replace")
