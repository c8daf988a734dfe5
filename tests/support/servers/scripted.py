"""
A visitor for servers that ask nothing: follows redirects like a browser, and reads the page it ends
on.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from dataclasses import dataclass

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a visit ended."""

    status: int
    url: str
    text: str


async def visit(url: str) -> Page:
    return await asyncio.to_thread(_visit, url)


def _visit(url: str) -> Page:
    # Whatever proxy the machine has is not for 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        reply = opener.open(url, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        reply = error
    with reply:
        return Page(status=reply.status or 0, url=reply.url, text=reply.read().decode())
