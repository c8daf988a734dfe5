"""
What a real browser sends to the callback besides the answer, and what other people's pages make it
send.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ..support.callback.client import query
from ..support.chromium import in_the_session_loop
from ..support.command import login

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

    from ..support.stage import Stage
    from ..support.stopwatch import Stopwatch

pytestmark = [pytest.mark.browser, in_the_session_loop]

LINK = '<a href="{answer}">continue</a>'


async def test_preconnect_favicon_and_idle_sockets_delay_nothing(
    stage: Stage, tab: Page, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CB-09: the server's page warms up connections, and a dozen more say nothing at all."""
    stage.authorize_page = (
        '<!doctype html><link rel="preconnect" href="{answer}"><link '
        'rel="dns-prefetch" href="{answer}">'
    ) + LINK
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        callback = urlsplit(await command.redirect_uri())
        address = (callback.hostname, callback.port)
        idle = [socket.create_connection(address) for _ in range(12)]
        began = stopwatch.seconds
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
        took_s = stopwatch.seconds - began
        for each in idle:
            each.close()

    assert ended.exit_code == 0
    assert took_s < 3


async def test_a_favicon_asked_for_at_the_callback_is_none_of_its_business(
    stage: Stage, tab: Page, tmp_path: Path
) -> None:
    """CB-06: another page of the same browser asks for it, before the answer comes."""
    stage.authorize_page = "<!doctype html>" + LINK
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        callback = urlsplit(await command.redirect_uri())
        other = await tab.context.new_page()
        asked = await other.goto(f"http://{callback.netloc}/favicon.ico")
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert asked is not None
    assert asked.status == 404
    assert ended.exit_code == 0


async def test_a_prefetch_of_the_right_answer_is_not_the_answer(
    stage: Stage, tab: Page, tmp_path: Path
) -> None:
    """CB-07: speculation rules fetch the link, code and state and all, before anybody clicks it."""
    rules = '{"prefetch": [{"source": "list", "urls": ["{answer}"]}]}'
    stage.authorize_page = f'<!doctype html><script type="speculationrules">{rules}</script>{LINK}'
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        stray = await command.event("stray")
        assert stage.exchanges == 0
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert "prefetch" in stray["reason"]
    assert ended.exit_code == 0
    assert stage.exchanges == 1


async def test_the_right_answer_as_a_part_of_another_page_is_not_the_answer(
    stage: Stage, context: BrowserContext, tmp_path: Path
) -> None:
    """
    CB-07: only a navigation that a person made counts, not an image, a frame, a style, a script or
    a fetch.
    """
    stage.authorize_page = "<!doctype html>" + LINK
    # Five addresses and not one, since a browser asks once for what it needs twice.
    parts = (
        '<img src="{answer}&part=1"><iframe src="{answer}&part=2"></iframe><link '
        'rel="stylesheet" href="{answer}&part=3">'
        '<script src="{answer}&part=4"></script><script>fetch("{answer}&part=5", '
        '{mode: "no-cors"})</script>'
    )
    stage.pages["/other"] = f'<!doctype html><link rel="icon" href="data:,">{parts}'
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        tab, other = await context.new_page(), await context.new_page()
        await tab.goto(await command.open_page())
        statuses = await statuses_of(other)
        await other.goto(f"{stage.issuer}/other", wait_until="networkidle")
        assert stage.exchanges == 0
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert {
        query(url)["part"]: status for url, status in statuses().items() if "part" in url
    } == dict.fromkeys("12345", 403)
    assert ended.events_named("stray")
    assert ended.exit_code == 0
    assert stage.exchanges == 1


async def statuses_of(tab: Page) -> Callable[[], dict[str, int]]:
    """
    Note how each request of *tab* is answered, also where the browser keeps the answer from the
    page that asked.
    """
    urls: dict[str, str] = {}
    statuses: dict[str, int] = {}
    session = await tab.context.new_cdp_session(tab)
    session.on(
        "Network.requestWillBeSent",
        lambda event: urls.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on(
        "Network.responseReceivedExtraInfo",
        lambda event: statuses.update({event["requestId"]: event["statusCode"]}),
    )
    await session.send("Network.enable")
    return lambda: {url: statuses[request] for request, url in urls.items() if request in statuses}


async def test_a_page_that_sends_the_browser_here_with_a_forged_answer_ends_nothing(
    stage: Stage, context: BrowserContext, tmp_path: Path
) -> None:
    """CB-08: real navigations, as any web page can make them, but without our state."""
    stage.authorize_page = "<!doctype html>" + LINK
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        tab, other = await context.new_page(), await context.new_page()
        await tab.goto(await command.open_page())
        for forged in (
            "error=access_denied",
            "error=access_denied&state=guessed",
            "code=x&state=guessed",
        ):
            stage.pages["/other"] = (
                f"<script>location = '{await command.redirect_uri()}?{forged}'</script>"
            )
            await other.goto(f"{stage.issuer}/other")
            await other.wait_for_url(f"**/callback?{forged}")
            assert "goes on" in await other.locator("main").inner_text()
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert stage.exchanges == 1


async def test_a_forged_form_post_ends_nothing(
    stage: Stage, context: BrowserContext, tmp_path: Path
) -> None:
    """CB-06: the callback takes a POST only when form_post was asked for."""
    stage.authorize_page = "<!doctype html>" + LINK
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        tab, other = await context.new_page(), await context.new_page()
        await tab.goto(await command.open_page())
        stage.pages["/other"] = (
            f'<form method="post" action="{await command.redirect_uri()}"><input '
            'name="error" value="access_denied">'
            "</form><script>document.forms[0].submit()</script>"
        )
        async with other.expect_response("**/callback") as answer:
            await other.goto(f"{stage.issuer}/other")
        assert (await answer.value).status == 405
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0


async def test_another_name_for_this_machine_is_not_served(
    stage: Stage, tab: Page, tmp_path: Path
) -> None:
    """
    CB-05: DNS rebinding makes a browser send a foreign Host to 127.0.0.1; so does `localhost` where
    it is not registered.
    """
    stage.authorize_page = "<!doctype html>" + LINK
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        other = await tab.context.new_page()
        shown = await other.goto(stage.answer.replace("127.0.0.1", "localhost"))
        assert stage.exchanges == 0
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert shown is not None
    assert shown.status == 421
    assert ended.exit_code == 0
