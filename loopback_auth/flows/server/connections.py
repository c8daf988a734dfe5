"""Fewer round trips to the server: connections that are shared, or there before they are needed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    from ...oauth.http.transport import Transport
    from ..services import Services

    P = ParamSpec("P")
    T = TypeVar("T")


def sharing_connections(
    flow: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """
    Return *flow* so that the requests by its argument `transport` share connections.

    All are closed when the flow ends. A transport without a `session` is used as it is.
    """

    @wraps(flow)
    async def call(*arguments: P.args, **options: P.kwargs) -> T:
        if "transport" not in options:
            # Python's own error says what is missing.
            return await flow(*arguments, **options)
        async with session_of(options["transport"]) as transport:
            options["transport"] = transport
            return await flow(*arguments, **options)

    return call


@asynccontextmanager
async def sharing(services: Services) -> AsyncIterator[Services]:
    """Yield *services* whose requests share connections, which are closed when the block ends."""
    async with session_of(services.transport) as transport:
        yield services.with_transport(transport)


@asynccontextmanager
async def session_of(transport: Any) -> AsyncIterator[Transport]:
    """Give the block a session of *transport*, or *transport* itself where it has none."""
    session = getattr(transport, "session", None)
    if session is None:
        yield transport
        return
    async with session() as shared:
        yield shared


def connect_ahead(transport: Transport, url: str) -> None:
    """Have a connection to *url*'s server ready when a request follows, where *transport* can."""
    connect: Callable[[str], None] | None = getattr(transport, "connect_ahead", None)
    if connect is not None:
        connect(url)
