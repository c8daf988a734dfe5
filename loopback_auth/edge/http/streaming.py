"""
Requests whose body and answer may have any length.

Both are passed on in pieces, and the time limit is one for silence.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...errors import AnswerTimedOut, TransportError
from ...oauth.http.status import HasStatus
from ..process.event_loop import event_loop_started
from .answer_body import can_unpack, codings_of, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Timeout
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from aiohttp import ClientResponse

    from ...oauth.secret import Secret
    from .client import HttpTransport
    from .upload import Upload

ACCEPT = "application/json, */*;q=0.8"
"""The header Accept: JSON if the server has it, else anything."""

_SEE_IT = (
    "to see it as it comes: `loopback-auth api /path -i -H 'Accept-Encoding: gzip' -p {profile}`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRequest:
    """
    A request to an API, without its token.

    The address and the headers may hold secrets of the person's, and are not in the repr.
    """

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    upload: Upload | None = field(default=None, repr=False)

    def has(self, name: str) -> bool:
        """Return whether the person set the header *name*, which is given in lower case."""
        return any(each.lower() == name for each, _ in self.headers)


class StreamedReply(HasStatus):
    """
    An answer whose head has arrived; its body is read by iterating *pieces*.

    *headers* are spelled as the server sent them.
    """

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
        """Return the value of the first header *name*, given in lower case; "" if there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")


class StreamingTransport:
    """
    Sends requests by *http*, whose time limit bounds each silence instead of the whole.

    Connecting is limited as it is there.
    """

    def __init__(self, http: HttpTransport) -> None:
        self._http = http

    @asynccontextmanager
    async def __call__(
        self, request: ResourceRequest, token: Secret
    ) -> AsyncIterator[StreamedReply]:
        """
        Send *request* with *token*, once; in the block its answer can be read.

        Raises:
            TransportError: On entering, or while pieces are read.
            UsageError: The body of the request cannot be read.
        """
        await event_loop_started()
        import asyncio

        host, upload = urlsplit(request.url).netloc, request.upload
        try:
            async with asyncio.timeout(self._http.timeout_s) as bound:
                limit = _SilenceLimit(bound, self._http.timeout_s)
                async with self._opened(request, token, limit) as response:
                    yield self._reply(request, response, limit)
        except TimeoutError:
            raise AnswerTimedOut(
                f"{host} said nothing for {self._http.timeout_s:g} s", host=host
            ) from None
        except TransportError:
            if upload is not None and upload.failure is not None:
                raise upload.failure from None
            raise

    def _opened(
        self, request: ResourceRequest, token: Secret, limit: _SilenceLimit
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
            data=None if upload is None else _sent(upload, limit),
            total_s=None,
        )

    def _reply(
        self, request: ResourceRequest, response: ClientResponse, limit: _SilenceLimit
    ) -> StreamedReply:
        limit.pause()
        pieces = self._read(response, request.url, limit)
        codings = codings_of(response.headers.get("Content-Encoding", ""))
        # A person who asked for an encoding gets the body as it is.
        if can_unpack(codings) and not request.has("accept-encoding"):
            pieces = unpacked(pieces, urlsplit(request.url).netloc, fix=_SEE_IT)
        return StreamedReply(
            url=request.url,
            status=response.status,
            reason=response.reason or "",
            headers=tuple(response.headers.items()),
            pieces=pieces,
        )

    async def _read(
        self, response: ClientResponse, url: str, limit: _SilenceLimit
    ) -> AsyncIterator[bytes]:
        while True:
            limit.begin()
            with self._http.translating(url):
                piece = await response.content.readany()
            limit.pause()
            if not piece:
                return
            yield piece


class _SilenceLimit:
    """The time limit of a silence: it runs while the server is to do something."""

    def __init__(self, bound: Timeout, silence_s: float) -> None:
        self._bound = bound
        self._silence_s = silence_s

    def begin(self) -> None:
        """Let the time run, from now on."""
        import asyncio

        self._set(asyncio.get_running_loop().time() + self._silence_s)

    def pause(self) -> None:
        """Let no time run."""
        self._set(None)

    def _set(self, when: float | None) -> None:
        # A body may be asked for its next piece when the time limit has ended.
        with suppress(RuntimeError):
            self._bound.reschedule(when)


async def _sent(upload: Upload, limit: _SilenceLimit) -> AsyncIterator[bytes]:
    limit.pause()
    async for piece in upload.pieces():
        limit.begin()
        if piece:
            yield piece
        limit.pause()
    limit.begin()
