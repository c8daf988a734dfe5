"""
Finding out about a server from its issuer: OpenID Connect Discovery and RFC 8414, asked together
and merged.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from ...edge.process.clock import now, running_s
from ...edge.process.event_loop import event_loop_started
from ...errors import (
    DiscoveryFailed,
    HTMLAnswer,
    IssuerMisspelled,
    LoopbackAuthError,
    MetadataChanged,
    ProtocolError,
    ServerUnavailable,
    TransportError,
    URLRefused,
)
from ...notices import Warned
from ...oauth.http.messages import Get
from ...oauth.http.status import GONE, NOT_FOUND
from ...oauth.http.url import check_url
from ...oauth.metadata import ENDPOINTS, merge, read_metadata_document, well_known_urls
from ...value import replace
from .retry import RETRY_TIMEOUT_S, wait_before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
    from typing import Any

    from ...oauth.http.messages import HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import ServerMetadata
    from ...seams import Notify
    from ...settings.profile import Profile
    from ..services import Services

RECHECK_S = 1.0
"""How long a sign-in that is done but for this waits for the metadata to be checked again."""


async def discover(issuer: str, *, transport: Transport) -> dict[str, Any]:
    """
    Return the metadata documents of *issuer* as one; one good document is enough.

    Raises:
        URLRefused: *issuer* is no address that can be asked.
        IssuerMisspelled: The server spells its own name otherwise.
        DiscoveryFailed: There is no metadata, or none that can be used.
        TransportError: The server could not be asked at all.
    """
    check_url(issuer, name="the issuer")
    await event_loop_started()
    import asyncio

    urls, deadline, attempt = well_known_urls(issuer), running_s() + RETRY_TIMEOUT_S, 1
    while True:
        replies = await asyncio.gather(*(_reply(url, transport) for url in urls))
        answers = [_document(reply, issuer) for reply in replies]
        if documents := [answer for answer in answers if isinstance(answer, dict)]:
            return merge(documents)
        failures = [answer for answer in answers if not isinstance(answer, dict)]
        attempt += 1
        wait_s = _soonest(attempt, replies)
        if wait_s is None or running_s() + wait_s > deadline:
            raise _failure(failures, replies, issuer)
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
    except (
        IssuerMisspelled,
        DiscoveryFailed,
        ProtocolError,
        ServerUnavailable,
        TransportError,
    ) as error:
        return error
    except LoopbackAuthError as error:
        return ProtocolError(error.message)


def _soonest(attempt: int, replies: Sequence[HttpReply | TransportError]) -> float | None:
    """Return the seconds until the next *attempt* at a busy server; `None` where none is busy."""
    waits = [
        wait_before(attempt, reply, now())
        for reply in replies
        if not isinstance(reply, TransportError)
    ]
    return min((wait_s for wait_s in waits if wait_s is not None), default=None)


def _failure(
    failures: Sequence[LoopbackAuthError],
    replies: Sequence[HttpReply | TransportError],
    issuer: str,
) -> LoopbackAuthError:
    """Return the failure that says most, with the provider that signs in at the issuer's host."""
    for kind in (IssuerMisspelled, DiscoveryFailed, TransportError, ServerUnavailable):
        for failure in failures:
            if isinstance(failure, DiscoveryFailed) and isinstance(failure, kind):
                return _with_provider(failure, issuer)
            if isinstance(failure, kind):
                return failure
    answered = [
        (failure, reply)
        for failure, reply in zip(failures, replies, strict=True)
        if not isinstance(reply, TransportError)
    ]
    read = [(failure, reply) for failure, reply in answered if _is_there(failure, reply)]
    failure, reply = (read or answered)[0]
    what, cause = f"{issuer} publishes no metadata", ""
    if read:
        what = f"the metadata of {issuer} could not be read"
        cause = "The metadata's address answers, but not with usable metadata."
    found = DiscoveryFailed(f"{what} ({failure})", cause=cause, issuer=issuer, url=reply.url)
    return _with_provider(found, issuer)


def _is_there(failure: LoopbackAuthError, reply: HttpReply) -> bool:
    """Return whether it is neither "not found" nor the page that some sites have everywhere."""
    if reply.status in (NOT_FOUND, GONE):
        return False
    return not (isinstance(failure, HTMLAnswer) and reply.is_ok)


def _with_provider(error: DiscoveryFailed, issuer: str) -> DiscoveryFailed:
    from ...providers import provider_at

    name = provider_at(urlsplit(issuer).hostname or "")
    if name is None:
        return error
    return DiscoveryFailed(
        error.message,
        cause=error.cause,
        fix="`loopback-auth login {profile} --provider {provider}`; or {otherwise}",
        provider=name,
        otherwise=error.fix,
        **error.facts,
    )


@asynccontextmanager
async def rechecked(
    server: ServerMetadata,
    profile: Profile,
    services: Services,
    *,
    needed: bool,
) -> AsyncIterator[Callable[[], Awaitable[ServerMetadata]]]:
    """
    Discover once more while the person signs in; give the block a function that waits for it.

    The function returns *server*, with optional endpoints that it has got since, and raises
    `MetadataChanged` for an endpoint that moved. It raises nothing else: where discovery fails now,
    what is remembered was good and stays.
    """
    import asyncio

    async def fetch(issuer: str) -> dict[str, Any]:
        return {**await discover(issuer, transport=services.transport), **profile.endpoints()}

    task = asyncio.create_task(fetch(server.issuer)) if needed and server.issuer else None

    async def recheck() -> ServerMetadata:
        if task is None:
            return server
        try:
            document = await asyncio.wait_for(asyncio.shield(task), RECHECK_S)
        except (LoopbackAuthError, TimeoutError):
            return server
        return _updated(server, document, profile.name, services.notify)

    try:
        yield recheck
    finally:
        if task is not None:
            task.cancel()
            with suppress(LoopbackAuthError, asyncio.CancelledError):
                await task


def _updated(
    server: ServerMetadata,
    document: Mapping[str, Any],
    profile: str,
    notify: Notify,
) -> ServerMetadata:
    """
    Return *server* with the optional endpoints that are new in *document*.

    Raises:
        MetadataChanged: A known endpoint moved.
    """
    known = {name: url for name in ENDPOINTS if (url := getattr(server, name))}
    # One that is not named any more stays: one of the documents may have been out of reach.
    named = {name: url for name in ENDPOINTS if isinstance(url := document.get(name), str) and url}
    moved = [
        f"{name} from {url} to {named[name]}"
        for name, url in known.items()
        if named.get(name, url) != url
    ]
    if moved:
        raise MetadataChanged(f"the server's metadata moved {'; '.join(moved)}", profile=profile)
    unknown = {name: url for name, url in named.items() if name not in known}
    if not unknown:
        return server
    # Late: the person's browser waits, and hardly a server has anything new.
    from ...oauth.resource.address import origin_in

    origins = {origin_in(url) for url in known.values()}
    new: dict[str, Any] = {name: url for name, url in unknown.items() if _is_at(url, origins)}
    for name, url in new.items():
        message = f"the server now has a {name.replace('_', ' ')}, {url}; it is remembered"
        notify(Warned(code="endpoint-added", message=message))
    return replace(server, **new)


def _is_at(url: str, origins: Collection[str]) -> bool:
    from ...oauth.resource.address import origin_in

    try:
        return origin_in(url) in origins
    except URLRefused:
        return False
