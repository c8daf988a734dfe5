"""Reading a request from aiohttp, within the limits of its line, its headers and its body."""

from __future__ import annotations

import os
from functools import partial

from .peer_user import other_user
from .request_gate import (
    FORM_OCTETS,
    FORM_TOO_LONG,
    HEADER_OCTETS,
    HEADERS_TOO_LONG,
    LINE_TOO_LONG,
    REQUEST_LINE_OCTETS,
    CallbackRequest,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiohttp.web import BaseRequest

    from .request_gate import Refusal


async def read_request(raw: BaseRequest) -> CallbackRequest | Refusal:
    """Return the request *raw* once its body is there, or the refusal of one that is too long."""
    if len(raw.raw_path) > REQUEST_LINE_OCTETS:
        return LINE_TOO_LONG
    headers = [
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw.raw_headers
    ]
    if sum(len(name) + len(value) for name, value in headers) > HEADER_OCTETS:
        return HEADERS_TOO_LONG
    body = bytearray()
    while raw.method == "POST" and (chunk := await raw.content.readany()):
        body += chunk
        if len(body) > FORM_OCTETS:
            return FORM_TOO_LONG
    return CallbackRequest(
        method=raw.method,
        target=raw.raw_path,
        headers=headers,
        body=bytes(body),
        other_user=partial(
            other_user,
            raw.get_extra_info("peername"),
            raw.get_extra_info("sockname"),
            environ=os.environ,
        ),
    )
