"""
After the sign-in, at three servers that nobody here wrote: refresh, rotation, reuse, revocation,
sign-out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import login, no_token_file, run_process, token_file
from ..support.servers.stored import expire, refresh_by_hand, revoke_by_hand, sign_in, userinfo

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]

every_server = pytest.mark.parametrize(
    "name", ["oidc_provider", "django_oauth_toolkit", "canaille"]
)

ROUNDS, PROCESSES = 5, 12


@pytest.fixture
def server(name: str, request: pytest.FixtureRequest) -> Server:
    running: Server = request.getfixturevalue(name)
    return running


@every_server
async def test_rf_01_twelve_processes_in_five_rounds_refresh_once_a_round(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """
    RF-01: all get the one new token, the server takes it, and the family of refresh tokens is alive
    at the end.
    """
    stored = await sign_in(server, "public", tab, tmp_path)
    access_tokens, refresh_tokens = [stored["access_token"]], [stored["refresh_token"]]
    for _ in range(ROUNDS):
        expire(tmp_path)
        outcomes = await asyncio.gather(
            *(run_process("token", home=tmp_path) for _ in range(PROCESSES))
        )
        assert [(each.exit_code, each.stderr) for each in outcomes] == [(0, "")] * PROCESSES
        (printed,) = {each.stdout.strip() for each in outcomes}
        stored = token_file(tmp_path)
        assert stored["access_token"] == printed
        access_tokens.append(printed)
        refresh_tokens.append(stored["refresh_token"])
    assert len(set(access_tokens)) == ROUNDS + 1
    # All three rotate: one refresh too many in a round would have ended the family, or left another
    # token here.
    assert len(set(refresh_tokens)) == ROUNDS + 1
    assert userinfo(stored) == 200
    assert (await run_process("token", "--check", home=tmp_path)).stdout.strip() == stored[
        "access_token"
    ]
    assert stored["identity"]["name"] == server.username


@every_server
async def test_a_refresh_token_that_was_used_again_ends_the_sign_in_and_login_begins_the_next(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """RF-04: somebody else uses our refresh tokens; we say sign in, and keep the rest."""
    before = await sign_in(server, "public", tab, tmp_path)
    assert (await run_process("refresh", home=tmp_path)).exit_code == 0
    after = token_file(tmp_path)
    assert after["refresh_token"] != before["refresh_token"]
    status, answer = refresh_by_hand(server, "public", before)
    assert (status, answer["error"]) == (400, "invalid_grant")
    # Where the family lives on, this takes its last member, as the thief would; elsewhere it is
    # dead already.
    refresh_by_hand(server, "public", after)

    expire(tmp_path)
    refused = await run_process("token", "--json", home=tmp_path)
    assert (refused.exit_code, refused.document["error"]["code"]) == (4, "refresh-rejected")
    kept = token_file(tmp_path)
    assert kept["refresh_token"] is None
    assert (kept["client"], kept["server"], kept["settings"]) == (
        after["client"],
        after["server"],
        after["settings"],
    )
    # The profile remembers what a sign-in needs; the browser is still signed in at the server.
    async with login("--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await server.allow_again(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert ended.exit_code == 0
    assert token_file(tmp_path)["refresh_token"]


@every_server
async def test_rv_01_logout_ends_both_tokens_at_the_server(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """
    RV-01: a client with a secret proves itself, though its access token has long expired by our
    clock.
    """
    stored = await sign_in(server, "confidential", tab, tmp_path)
    assert userinfo(stored) == 200
    expire(tmp_path)
    ended = await run_process("logout", "--json", home=tmp_path)
    assert (ended.exit_code, ended.document["revocation"]) == (0, "revoked")
    assert no_token_file(tmp_path)
    assert userinfo(stored) in (401, 403)
    status, answer = refresh_by_hand(server, "confidential", stored)
    assert (status, answer["error"]) == (400, "invalid_grant")


@every_server
async def test_rv_02_a_local_logout_leaves_the_server_alone(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """RV-02: what was a copy elsewhere goes on working."""
    stored = await sign_in(server, "confidential", tab, tmp_path)
    assert (await run_process("logout", "--local", home=tmp_path)).exit_code == 0
    assert no_token_file(tmp_path)
    assert userinfo(stored) == 200
    assert refresh_by_hand(server, "confidential", stored)[0] == 200


@every_server
async def test_rf_07_a_token_revoked_behind_our_back_is_found_out_by_check(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """
    RF-07: the clock says it is good; the server is asked, and one refresh later there is one it
    takes, or the sign-in is over.
    """
    stored = await sign_in(server, "confidential", tab, tmp_path)
    assert revoke_by_hand(server, "confidential", stored) == 200
    assert userinfo(stored) in (401, 403)

    checked = await run_process("token", "--check", home=tmp_path)
    if checked.exit_code == 0:
        renewed = token_file(tmp_path)
        assert checked.stdout.strip() == renewed["access_token"] != stored["access_token"]
        assert userinfo(renewed) == 200
    else:
        # Some servers end the whole grant with its access token.
        assert (checked.exit_code, checked.stdout) == (4, "")
