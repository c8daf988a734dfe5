"""
A certificate of our own for an https callback, and who trusts it: made once a run, since keys take
their time.
"""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from loopback_auth.edge.callback.tls.authority import issue

from .pending_login import pending_login

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .client import Callback
    from .pending_login import PendingLogin


@cache
def issued() -> tuple[str, bytes]:
    """Return the pair and its authority in PEM."""
    pair, authority = issue(datetime.now(UTC), serial=0x5EC)
    return pair.reveal(), authority


@asynccontextmanager
async def secure_login(
    home: Path, redirect_uri: str = "https://localhost:0/callback", **options: Any
) -> AsyncIterator[tuple[PendingLogin, Callback]]:
    """Start a login with an https callback; give it, and its callback for who trusts it."""
    context = install(home)
    pair = str(home / "callback-cert" / "callback.pem")
    async with pending_login(
        home, redirect_uris=(redirect_uri,), callback_cert=pair, **options
    ) as pending:
        pending.endpoint.may_answer.set()
        callback = pending.callback
        callback.context = context
        yield pending, callback


def install(home: Path) -> ssl.SSLContext:
    """Put it where `callback-cert create` does, below *home*; return a client that trusts it."""
    pair, authority = issued()
    folder = home / "callback-cert"
    folder.mkdir(mode=0o700)
    for name, content in (("callback.pem", pair.encode()), ("ca.pem", authority)):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    return trusting(authority)


def trusting(authority: bytes) -> ssl.SSLContext:
    """Return a client that trusts *authority* alone, as strictly as Python can."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        context.load_verify_locations(cadata=authority.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context
