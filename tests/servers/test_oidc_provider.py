"""
What only oidc-provider shows: form_post, odd credentials, any port and exact ports, prompt=consent
for a refresh token.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.chromium import in_the_session_loop
from tests.support.stand_in_browser import stand_in

from ..support.callback.client import query
from ..support.command import login, no_token_file, run_process, token_file
from ..support.sockets import is_released

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from tests.support.chromium import Witness

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


async def test_form_post_carries_the_code_in_a_body_and_never_in_an_address(
    oidc_provider: Server, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    profile = {
        "issuer": oidc_provider.issuer,
        "client_id": "public",
        "response_mode": "form_post",
    }
    settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in profile.items())
    (tmp_path / "config.toml").write_text(f"[profiles.work]\n{settings}", encoding="utf-8")

    async with login("work", "--no-browser", home=tmp_path) as command:
        url = await command.open_page()
        await tab.goto(url)
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert query(url)["response_mode"] == "form_post"
    assert ended.exit_code == 0
    assert token_file(tmp_path, "work")["access_token"]
    origin = f"http://{urlsplit(await command.redirect_uri()).netloc}/"
    assert not [address for address in witness.requests(origin) if "?" in address]


async def test_id_and_secret_full_of_special_characters_survive_http_basic(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """TX-03, RFC 6749 section 2.3.1: both are form-urlencoded before they are joined by a colon."""
    flags, secret = oidc_provider.flags("odd"), oidc_provider.secret("odd")
    async with login(*flags, "--no-browser", home=tmp_path, secret=secret) as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0


async def test_a_client_of_client_secret_post_is_served_when_asked_for(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    how = (
        "--token-endpoint-auth-method",
        "client_secret_post",
        "--client-secret-env",
        "SECRET_OF_THE_TEST",
    )
    secret = {"SECRET_OF_THE_TEST": oidc_provider.secret("post") or ""}
    async with login(
        *oidc_provider.flags("post"), *how, "--no-browser", home=tmp_path, more=secret
    ) as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0


async def test_a_wrong_secret_ends_with_7_and_a_page_that_says_failed(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """CB-13: the person allowed it, and still the page does not say "signed in"."""
    flags = oidc_provider.flags("confidential")
    async with login(*flags, "--no-browser", home=tmp_path, secret="not-the-secret") as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (7, "invalid-client")
    assert "failed" in (await tab.locator("h1").inner_text()).lower()
    assert "not-the-secret" not in ended.stdout + ended.stderr + await tab.content()
    assert no_token_file(tmp_path)


async def test_a_client_the_server_does_not_know_is_reported_in_the_browser_and_times_out_here(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """RB-07: such an error never comes back to us, so only the time limit can end the wait."""
    flags = ("--issuer", oidc_provider.issuer, "--client-id", "nobody")
    async with login(*flags, "--no-browser", "--timeout", "1s", home=tmp_path) as command:
        shown = await tab.goto(await command.open_page())
        assert shown is not None
        assert shown.status == 400
        assert "invalid_client" in await tab.content()
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (5, "login-timed-out")
    assert is_released(urlsplit(await command.redirect_uri()).port or 0)


async def test_a_port_that_is_not_registered_is_reported_in_the_browser_and_times_out_here(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    async with login(
        *oidc_provider.flags("exact"), "--no-browser", "--timeout", "1s", home=tmp_path
    ) as command:
        await tab.goto(await command.open_page())
        assert "redirect_uri" in await tab.content()
        ended = await command.outcome()

    assert ended.exit_code == 5


async def test_offline_access_is_asked_for_in_the_way_that_brings_a_refresh_token(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """
    OpenID Connect Core section 11: this server leaves offline_access out unless the request says
    prompt=consent.
    """
    async with login(*oidc_provider.flags("public"), "--no-browser", home=tmp_path) as command:
        url = await command.open_page()
        await tab.goto(url)
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    tokens = token_file(tmp_path)
    assert "offline_access" in query(url)["scope"].split()
    assert ended.exit_code == 0
    assert tokens["refresh_token"]
    assert "offline_access" in tokens["scope"].split()


async def test_from_sign_in_to_sign_out_on_one_fixed_port(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """
    The token works at the server; the same port serves the next login at once; logout leaves
    nothing behind.
    """
    port = oidc_provider.ports("exact")[0]
    flags = (
        *oidc_provider.flags("exact"),
        "--port",
        str(port),
        "--scope",
        "openid profile",
        "--no-browser",
    )
    async with login("work", *flags, home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        first = await command.outcome()
    # The browser is signed in by now: the server asks nothing and sends it straight back.
    async with login("work", *flags, home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        second = await command.outcome()
    assert (first.exit_code, second.exit_code) == (0, 0)

    printed = await run_process("token", "work", home=tmp_path)
    assert printed.stdout == token_file(tmp_path, "work")["access_token"] + "\n"
    assert subject(oidc_provider.issuer, printed.stdout.strip()) == oidc_provider.username

    report = await run_process("status", "work", "--json", home=tmp_path)
    assert report.exit_code == 0
    assert oidc_provider.issuer in report.stdout
    assert printed.stdout.strip() not in report.stdout

    assert (await run_process("logout", "work", "--local", home=tmp_path)).exit_code == 0
    assert no_token_file(tmp_path)
    assert (await run_process("token", "work", home=tmp_path)).exit_code == 4


def subject(issuer: str, access_token: str) -> str:
    """Ask the server who the bearer is."""
    headers = {"Authorization": f"Bearer {access_token}"}
    request = urllib.request.Request(f"{issuer}/me", headers=headers)  # noqa: S310 - our own server
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        request, timeout=10
    ) as reply:
        claims: dict[str, str] = json.load(reply)
    return claims["sub"]


async def test_endpoints_given_one_by_one_need_no_discovery(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    issuer = oidc_provider.issuer
    endpoints = (
        "--authorization-endpoint",
        f"{issuer}/auth",
        "--token-endpoint",
        f"{issuer}/token",
    )
    flags = (*endpoints, "--client-id", "public", "--scope", "openid profile")
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert token_file(tmp_path)["scope"] == "openid profile"


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)
async def test_the_launch_address_leads_a_real_browser_to_the_servers_own_pages(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """AQ-06: what `BROWSER` is started with, opened as that program would open it."""
    flags = oidc_provider.flags("public")
    async with (
        stand_in(tmp_path) as (started, browser),
        login(*flags, home=tmp_path, more=browser) as command,
    ):
        await tab.goto(await started.address())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert oidc_provider.username in await tab.locator("main").inner_text()
