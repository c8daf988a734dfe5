"""Finding out about a server from its issuer: OpenID Connect Discovery and RFC 8414, asked together and merged."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress

from ..edge.clock import now, running_s
from ..edge.event_loop import entered
from ..errors import (
    DiscoveryFailed,
    IssuerMisspelled,
    LoopbackAuthError,
    MetadataChanged,
    ProtocolError,
    ServerUnavailable,
    TransportError,
)
from ..oauth.metadata import ENDPOINTS, merge, read_metadata_document, well_known_urls
from ..oauth.wire import Get, check_url
from .patience import PATIENCE_S, wait_before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from ..oauth.metadata import ServerMetadata
    from ..oauth.wire import FormPost, HttpReply
    from .profile import Profile

    Transport = Callable[[FormPost | Get], Awaitable[HttpReply]]

RECHECK_S = 1.0
"""How long a sign-in that is otherwise done waits for the metadata that is being checked again."""


async def discover(issuer: str, *, transport: Transport) -> dict[str, Any]:
    """
    Fetch and join the metadata documents of *issuer*.

    One good document is enough. Raises `IssuerMisspelled`, `DiscoveryFailed`, `URLRefused`, or the `TransportError` when the server
    could not be asked at all.
    """
    check_url(issuer, name="the issuer")
    await entered()
    import asyncio

    urls, deadline, attempt = well_known_urls(issuer), running_s() + PATIENCE_S, 1
    while True:
        replies = await asyncio.gather(*(_reply(url, transport) for url in urls))
        answers = [_document(reply, issuer) for reply in replies]
        if documents := [answer for answer in answers if isinstance(answer, dict)]:
            return merge(documents)
        attempt += 1
        wait_s = _soonest(attempt, replies)
        if wait_s is None or running_s() + wait_s > deadline:
            raise _failure([answer for answer in answers if not isinstance(answer, dict)], issuer, urls[0])
        await asyncio.sleep(wait_s)


async def _reply(url: str, transport: Transport) -> HttpReply | TransportError:
    try:
        return await transport(Get(url=url))
    except TransportError as error:
        return error


def _document(reply: HttpReply | TransportError, issuer: str) -> dict[str, Any] | LoopbackAuthError:
    if isinstance(reply, TransportError):
        return reply
    try:
        return read_metadata_document(reply, issuer=issuer)
    except (IssuerMisspelled, ProtocolError, ServerUnavailable, TransportError) as error:
        return error
    except LoopbackAuthError as error:
        return ProtocolError(error.message)


def _soonest(attempt: int, replies: Sequence[HttpReply | TransportError]) -> float | None:
    """Say after how many seconds the next *attempt* may find a server that was busy less so; `None` when none said it was."""
    waits = [wait_before(attempt, reply, now()) for reply in replies if not isinstance(reply, TransportError)]
    return min((wait_s for wait_s in waits if wait_s is not None), default=None)


def _failure(failures: Sequence[LoopbackAuthError], issuer: str, url: str) -> LoopbackAuthError:
    """Choose the failure that tells most."""
    for kind in (IssuerMisspelled, TransportError, ServerUnavailable):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return DiscoveryFailed(f"{issuer} publishes no metadata ({failures[0]})", issuer=issuer, url=url)


@asynccontextmanager
async def checked_again(
    server: ServerMetadata, profile: Profile, *, transport: Transport, needed: bool
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Discover once more while the person signs in; the block is given a wait that raises `MetadataChanged` for a moved endpoint."""
    import asyncio

    async def fetch() -> dict[str, Any]:
        assert server.issuer  # noqa: S101 - it was discovered by it
        return {**await discover(server.issuer, transport=transport), **profile.endpoints()}

    task = asyncio.create_task(fetch()) if needed else None

    async def unchanged() -> None:
        if task is None:
            return
        try:
            document = await asyncio.wait_for(asyncio.shield(task), RECHECK_S)
        except (LoopbackAuthError, TimeoutError):
            # A discovery that fails now changes nothing: what is remembered was good, and the exchange will show.
            return
        _refuse_changes(server, document, profile.name)

    try:
        yield unchanged
    finally:
        if task is not None:
            task.cancel()
            with suppress(LoopbackAuthError, asyncio.CancelledError):
                await task


def _refuse_changes(server: ServerMetadata, document: Mapping[str, Any], profile: str) -> None:
    told = [(name, getattr(server, name), document.get(name)) for name in ENDPOINTS]
    moved = [f"{name} from {old} to {new}" for name, old, new in told if old != new]
    if moved:
        raise MetadataChanged(f"the server's metadata moved {'; '.join(moved)}", profile=profile)
