"""
The cookies that programs on other ports of the loopback host have set: a browser brings
them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.chromium import in_the_session_loop
from ..support.command import login

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page, SetCookieParam

    from ..support.stage import Stage

pytestmark = [pytest.mark.browser, in_the_session_loop]


def cookies(count: int, octets: int) -> list[SetCookieParam]:
    return [
        {"name": f"n{number}", "value": "v" * octets, "domain": "127.0.0.1", "path": "/"}
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "octets"), [(3, 3_000), (15, 4_000)])
async def test_cb_10_a_browser_full_of_cookies_signs_in(
    stage: Stage, context: BrowserContext, tab: Page, tmp_path: Path, *, count: int, octets: int
) -> None:
    """CB-10: Jupyter, n8n and ComfyUI set such cookies; a port keeps nobody's cookies apart."""
    await context.add_cookies(cookies(count, octets))
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert not ended.events_named("stray")


async def test_cb_10_a_browser_with_more_cookies_than_fit_is_warned_and_signs_in_without_them(
    stage: Stage, context: BrowserContext, tab: Page, tmp_path: Path
) -> None:
    """
    CB-10: 180 of 4 KiB are all that Chromium keeps for a host; the refused visit
    consumes nothing.
    """
    stage.authorize_page = '<!doctype html><a href="{answer}">continue</a>'
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        # Set once the sign-in page is there: the stage's own server would refuse them, too.
        await tab.goto(await command.open_page())
        await context.add_cookies(cookies(180, 4_090))
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/callback?*")
        shown = await tab.locator("main").inner_text()
        stray = await command.event("stray")
        await context.clear_cookies()
        await tab.reload()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert "Clear the cookies of this host" in shown
    assert "64 KiB of headers" in stray["reason"]
    assert ended.exit_code == 0
    assert stage.exchanges == 1
