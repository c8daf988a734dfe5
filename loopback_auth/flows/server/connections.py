"""Fewer round trips to the server: connections that are shared, or there before they are needed."""

from __future__ import annotations

from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    from ...oauth.http.transport import Transport

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
        session = getattr(options["transport"], "session", None)
        if session is None:
            return await flow(*arguments, **options)
        async with session() as transport:
            options["transport"] = transport
            return await flow(*arguments, **options)

    return call


def connect_ahead(transport: Transport, url: str) -> None:
    """Have a connection to *url*'s server ready when a request follows, where *transport* can."""
    connect: Callable[[str], None] | None = getattr(transport, "connect_ahead", None)
    if connect is not None:
        connect(url)
