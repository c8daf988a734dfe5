"""ID-07: whose keys signed an ID token is never asked; a key set of any size costs nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from loopback_auth import FileStore, HttpTransport, from_settings, login
from loopback_auth.testing import AuthorizationServer, Browser

if TYPE_CHECKING:
    from pathlib import Path


async def test_id_07_no_key_set_is_fetched_whatever_the_server_says_of_it(tmp_path: Path) -> None:
    """ID-07: the bound of two requests is kept with none: the TLS channel stands for the signature."""
    browser = Browser()
    visits: list[asyncio.Future[Any]] = []

    def visit(url: str) -> bool:
        visits.append(asyncio.get_running_loop().run_in_executor(None, browser.visit, url))
        return True

    async with AuthorizationServer() as server:
        server.metadata = {**server.metadata, "jwks_uri": f"{server.issuer}/jwks"}
        settings = {"issuer": server.issuer, "client_id": "demo", "scope": "openid"}
        profile = from_settings("mine", **settings)
        store = FileStore(str(tmp_path))
        credential = await login(
            profile, store=store, transport=HttpTransport(environ={}), browser=visit, timeout_s=10
        )
        assert (await visits[0]).status == 200
        asked = [request.endpoint for request in server.requests]

    assert credential.tokens.id_token is not None
    assert "token" in asked
    assert "jwks" not in asked
