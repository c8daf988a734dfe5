"""
The TLS handshakes of an https callback: bounded, counted, and understood where they fail.

A connection counts among the server's from its first moment, not from the end of its handshake, so
that handshakes that never end hold no more than other silent connections do.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial

from ..request_gate import CERTIFICATE_REFUSED, NEVER_WHOLE, NOT_SECURE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any, Protocol

    from ..request_gate import Refusal

    class Server(Protocol):
        """What has the connections."""

        connections: dict[Any, None]
        handler: Any

        def connection(self, *, refusal: Refusal | None = None) -> asyncio.Protocol:
            """Return the protocol of a connection; with *refusal* it refuses all that comes."""
            ...

        def track(self, connection: Any, descriptor: int) -> None:
            """Count *connection*, and make room for it."""


SHUTDOWN_S = 0.5
"""How long a client may take to say goodbye, once its answer is sent."""

_HANDSHAKE = b"\x16"


class Handshake:
    """One connection until its handshake is over; *force_close* ends it before."""

    busy = False

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._has_spoken = False
        self._task = asyncio.current_task()

    def force_close(self) -> None:
        """End it; nothing is sent."""
        if self._task is not None:
            self._task.cancel()

    async def shutdown(self, _: float | None = None) -> None:
        """Do nothing: it has ended by `force_close`."""

    async def complete(self, context: ssl.SSLContext, *, timeout_s: float) -> None:
        """Connect the client to the server, or refuse it; within *timeout_s*."""
        server, connection = self._server, self._connection
        server.track(self, connection.fileno())
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(context, timeout_s)
        except TimeoutError:
            connection.close()
            if self._has_spoken:
                server.handler.refuse(NEVER_WHOLE)
        except OSError as error:
            connection.close()
            if _refuses_certificate(error):
                server.handler.refuse(CERTIFICATE_REFUSED)
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            server.connections.pop(self, None)

    async def _connect(self, context: ssl.SSLContext, timeout_s: float) -> None:
        loop, connection = asyncio.get_running_loop(), self._connection
        first = await _first_octet(connection)
        self._has_spoken = bool(first)
        if first == _HANDSHAKE:
            await loop.connect_accepted_socket(
                self._server.connection,
                connection,
                ssl=context,
                # Not asyncio's limit, which would end it in other words.
                ssl_handshake_timeout=2 * timeout_s,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )
        elif first:
            refusing = partial(self._server.connection, refusal=NOT_SECURE)
            await loop.connect_accepted_socket(refusing, connection)
        else:
            connection.close()


def _refuses_certificate(error: OSError) -> bool:
    # A browser's words for it: unknown CA, bad certificate, certificate unknown, ... (RFC 8446
    # section 6.2). Where it trusts nobody here, it ends the handshake by one of them.
    reason = getattr(error, "reason", None) or ""
    return "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)


async def _first_octet(connection: socket.socket) -> bytes:
    """Return the first octet of what *connection* sends, which stays unread; none at its end."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(connection, readable.set)
    except NotImplementedError:
        # Windows' own loop has no readers. There a client that speaks plain http gets no answer.
        return _HANDSHAKE
    try:
        await readable.wait()
        with suppress(BlockingIOError):
            return connection.recv(1, socket.MSG_PEEK)
        return _HANDSHAKE
    finally:
        loop.remove_reader(connection)
