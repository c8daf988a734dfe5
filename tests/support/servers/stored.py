"""
A sign-in as it is stored: got by the command, made to look old, and tried at the server by hand,
past the command.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..command import login, token_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.async_api import Page

    from .people import Server


async def sign_in(
    server: Server,
    client: str,
    tab: Page,
    home: Path,
    *flags: str,
    more: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """
    Sign in with flags, and give what is stored then; with *more* in the environment the secret is
    not piped in.
    """
    secret = server.secret(client) if more is None else None
    given = (*server.flags(client), *flags, "--no-browser")
    async with login(*given, home=home, secret=secret, more=more) as command:
        await tab.goto(await command.open_page())
        await server.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert ended.exit_code == 0
    return token_file(home)


def expire(home: Path, left: timedelta = timedelta(0)) -> None:
    """
    Let the stored access token be one of yesterday that has expired, or soon will, as far as our
    clock is concerned.
    """
    path, now = home / "tokens" / "default.json", datetime.now(UTC)
    times = {"obtained_at": now - timedelta(days=1), "expires_at": now + left}
    aged = {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in times.items()}
    path.write_text(json.dumps({**json.loads(path.read_text()), **aged}))


def ask(
    url: str, fields: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Do by hand what a thief or a curious person would."""
    body = urlencode(fields).encode() if fields else None
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own servers
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            request, timeout=20
        ) as reply:
            return reply.status, json.loads(reply.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else {}


def as_client(server: Server, client: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the fields and headers that prove the client."""
    client_id, secret = server.clients[client]["client_id"], server.secret(client)
    if secret is None:
        return {"client_id": client_id}, {}
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {}, {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


def refresh_by_hand(
    server: Server, client: str, stored: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    fields, headers = as_client(server, client)
    grant = {"grant_type": "refresh_token", "refresh_token": stored["refresh_token"], **fields}
    return ask(stored["server"]["token_endpoint"], grant, **headers)


def revoke_by_hand(server: Server, client: str, stored: dict[str, Any]) -> int:
    """Revoke the access token behind the command's back."""
    fields, headers = as_client(server, client)
    revoke = {"token": stored["access_token"], "token_type_hint": "access_token", **fields}
    return ask(stored["server"]["revocation_endpoint"], revoke, **headers)[0]


def userinfo(stored: dict[str, Any]) -> int:
    url = stored["server"]["userinfo_endpoint"]
    return ask(url, Authorization=f"Bearer {stored['access_token']}")[0]
