"""How an answer is sent: properly, or as a fault changes it."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import zlib

from aiohttp import web

from .answers import JsonObject, SentBack, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .answers import Spoken
    from .faults import Fault

MIB = 1024 * 1024


def faulty(answer: Spoken | None, fault: Fault) -> Wire:
    """Return *answer* as *fault* alters it, or the fault's own where the endpoint was not asked."""
    if fault.alters and isinstance(answer, (JsonObject, SentBack)):
        answer = answer.altered(fault.members, fault.repeated)
    wire = answer.wire() if answer is not None else Wire()
    return Wire(
        status=wire.status if fault.status is None else fault.status,
        headers={**wire.headers, **fault.headers},
        body=wire.body if fault.body is None else fault.body,
    )


async def deliver(wire: Wire, request: web.Request, fault: Fault) -> web.StreamResponse:
    """
    Send *wire* as *fault* says.

    What would not end by itself is cancelled when the client hangs up or the server ends.
    """
    match fault.delivery:
        case "never":
            await asyncio.Event().wait()
        case "closed" | "reset":
            return _hung_up(request, rudely=fault.delivery == "reset")
        case "late":
            await asyncio.sleep(fault.pause_s)
        case "truncated":
            return await _truncated(wire, request)
        case "dripped":
            return await _dripped(wire, request, fault.pause_s)
    if fault.filler_mib:
        return await _filled(wire, request, fault.filler_mib)
    return proper(wire)


def proper(wire: Wire) -> web.Response:
    """Return the answer as aiohttp sends it."""
    return web.Response(status=wire.status, headers=wire.headers, body=wire.body)


def _hung_up(request: web.Request, *, rudely: bool) -> web.Response:
    """End the connection without a word; aiohttp finds it closed and drops the response."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if rudely and connection is not None:
            # Waiting zero seconds for the other side on close is what makes the kernel send a
            # reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        request.transport.abort()
    return web.Response()


_LINGER = "hh" if sys.platform == "win32" else "ii"
"""How the system packs the two numbers of SO_LINGER."""


async def _truncated(wire: Wire, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=wire.status, headers=wire.headers)
    response.content_length = len(wire.body) + 100
    await response.prepare(request)
    await response.write(wire.body[: len(wire.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _dripped(wire: Wire, request: web.Request, pause_s: float) -> web.StreamResponse:
    response = web.StreamResponse(status=wire.status, headers=wire.headers)
    response.content_length = len(wire.body)
    await response.prepare(request)
    for octet in wire.body:
        await asyncio.sleep(pause_s)
        await response.write(bytes([octet]))
    return response


async def _filled(wire: Wire, request: web.Request, mib: int) -> web.StreamResponse:
    response = web.StreamResponse(status=wire.status, headers=wire.headers)
    await response.prepare(request)
    is_packed = "Content-Encoding" in wire.headers
    for piece in _packed(mib) if is_packed else (b" " * MIB for _ in range(mib)):
        await response.write(piece)
        # Octets that fit a buffer are written without a turn of the loop: let others be served in
        # between.
        await asyncio.sleep(0)
    return response


def _packed(mib: int) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for _ in range(mib):
        yield packer.compress(b" " * MIB)
    yield packer.flush()
