"""
Tokens that run out, families that are revoked, servers that are away or come back empty: at servers
that nobody here wrote.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import login, no_token_file, run_process, token_file
from ..support.servers.own import OwnServer
from ..support.servers.stored import expire, refresh_by_hand, sign_in, userinfo
from .conftest import callback_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from playwright.async_api import Page

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]

every_server = pytest.mark.parametrize(
    "name", ["oidc_provider", "django_oauth_toolkit", "canaille"]
)

SHORT_S = 4
REFUSED = (401, 403)


@pytest.fixture
def own(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    address, *registered = callback_ports(2)[1:]
    log = tmp_path_factory.mktemp("own") / f"{name}.log"
    server = OwnServer(name, ["--port", address, *registered], log)
    yield server
    server.stop()


async def until_refused(stored: dict[str, Any]) -> None:
    """Wait until the server itself takes the token no more."""
    async with asyncio.timeout(10 * SHORT_S):
        while await asyncio.to_thread(userinfo, stored) not in REFUSED:  # noqa: ASYNC110 - no event for this
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("name", "options"), [("oidc_provider", ()), ("django_oauth_toolkit", ("--reuse-protection",))]
)
async def test_rf_01_a_token_that_ran_out_is_replaced_and_a_thief_with_the_old_one_ends_it_all(
    own: OwnServer, tab: Page, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """
    RF-01, RF-04: the new pair is stored and works; RFC 9700 section 4.14.2: reuse of the old one
    revokes the new one too.
    """
    server = own.start("--access-ttl", str(SHORT_S), *options)
    before = await sign_in(server, "public", tab, tmp_path)
    await until_refused(before)
    printed = await run_process("token", home=tmp_path)
    after = token_file(tmp_path)
    assert (printed.exit_code, printed.stdout.strip()) == (0, after["access_token"])
    assert userinfo(after) == 200
    assert after["refresh_token"] not in (None, before["refresh_token"])
    assert (after["identity"], after["scope"]) == (before["identity"], before["scope"])

    assert refresh_by_hand(server, "public", before)[0] == 400
    ended = await run_process("token", "--refresh", "--json", home=tmp_path)
    assert (ended.exit_code, ended.error["code"]) == (4, "refresh-rejected")
    assert token_file(tmp_path) == {**after, "refresh_token": None, "refused": True}


@pytest.mark.parametrize("name", ["canaille"])
async def test_rf_08_a_refresh_token_that_ends_with_its_access_token_asks_for_a_sign_in(
    own: OwnServer, tab: Page, tmp_path: Path
) -> None:
    """
    RF-08: Canaille gives both one lifetime, so only a refresh that comes before the expiry is of
    use there.
    """
    stored = await sign_in(own.start("--access-ttl", str(SHORT_S)), "public", tab, tmp_path)
    await until_refused(stored)
    late = await run_process("token", "--json", home=tmp_path)
    assert (late.exit_code, late.error["code"]) == (4, "refresh-rejected")
    assert token_file(tmp_path) == {**stored, "refresh_token": None, "refused": True}


@every_server
async def test_rf_06_a_server_that_is_away_costs_nothing_and_one_that_forgot_us_a_sign_in(
    own: OwnServer, tab: Page, tmp_path: Path
) -> None:
    """
    RF-06, RF-04: no answer deletes nothing; a good token is handed out meanwhile; after a restart
    that lost all, exit 4 and the command to type.
    """
    stored = await sign_in(own.start(), "public", tab, tmp_path)
    own.stop()
    expire(tmp_path, timedelta(seconds=50))
    spare = await run_process("token", home=tmp_path)
    assert (spare.exit_code, spare.stdout.strip()) == (0, stored["access_token"])
    assert "not refreshed" in spare.stderr
    expire(tmp_path)
    expired = token_file(tmp_path)
    away = await run_process("token", "--json", home=tmp_path)
    assert (away.exit_code, away.error["code"]) == (7, "connection-failed")
    assert token_file(tmp_path) == expired

    server = own.start()
    forgotten = await run_process("token", "--json", home=tmp_path)
    assert (forgotten.exit_code, forgotten.error["code"]) == (4, "refresh-rejected")
    assert "loopback-auth login default" in forgotten.error["fix"]
    assert token_file(tmp_path) == {**expired, "refresh_token": None, "refused": True}
    await tab.context.clear_cookies()
    async with login("--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await server.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        assert (await command.outcome()).exit_code == 0

    own.stop()
    ended = await run_process("logout", "--json", home=tmp_path)
    assert (ended.exit_code, ended.document["revocation"]) == (7, "failed")
    assert no_token_file(tmp_path)
