"""The launch address: what `BROWSER` is started with, opened in a real browser."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.servers.scripted import visit

from ..support.callback.client import query
from ..support.chromium import in_the_session_loop
from ..support.command import login, no_token_file, token_file
from ..support.stand_in_browser import stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

    from ..support.chromium import Witness
    from ..support.stage import Stage

pytestmark = [
    pytest.mark.browser,
    in_the_session_loop,
    pytest.mark.skipif(
        sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
    ),
]


async def test_the_browser_is_started_on_a_local_address_that_leads_to_the_server(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """
    AQ-06: one argument, in which there is nothing but a host, a port and a number
    nobody can guess.
    """
    async with (
        stand_in(tmp_path) as (started, browser),
        login(*stage.flags(), home=tmp_path, more=browser) as command,
    ):
        address = await started.address()
        asked = query(await command.open_page())
        await tab.goto(address)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[A-Za-z0-9_-]{16,}", address)
    assert urlsplit(address).port == urlsplit(asked["redirect_uri"]).port
    assert not [
        value
        for value in (asked["state"], asked["code_challenge"], asked["nonce"])
        if value in address
    ]
    assert ended.exit_code == 0
    assert token_file(tmp_path)["access_token"] == "a-token"
    # Neither the launch address nor the callback stays behind the back button.
    assert await witness.history() == ["about:blank", tab.url]


async def test_a_launch_address_that_is_opened_twice_ends_the_login(
    stage: Stage, context: BrowserContext, tmp_path: Path
) -> None:
    """
    CB-16: whoever opened it first has state and challenge, and could send a code of
    their own.
    """
    stage.authorize_page = "<!doctype html><title>Sign in</title><p>the server's own page"
    async with (
        stand_in(tmp_path) as (started, browser),
        login(*stage.flags(), home=tmp_path, more=browser) as command,
    ):
        address = await started.address()
        await visit(address)
        tab = await context.new_page()
        shown = await tab.goto(address)
        ended = await command.outcome()

    assert shown is not None
    assert shown.status >= 400
    assert (ended.exit_code, ended.error["code"]) == (1, "launch-url-reused")
    assert stage.exchanges == 0
    assert no_token_file(tmp_path)
