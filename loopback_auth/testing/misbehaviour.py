"""Carrying out a fault on a real connection."""

from __future__ import annotations

import asyncio
import json
import zlib

from aiohttp import web

from .faults import MIB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .faults import Fault

LONG_S = 3600.0
"""Longer than any client waits."""


async def misbehave(
    fault: Fault, request: web.Request, handler: Callable[[web.Request], Awaitable[web.Response]]
) -> web.StreamResponse:
    """Answer *request* as *fault* says, after the endpoint has acted where the fault only bends its answer."""
    if fault.connection == "hang":
        await asyncio.sleep(LONG_S)
    if fault.connection == "reset":
        return _reset(request)
    if fault.stream_mib:
        return await _stream(fault, request)
    answer = await _answer(fault, request, handler)
    if fault.connection == "truncate":
        return await _truncate(request, answer)
    if fault.connection == "drip":
        return await _drip(request, answer)
    return answer


async def _answer(
    fault: Fault, request: web.Request, handler: Callable[[web.Request], Awaitable[web.Response]]
) -> web.Response:
    if fault.status is not None:
        return web.Response(status=fault.status, body=fault.body, headers=fault.headers)
    answer = await handler(request)
    if not fault.members:
        return answer
    assert answer.text is not None  # noqa: S101 - the endpoints that are bent answer in JSON
    document = {**json.loads(answer.text), **fault.members}
    return web.json_response(
        {name: value for name, value in document.items() if value is not None}, status=answer.status
    )


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncate(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b"{}"
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
    response.content_length = len(body) + 100
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _drip(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b"{}"
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for octet in body:
        await response.write(bytes([octet]))
        await asyncio.sleep(1.0)
    return response


async def _stream(fault: Fault, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", **fault.headers})
    await response.prepare(request)
    packer = (
        zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        if "Content-Encoding" in fault.headers
        else None
    )
    for _ in range(fault.stream_mib):
        await response.write(packer.compress(bytes(MIB)) if packer else b" " * MIB)
    if packer:
        await response.write(packer.flush())
    return response
