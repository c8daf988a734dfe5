"""ID-07: whose keys signed an ID token is never asked; a key set of any size costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback_auth import FileStore, HttpTransport, from_settings, login
from loopback_auth.testing import AuthorizationServer, Browser

if TYPE_CHECKING:
    from pathlib import Path


async def test_id_07_no_key_set_is_fetched_whatever_the_server_says_of_it(tmp_path: Path) -> None:
    """
    ID-07: the bound of two requests is kept with none: the TLS channel stands for the
    signature.
    """
    async with AuthorizationServer() as server:
        server.metadata = {**server.metadata, "jwks_uri": f"{server.issuer}/jwks"}
        settings = {"issuer": server.issuer, "client_id": "demo", "scope": "openid"}
        profile = from_settings("mine", **settings)
        store = FileStore(str(tmp_path))
        credential = await login(
            profile,
            store=store,
            transport=HttpTransport(environ={}),
            browser=Browser().visit,
            timeout_s=10,
        )
        asked = [request.endpoint for request in server.requests]

    assert credential.tokens.id_token is not None
    assert "token" in asked
    assert "jwks" not in asked
