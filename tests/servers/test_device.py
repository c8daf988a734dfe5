"""DS-08: the device flow at two servers that nobody here wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import login, no_token_file, run, token_file

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


@pytest.fixture(params=["oidc_provider", "django_oauth_toolkit"])
def server(request: pytest.FixtureRequest) -> Server:
    running: Server = request.getfixturevalue(request.param)
    return running


async def test_ds_08_a_code_entered_in_a_browser_elsewhere_signs_in(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    async with login(*server.device_flags(), "--no-browser", home=tmp_path) as command:
        shown = await command.event("enter_code")
        await server.confirm(tab, shown)
        ended = await command.outcome()

    assert (ended.exit_code, ended.events[0]["event"]) == (0, "enter_code")
    assert shown["client_id"] == "device"
    assert shown["verification_uri"].startswith(server.issuer)
    stored = token_file(tmp_path)
    assert stored["identity"]["name"] == server.username
    assert stored["server"]["device_authorization_endpoint"].startswith(server.issuer)
    assert (await run("token", home=tmp_path)).stdout.strip() == stored["access_token"]
    if "refresh_token" in stored:
        assert (await run("refresh", home=tmp_path)).exit_code == 0


async def test_ds_08_a_no_ends_with_3_and_nothing_stored(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    async with login(*server.device_flags(), "--no-browser", home=tmp_path) as command:
        await server.confirm(tab, await command.event("enter_code"), allow=False)
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (3, "access-denied")
    assert no_token_file(tmp_path)


async def test_ds_08_a_code_typed_twice_signs_in_once(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    async with login(*oidc_provider.device_flags(), "--no-browser", home=tmp_path) as command:
        shown = await command.event("enter_code")
        await oidc_provider.confirm(tab, shown)
        await tab.goto(shown["verification_uri_complete"])
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert len(ended.events_named("saved")) == 1


async def test_rb_07_a_code_that_nobody_enters_ends_in_time(
    oidc_provider: Server, tmp_path: Path
) -> None:
    flags = (*oidc_provider.device_flags(), "--no-browser", "--timeout", "1s")
    async with login(*flags, home=tmp_path) as command:
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (5, "device-code-expired")


async def test_ctrl_c_ends_it_at_once(oidc_provider: Server, tmp_path: Path) -> None:
    async with login(*oidc_provider.device_flags(), "--no-browser", home=tmp_path) as command:
        await command.event("waiting")
        command.interrupt()
        ended = await command.outcome()

    assert ended.exit_code == 130
    assert no_token_file(tmp_path)
