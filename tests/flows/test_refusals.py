"""
What a refused refresh means: the provider's data says which refusals end a sign-in, and all others
keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import LoopbackAuthError, RefreshRefused, RefreshRejected, TokenError
from loopback_auth.flows.services import Services
from loopback_auth.flows.tokens.access_token import fresh_document
from loopback_auth.flows.tokens.freshness import is_refreshable

from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback_auth.edge.store.file_store import FileStore

PROVIDER = """
title = "Example"
register = "anywhere"

[server]
issuer = "https://id.example"

[refusals]
final = [ "token is dead", "bad_refresh_token" ]
keeps = [ "wrong network", "come back" ]
retry = [ "hiccup" ]
"""


def a_sign_in(
    home: Path, server: ScriptedServer, *, provider: str | None, **members: Any
) -> FileStore:
    """
    Store an expired sign-in at a server of the kind *provider*; `example` is described in a file of
    the user's.
    """
    (home / "providers").mkdir(mode=0o700, exist_ok=True)
    (home / "providers" / "example.toml").write_text(PROVIDER)
    return stored(home, server, settings={"provider": provider} if provider else {}, **members)


async def token(store: FileStore) -> Mapping[str, Any]:
    services = Services(store=store, transport=HttpTransport(timeout_s=5))
    return await fresh_document("default", services)


async def failure(store: FileStore) -> LoopbackAuthError:
    with pytest.raises(LoopbackAuthError) as caught:
        await token(store)
    return caught.value


def held(store: FileStore) -> dict[str, Any]:
    found = store.load("default")
    assert found is not None
    return found


def said(error: str, description: str = "") -> dict[str, str]:
    return {"error": error, **({"error_description": description} if description else {})}


KEPT, DROPPED = OLD["refresh_token"], None
# The provider; what the server says; the error; what is left of the refresh token; whether it
# counts as refused.
MEANINGS: dict[
    str, tuple[str | None, dict[str, str], type[LoopbackAuthError], str | None, bool]
] = {
    "no data: invalid_grant": (None, said("invalid_grant"), RefreshRejected, DROPPED, True),
    "no data: whatever it says": (
        None,
        said("invalid_grant", "wrong network"),
        RefreshRejected,
        DROPPED,
        True,
    ),
    "a provider without data": (
        "google",
        said("invalid_grant", "x"),
        RefreshRejected,
        DROPPED,
        True,
    ),
    "no data: another code": (None, said("invalid_scope"), TokenError, KEPT, False),
    "no data: a code of its own": (None, said("bad_refresh_token"), TokenError, KEPT, False),
    "no data: the client": (None, said("invalid_client"), TokenError, KEPT, False),
    "no data: a person is wanted": (
        None,
        said("interaction_required"),
        RefreshRejected,
        KEPT,
        True,
    ),
    "data: final": (
        "example",
        said("invalid_grant", "Token is dead."),
        RefreshRejected,
        DROPPED,
        True,
    ),
    "data: a final code": (
        "example",
        said("bad_refresh_token", "x"),
        RefreshRejected,
        DROPPED,
        True,
    ),
    "data: kept": ("example", said("invalid_grant", "WRONG  network"), RefreshRefused, KEPT, False),
    "data: neither": ("example", said("invalid_grant", "no reason"), RefreshRejected, KEPT, True),
    "data: no words": ("example", said("invalid_grant"), RefreshRejected, KEPT, True),
    "data: another code": ("example", said("invalid_scope", "x"), TokenError, KEPT, False),
    "data: the words under another code": (
        "example",
        said("busy", "come back"),
        RefreshRefused,
        KEPT,
        False,
    ),
}


@pytest.mark.parametrize("status", [400, 401, 200])
@pytest.mark.parametrize("name", MEANINGS)
async def test_rf_04_what_a_refusal_means_is_the_providers_data(
    server: ScriptedServer, tmp_path: Path, *, name: str, status: int
) -> None:
    """
    RF-04: a dead token goes and one that is not said to be dead stays; of a sign-in nothing else
    changes.
    """
    provider, answer, kind, left, is_refused = MEANINGS[name]
    server.answers["/token"] = json_answer(answer, status=status)
    store = a_sign_in(tmp_path, server, provider=provider)
    before = held(store)
    error = await failure(store)
    assert (type(error), error.exit_code) == (kind, 4 if kind is RefreshRejected else 7)
    assert answer["error"] in str(error)
    after = held(store)
    assert after["refresh_token"] == left
    assert is_refreshable(after) is (not is_refused)
    assert {name: after[name] for name in before if name != "refresh_token"} == {
        name: before[name] for name in before if name != "refresh_token"
    }
    if is_refused:
        assert error.fix.startswith("loopback-auth login default")
    assert len(server.asked("/token")) == 1


async def test_rf_04_a_token_that_counts_as_refused_is_asked_with_again_and_counts_no_longer(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-04: an administrator may have thrown a switch since."""
    server.answers["/token"] = json_answer(said("invalid_grant", "no reason"), status=400)
    store = a_sign_in(tmp_path, server, provider="example")
    await failure(store)
    assert not is_refreshable(held(store))
    server.answers["/token"] = json_answer(NEW)
    assert (await token(store))["access_token"] == NEW["access_token"]
    assert is_refreshable(held(store))
    assert "refused" not in held(store)


@pytest.mark.parametrize(
    "text", ["no toml at all [", "title = 1", PROVIDER + "\n[refusals.more]\n"]
)
async def test_a_provider_file_that_cannot_be_read_costs_no_token(
    server: ScriptedServer, tmp_path: Path, text: str
) -> None:
    """Nobody knows then which refusals are final."""
    server.answers["/token"] = json_answer(said("invalid_grant", "token is dead"), status=400)
    store = a_sign_in(tmp_path, server, provider="example")
    (tmp_path / "providers" / "example.toml").write_text(text)
    error = await failure(store)
    assert (type(error), held(store)["refresh_token"]) == (RefreshRejected, KEPT)


async def test_a_refusal_of_the_moment_leaves_a_token_that_is_still_good(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What is kept is used for as long as it lasts."""
    server.answers["/token"] = json_answer(said("invalid_grant", "wrong network"), status=400)
    store = a_sign_in(tmp_path, server, provider="example", lasts_s=30)
    assert (await token(store))["access_token"] == OLD["access_token"]


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(("hiccups", "asked", "works"), [(1, 2, True), (2, 2, False)])
async def test_rf_06_what_is_worth_a_second_request_gets_one(
    server: ScriptedServer, tmp_path: Path, *, status: int, hiccups: int, asked: int, works: bool
) -> None:
    """RF-06: once, with the same refresh token."""
    answers = [json_answer(said("hiccup", "try again"), status=status)] * hiccups + [
        json_answer(NEW)
    ]
    server.answers["/token"] = lambda connection: connection.socket.sendall(answers.pop(0))
    store = a_sign_in(tmp_path, server, provider="example")
    if works:
        assert (await token(store))["access_token"] == NEW["access_token"]
    else:
        error = await failure(store)
        assert (type(error), error.exit_code) == (TokenError, 7)
    assert [each.form["refresh_token"] for each in server.asked("/token")] == [KEPT] * asked
    assert held(store)["refresh_token"] == KEPT
