"""
The tutorial by hand, as one command: app set up, sign-in in Chromium, an API call; and the errors
that it ends with.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing.salesforce import APP, USER, Salesforce

from ..support.callback.client import query
from ..support.chromium import in_the_session_loop
from ..support.command import login, no_token_file, run_process, token_file
from ..support.sockets import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = [pytest.mark.browser, in_the_session_loop]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def salesforce(port: int) -> Iterator[Salesforce]:
    app = replace(APP, callback_urls=(f"http://localhost:{port}/OauthRedirect",))
    with Salesforce.running(apps=[app]) as running:
        yield running


def flags(salesforce: Salesforce, port: int) -> tuple[str, ...]:
    where = ("--provider", "salesforce", "--login-url", salesforce.login_url, "--port", str(port))
    return (*where, "--client-id", APP.client_id, "--no-browser")


async def sign_in(tab: Page, url: str, decision: str) -> None:
    """Sign in as the server's person and click *decision* on the consent page."""
    await tab.goto(url)
    await tab.fill("#username", USER.username)
    await tab.fill("#password", USER.password)
    await tab.click("#Login")
    await tab.click(decision)


async def test_one_login_then_the_api_answers(
    salesforce: Salesforce, port: int, tab: Page, tmp_path: Path
) -> None:
    """No code is copied, no %3D is fixed, no token is pasted into a header."""
    async with login(*flags(salesforce, port), home=tmp_path, secret=APP.client_secret) as command:
        await sign_in(tab, await command.open_page(), "#oaapprove")
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert ended.exit_code == 0
    assert USER.username in await tab.locator("main").inner_text()
    assert not query(tab.url)
    tokens = token_file(tmp_path)
    assert tokens["extra"]["instance_url"] == salesforce.my_domain()

    limits = await run_process("api", "/services/data/v65.0/limits", "-i", home=tmp_path)
    assert (limits.exit_code, " 200 " in limits.stdout.splitlines()[0]) == (0, True)
    assert json.loads(limits.stdout.split("\n\n", 1)[1])["DailyApiRequests"]["Max"] == 15000
    status = await run_process("status", home=tmp_path)
    assert f"Instance      {salesforce.my_domain()}\n" in status.stdout
    # "401 Session expired": the token ends, and nobody notices.
    for token in salesforce.state.access_tokens.values():
        token.revoked = True
    again = await run_process("api", "/services/data/v65.0/limits", home=tmp_path)
    assert (again.exit_code, len(salesforce.seen("token"))) == (0, 2)


async def test_denying_is_said_in_the_tab_and_in_the_terminal(
    salesforce: Salesforce, port: int, tab: Page, tmp_path: Path
) -> None:
    async with login(*flags(salesforce, port), home=tmp_path, secret=APP.client_secret) as command:
        await sign_in(tab, await command.open_page(), "#oadeny")
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert (ended.exit_code, ended.error["code"], no_token_file(tmp_path)) == (
        3,
        "access-denied",
        True,
    )
    # The same words in both places.
    # A command has a line of its own there, needs no mark after it, and what follows begins one.
    words = re.findall(r"\w+", (await tab.locator("main").inner_text()).lower())
    assert " ".join(re.findall(r"\w+", ended.error["fix"].lower())) in " ".join(words)


async def test_a_wrong_secret_is_explained_in_the_tab_too(
    salesforce: Salesforce, port: int, tab: Page, tmp_path: Path
) -> None:
    """The exchange fails after the browser came back; the tab must not say that all is well."""
    async with login(*flags(salesforce, port), home=tmp_path, secret="wrong") as command:
        await sign_in(tab, await command.open_page(), "#oaapprove")
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert (ended.exit_code, no_token_file(tmp_path)) == (7, True)
    assert "Consumer Key and Secret" in ended.error["fix"]
    # A command has a line of its own there, needs no mark after it, and what follows begins one.
    words = re.findall(r"\w+", (await tab.locator("main").inner_text()).lower())
    assert " ".join(re.findall(r"\w+", ended.error["fix"].lower())) in " ".join(words)


# What is wrong with the app, whether a sign-in page comes first, what the tab then says, and a part
# of the fix.
SHOWN: dict[str, tuple[dict[str, Any], bool, str, str]] = {
    "redirect_uri_mismatch": (
        {"callback_urls": ("http://localhost:1/callback",)},
        False,
        "redirect_uri_mismatch",
        "Callback URL",
    ),
    "an app made a minute ago": (
        {"active_from": time.time() + 600},
        False,
        "invalid_client_id",
        "doctor",
    ),
    "login.salesforce.com for a local app": (
        {"distribution": "local"},
        True,
        "OAUTH_EC_APP_NOT_FOUND",
        "my.salesforce.com",
    ),
    "an app that nobody installed": (
        {"kind": "connected", "installed": False},
        True,
        "invalid_client",
        "Connected Apps OAuth Usage",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_what_the_tab_alone_says_is_pasted_and_explained(
    salesforce: Salesforce, port: int, tab: Page, tmp_path: Path, *, name: str
) -> None:
    """
    Nothing comes back; the words on the page, line by line, end the login with the reason and the
    fix.
    """
    switches, signs_in, error, fix = SHOWN[name]
    app = next(iter(salesforce.state.apps.values()))
    salesforce.put(replace(app, require_secret_web=False, **switches))
    salesforce.state.errors_on_page = True
    words = (*flags(salesforce, port), "--no-preflight", "--paste")
    async with login(*words, home=tmp_path) as command:
        await tab.goto(await command.open_page())
        if signs_in:
            await tab.fill("#username", USER.username)
            await tab.fill("#password", USER.password)
            await tab.click("#Login")
        said = await tab.inner_text("body")
        assert error in said
        await command.paste(said)
        ended = await command.outcome()
    assert (ended.exit_code, no_token_file(tmp_path)) == (7, True)
    assert error in ended.error["message"]
    assert fix in ended.error["cause"] + ended.error["fix"]
    if "callback_urls" in switches:
        assert f"http://localhost:{port}/OauthRedirect" in ended.error["cause"] + ended.error["fix"]
