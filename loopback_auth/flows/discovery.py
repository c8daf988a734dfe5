"""Finding out about a server from its issuer: OpenID Connect Discovery and RFC 8414, asked together and merged."""

from __future__ import annotations

from ..edge.event_loop import entered
from ..errors import DiscoveryFailed, IssuerMisspelled, LoopbackAuthError, ProtocolError, TransportError
from ..oauth.metadata import merge, read_metadata_document, well_known_urls
from ..oauth.wire import Get, check_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ..oauth.wire import FormPost, HttpReply

    Transport = Callable[[FormPost | Get], Awaitable[HttpReply]]


async def discover(issuer: str, *, transport: Transport) -> dict[str, Any]:
    """
    Fetch and join the metadata documents of *issuer*.

    One good document is enough. Raises `IssuerMisspelled`, `DiscoveryFailed`, `URLRefused`, or the `TransportError` when the server
    could not be asked at all.
    """
    check_url(issuer, name="the issuer")
    await entered()
    import asyncio

    urls = well_known_urls(issuer)
    answers = await asyncio.gather(*(_document(url, issuer, transport) for url in urls))
    documents = [answer for answer in answers if isinstance(answer, dict)]
    if documents:
        return merge(documents)
    failures = [answer for answer in answers if isinstance(answer, LoopbackAuthError)]
    for kind in (IssuerMisspelled, TransportError):
        for failure in failures:
            if isinstance(failure, kind):
                raise failure
    raise DiscoveryFailed(f"{issuer} publishes no metadata ({failures[0]})", issuer=issuer, url=urls[0])


async def _document(url: str, issuer: str, transport: Transport) -> dict[str, Any] | LoopbackAuthError:
    try:
        return read_metadata_document(await transport(Get(url=url)), issuer=issuer)
    except (IssuerMisspelled, ProtocolError, TransportError) as error:
        return error
    except LoopbackAuthError as error:
        return ProtocolError(error.message)
