"""Minting by the library: a profile of settings alone needs no sign-in."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import KeyUnusable, SignInNeeded, TokenError
from loopback_auth.flows.tokens.issued import access_token
from loopback_auth.oauth.jose.jwt import unverified_claims
from loopback_auth.oauth.secret import Secret
from loopback_auth.settings.resolve import from_settings

from ...support.salesforce_machines import rsa_key
from ...support.scripted_server import ScriptedServer, drop, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.oauth.token.reply import TokenSet
    from loopback_auth.settings.profile import Profile

PEM = (
    rsa_key()
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)
TOKEN = {"access_token": "minted", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer(TOKEN)
        yield running


def machine(server: ScriptedServer, **more: Any) -> Profile:
    settings = more or {"flow": "client-credentials", "client_secret": "s3cret"}
    endpoint = server.url("/token")
    return from_settings("ci", token_endpoint=endpoint, client_id="me", **settings)


async def token(profile: Profile | str, home: Path, **more: Any) -> TokenSet:
    transport = HttpTransport(timeout_s=5)
    return await access_token(profile, store=FileStore(str(home)), transport=transport, **more)


async def test_the_first_token_needs_no_login(server: ScriptedServer, tmp_path: Path) -> None:
    profile = machine(server)
    first = await token(profile, tmp_path)
    assert first.access_token == Secret("minted")
    own = {"client_id": "me", "client_secret": "s3cret"}
    assert server.requests[0].form == {"grant_type": "client_credentials", **own}
    await token(profile, tmp_path)
    await token("ci", tmp_path)
    assert len(server.requests) == 1


async def test_sixteen_tasks_mint_once(server: ScriptedServer, tmp_path: Path) -> None:
    profile = machine(server)
    await asyncio.gather(*(token(profile, tmp_path) for _ in range(16)))
    assert len(server.requests) == 1


async def test_a_name_alone_is_no_machine(tmp_path: Path) -> None:
    with pytest.raises(SignInNeeded):
        await token("ci", tmp_path)


async def test_each_try_signs_again(server: ScriptedServer, tmp_path: Path) -> None:
    """A server takes an assertion once; the answer to the first may be lost."""
    answers = iter([drop])

    def once(connection: Any) -> None:
        script = next(answers, None)
        if script is None:
            connection.socket.sendall(json_answer(TOKEN))
        else:
            script(connection)

    server.answers["/token"] = once
    profile = machine(server, flow="jwt-bearer", subject="ada", key_env="KEY")
    await token(profile, tmp_path, environ={"KEY": PEM})
    claims = [unverified_claims(Secret(request.form["assertion"])) for request in server.requests]
    assert [each["sub"] for each in claims] == ["ada", "ada"]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert claims[0]["exp"] - claims[0]["iat"] == 180


async def test_a_refused_mint_keeps_a_token_that_is_good_for_a_moment(
    server: ScriptedServer, tmp_path: Path
) -> None:
    profile = machine(server)
    server.answers["/token"] = json_answer({**TOKEN, "expires_in": 60})
    await token(profile, tmp_path)
    server.answers["/token"] = json_answer({"error": "invalid_client"}, status=401)
    assert (await token(profile, tmp_path, min_ttl_s=3000)).access_token == Secret("minted")
    with pytest.raises(TokenError):
        await token(profile, tmp_path, refused=Secret("minted"))
    stored = json.loads((tmp_path / "tokens" / "ci.json").read_text())
    assert stored["access_token"] == "minted"


@pytest.mark.parametrize("key", ["", "junk", PEM[: len(PEM) // 2], PEM.replace("A", "B")])
async def test_a_key_that_is_none_sends_nothing_and_shows_nothing(
    server: ScriptedServer, tmp_path: Path, key: str
) -> None:
    profile = machine(server, flow="jwt-bearer", subject="ada", key_env="KEY")
    with pytest.raises(KeyUnusable) as refused:
        await token(profile, tmp_path, environ={"KEY": key} if key else {})
    assert not server.requests
    assert key == "" or key not in repr(refused.value)
