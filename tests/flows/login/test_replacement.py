"""
A sign-in to a profile that holds one already: whose place it takes, and what becomes of the old
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import AccountDiffers
from loopback_auth.notices import Warned

from ...support.exchange import TOKENS, issuing, sign_in
from ...support.scripted_server import ScriptedServer, json_answer
from ...support.stored import stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVIDER = """
title = "Few"
register = "there"
redirect_uris = ["http://127.0.0.1:0/callback"]
{limit}
[server]
authorization_endpoint = "{url}/authorize"
token_endpoint = "{url}/token"
revocation_endpoint = "{url}/revocation"
"""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        issuing(server)
        server.answers["/revocation"] = json_answer({})
        who(server, "ada-1", "ada")
        yield server


def who(server: ScriptedServer, subject: str, name: str) -> None:
    """Let *server* name that person from now on."""
    server.answers["/userinfo"] = json_answer({"sub": subject, "preferred_username": name})


def revoked(server: ScriptedServer) -> list[str]:
    return [asked.form["token"] for asked in server.asked("/revocation")]


ENDS = ("userinfo", "revocation")


async def test_id_06_another_account_does_not_take_the_place_of_the_one_held(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """ID-06: nothing is replaced, the new tokens are given back, and page and error say so."""
    await sign_in(server, tmp_path, *ENDS)
    issuing(server, access_token="bobs", refresh_token="bobs-refresh-token")
    who(server, "bob-1", "bob")
    ended = await sign_in(server, tmp_path, *ENDS)

    assert isinstance(ended.error, AccountDiffers)
    assert ended.error.exit_code == 2
    assert "holds ada, and bob signed in" in str(ended.error)
    assert "login default --switch-account" in ended.error.fix
    assert ended.page.status >= 400
    assert ended.stored is not None
    assert (ended.stored["access_token"], ended.stored["identity"]["name"]) == (
        TOKENS["access_token"],
        "ada",
    )
    assert revoked(server) == ["bobs-refresh-token"]


@pytest.mark.parametrize("agrees", [True, False])
async def test_id_06_who_is_asked_is_given_both_names(
    server: ScriptedServer, tmp_path: Path, *, agrees: bool
) -> None:
    """ID-06: and the answer counts."""
    await sign_in(server, tmp_path, *ENDS)
    who(server, "bob-1", "bob")
    asked = []

    async def may_switch(held: str, new: str) -> bool:
        asked.append((held, new))
        return agrees

    ended = await sign_in(server, tmp_path, *ENDS, may_switch=may_switch)
    assert asked == [("ada", "bob")]
    assert (ended.error is None) == agrees
    assert ended.stored is not None
    assert ended.stored["identity"]["name"] == ("bob" if agrees else "ada")


async def test_id_06_the_same_account_under_a_new_name_is_the_same(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """ID-06: the subject counts."""
    await sign_in(server, tmp_path, *ENDS)
    who(server, "ada-1", "countess")
    ended = await sign_in(server, tmp_path, *ENDS)
    assert ended.error is None
    assert ended.stored is not None
    assert ended.stored["identity"]["name"] == "countess"


@pytest.mark.parametrize(
    "other",
    [
        {"client": {"client_id": "another-client"}},
        {
            "server": {
                "authorization_endpoint": "https://b.example/a",
                "token_endpoint": "https://b.example/t",
            }
        },
        {"identity": None},
        {"token_type": None, "obtained_at": "yesterday"},
    ],
    ids=["another client", "another server", "nobody named", "damaged"],
)
async def test_id_06_accounts_compare_at_one_server_only(
    server: ScriptedServer, tmp_path: Path, *, other: dict[str, Any]
) -> None:
    """ID-06: a subject means something to the server that gave it."""
    stored(tmp_path, server, **other)
    who(server, "bob-1", "bob")
    assert (await sign_in(server, tmp_path, *ENDS)).error is None


async def test_a_sign_in_that_is_replaced_is_revoked_where_grants_are_few(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """After the new one is safe, with the refresh token, and it is said."""
    provider(tmp_path, server, "grants_per_user = 5")
    first = await sign_in(server, tmp_path, provider="few")
    assert revoked(server) == []
    issuing(server, refresh_token="the-second")
    second = await sign_in(server, tmp_path, provider="few")

    assert (first.error, second.error) == (None, None)
    assert revoked(server) == [TOKENS["refresh_token"]]
    warnings = [notice for notice in second.notices if isinstance(notice, Warned)]
    assert [notice.code for notice in warnings] == ["earlier-sign-in-revoked"]
    assert second.stored is not None
    assert second.stored["refresh_token"] == "the-second"


async def test_a_sign_in_whose_revocation_fails_is_replaced_all_the_same(
    server: ScriptedServer, tmp_path: Path
) -> None:
    provider(tmp_path, server, "grants_per_user = 5")
    await sign_in(server, tmp_path, provider="few")
    issuing(server, refresh_token="the-second")
    server.answers["/revocation"] = json_answer({}, status=503)
    second = await sign_in(server, tmp_path, provider="few")
    assert second.error is None
    assert "earlier-sign-in-not-revoked" in second.words


async def test_elsewhere_a_sign_in_that_is_replaced_is_left_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Two sign-ins of one browser session may share a grant: revoking the old would end the new."""
    provider(tmp_path, server, "")
    await sign_in(server, tmp_path, provider="few")
    issuing(server, refresh_token="the-second")
    await sign_in(server, tmp_path, provider="few")
    assert revoked(server) == []


async def test_a_refresh_token_that_came_again_is_not_revoked(
    server: ScriptedServer, tmp_path: Path
) -> None:
    provider(tmp_path, server, "grants_per_user = 5")
    await sign_in(server, tmp_path, provider="few")
    await sign_in(server, tmp_path, provider="few")
    assert revoked(server) == []


def provider(home: Path, server: ScriptedServer, limit: str) -> None:
    """Write a provider of the user's own."""
    (home / "providers").mkdir()
    text = PROVIDER.format(url=server.url(""), limit=limit)
    (home / "providers" / "few.toml").write_text(text)
