"""
The library's `access_token`: what it returns can be handed around, and it is of the server and
client that were meant.
"""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import Profile, Secret, TokenSet, access_token, from_settings
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import SignInNeeded

from ...support.stored import NEW, OLD, document, stored

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.scripted_server import ScriptedServer

CLIENT_SECRET = "the-client-secret"
SECRETS = (*OLD.values(), NEW["access_token"], CLIENT_SECRET)


async def tokens(store: FileStore, profile: Profile | str = "default", **options: Any) -> TokenSet:
    return await access_token(profile, store=store, transport=HttpTransport(timeout_s=5), **options)


def profile(**settings: Any) -> Profile:
    return from_settings("default", **settings)


def endpoints(server: ScriptedServer) -> dict[str, str]:
    return {
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
    }


@pytest.mark.parametrize("lasts_s", [-1, 600])
async def test_cl_02_what_access_token_returns_shows_no_secret(
    server: ScriptedServer, tmp_path: Path, lasts_s: float
) -> None:
    """
    CL-02: an f-string and a notebook's cell show nothing, and neither refresh token nor client
    secret goes along.
    """
    client = {"client_id": "the-client", "client_secret": CLIENT_SECRET}
    returned = await tokens(stored(tmp_path, server, lasts_s=lasts_s, client=client))

    assert isinstance(returned.access_token, Secret)
    assert returned.access_token.reveal() == (OLD if lasts_s > 0 else NEW)["access_token"]
    for shown in (
        f"Bearer {returned}",
        f"Bearer {returned.access_token}",
        repr(returned),
        str([returned]),
    ):
        assert not any(secret in shown for secret in SECRETS)
    assert not hasattr(returned, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(returned)


async def test_a_profile_of_the_server_that_issued_the_token_is_given_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    issuer = server.url("")
    there = {"issuer": issuer, **endpoints(server)}
    store = stored(tmp_path, server, lasts_s=600, server=there)
    for settings in (
        {"client_id": "the-client", **endpoints(server)},
        {"client_id": "the-client", "issuer": issuer},
        {"client_id": "the-client", "token_endpoint": server.url("/token")},
        {"issuer": issuer},
        {"client_id": "the-client"},
        {},
    ):
        assert (await tokens(store, profile(**settings))).access_token == Secret(
            OLD["access_token"]
        ), settings


@pytest.mark.parametrize("lasts_s", [-1, 600])
@pytest.mark.parametrize(
    "settings",
    [
        {"client_id": "another-client"},
        {"issuer": "https://id.example.com"},
        {"token_endpoint": "https://id.example.com/token"},
        {"authorization_endpoint": "https://id.example.com/authorize"},
        {"provider": "google"},
        {"provider": "salesforce", "login_url": "https://acme.my.salesforce.com"},
    ],
    ids=str,
)
async def test_a_token_of_another_server_or_client_is_refused(
    server: ScriptedServer, tmp_path: Path, settings: dict[str, Any], lasts_s: float
) -> None:
    """
    A program that was configured anew never sends the old server's token to the new
    one's API.
    """
    store = stored(tmp_path, server, lasts_s=lasts_s)
    before = store.load("default")

    with pytest.raises(SignInNeeded) as refused:
        await tokens(store, profile(**{"client_id": "the-client", **settings}))

    assert "default" in str(refused.value)
    assert not any(
        secret in f"{refused.value} {refused.value.cause} {refused.value.fix}" for secret in SECRETS
    )
    assert (server.asked("/token"), store.load("default")) == ([], before)


async def test_a_sign_in_elsewhere_while_we_wait_for_the_lock_is_refused_too(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Another process holds the profile, and what it stores is another client's."""
    store, taken, released = stored(tmp_path, server), threading.Event(), threading.Event()

    def other_process() -> None:
        with FileStore(str(tmp_path)).locked("default") as locked:
            taken.set()
            released.wait(10)
            locked.save(document(server, lasts_s=600, client={"client_id": "another-client"}))

    thread = threading.Thread(target=other_process)
    thread.start()
    await asyncio.to_thread(taken.wait)
    waiting = asyncio.create_task(
        tokens(store, profile(client_id="the-client", **endpoints(server)))
    )
    await asyncio.sleep(0.1)
    released.set()
    with pytest.raises(SignInNeeded):
        await waiting
    thread.join()


async def test_nobody_signed_in_is_reported_the_same_by_name_and_by_profile(
    server: ScriptedServer, tmp_path: Path
) -> None:
    messages = []
    for given in ("default", profile(client_id="the-client")):
        with pytest.raises(SignInNeeded) as needed:
            await tokens(FileStore(str(tmp_path)), given)
        messages.append(str(needed.value))
    assert messages[0] == messages[1]


async def test_a_profile_says_where_a_refresh_puts_the_tokens(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """As `login` does with the same profile."""
    store = stored(tmp_path, server)
    refreshed = await tokens(store, profile(client_id="the-client", storage="file"))
    assert refreshed.access_token == Secret(NEW["access_token"])
    assert store.location("default") == {"storage": "file"}
