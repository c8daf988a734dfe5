"""
The page that a sign-in ends on, in the browser that people have: true, clean, readable, and the
last thing that happens.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Error

from ..support.callback.client import query
from ..support.chromium import in_the_session_loop
from ..support.command import login, token_file
from ..support.sockets import is_released
from ..support.stage import TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from ..support.chromium import Witness
    from ..support.command import Outcome
    from ..support.stage import Stage
    from ..support.stopwatch import Stopwatch

pytestmark = [pytest.mark.browser, in_the_session_loop]


LOOKS: tuple[tuple[int, Literal["light", "dark"], Literal["none", "active"]], ...] = (
    (320, "light", "none"),
    (390, "dark", "none"),
    (1280, "light", "active"),
    (1280, "dark", "active"),
)


async def sign_in(stage: Stage, tab: Page, home: Path, *more: str) -> tuple[str, Outcome]:
    """Sign in and give the callback's origin and how the command ended."""
    async with login(*stage.flags(), "--no-browser", *more, home=home) as command:
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        origin = "http://" + urlsplit(await command.redirect_uri()).netloc
        return origin, await command.outcome()


async def test_the_code_is_in_no_address_that_stays_and_in_no_referrer(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """CB-15: one request carried it, the callback itself; not even a favicon comes after that."""
    origin, ended = await sign_in(stage, tab, tmp_path)

    assert ended.exit_code == 0
    assert [urlsplit(url).path.split("/")[1] for url in witness.requests(origin)] == [
        "callback",
        "done",
    ]
    assert not query(tab.url)
    assert not [url for url in await witness.history() if "the-code" in url]
    assert await tab.evaluate("document.referrer") == ""


@pytest.mark.parametrize("error", [None, "access_denied", "server_error"])
async def test_its_style_is_applied_and_its_policy_broken_by_nothing(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path, *, error: str | None
) -> None:
    """
    CB-11: a Content-Security-Policy that forbids the page's own style would show in the console and
    in black on white.
    """
    stage.error = error
    origin, ended = await sign_in(stage, tab, tmp_path)

    assert ended.exit_code == {None: 0, "access_denied": 3, "server_error": 7}[error]
    assert not [
        said
        for said in witness.complaints(origin)
        if "the server responded with a status" not in said
    ]
    assert (
        await tab.evaluate("getComputedStyle(document.querySelector('main')).borderTopLeftRadius")
        != "0px"
    )
    assert await tab.get_by_role("status").count() == 1
    assert "close this tab" in await tab.locator("main").inner_text()


async def test_it_says_the_same_without_javascript(
    stage: Stage, chromium: Browser, tmp_path: Path
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    tab = await context.new_page()
    _, ended = await sign_in(stage, tab, tmp_path)

    assert ended.exit_code == 0
    assert stage.username in await tab.locator("main").inner_text()
    await context.close()


async def test_it_fits_narrow_dark_and_forced_colours(
    stage: Stage, tab: Page, tmp_path: Path
) -> None:
    """
    Nothing has to be scrolled sideways, even with a name as long as some servers make them, and all
    of it can be read.
    """
    stage.username = (
        "a.person.whose.name.does.not.end@a-department.of-a-subsidiary.of-a-company.example"
    )
    _, ended = await sign_in(stage, tab, tmp_path)
    assert ended.exit_code == 0

    for width, scheme, forced in LOOKS:
        await tab.set_viewport_size({"width": width, "height": 844})
        await tab.emulate_media(color_scheme=scheme, forced_colors=forced)
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await contrast(tab) >= 4.5


async def contrast(tab: Page) -> float:
    """Give WCAG's contrast of the text against what it stands on."""
    colors = await tab.evaluate(
        "['color', 'backgroundColor'].map(name => "
        "getComputedStyle(document.querySelector('main'))[name])"
    )
    dark, light = sorted(luminance(color) for color in colors)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    shares = [int(part) / 255 for part in color.removeprefix("rgb(").rstrip(")").split(", ")]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_a_name_that_is_html_is_shown_and_not_obeyed(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """CB-12: whoever signs in chooses that name."""
    stage.username = (
        "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    )
    origin, _ = await sign_in(stage, tab, tmp_path)

    assert await tab.locator("main img").count() == 0
    assert "owned" not in await tab.title()
    assert "<img src=x" in await tab.locator("main").inner_text()
    assert not witness.complaints(origin)


async def test_reload_after_the_end_finds_nobody_and_sends_no_code(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """CB-14, CB-17: F5 asks for the clean address again, and nobody listens there any more."""
    origin, ended = await sign_in(stage, tab, tmp_path)
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        await tab.reload()

    assert ended.exit_code == 0
    assert stage.exchanges == 1
    assert len([url for url in witness.requests(origin) if "the-code" in url]) == 1


async def test_the_back_button_leads_past_the_callback(
    stage: Stage, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """
    CB-15: back is the server's own page; the address with the code was never a stop on
    the way.
    """
    stage.authorize_page = '<!doctype html><a href="{answer}">continue</a>'
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        url = await command.open_page()
        await tab.goto(url)
        await tab.get_by_role("link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert await witness.history() == ["about:blank", url, tab.url]
    await tab.go_back()
    assert tab.url == url
    assert stage.exchanges == 1


@asynccontextmanager
async def another_request_of(tab: Page) -> AsyncIterator[None]:
    """End the block no sooner than a further request of *tab* has left it for the wire."""
    session = await tab.context.new_cdp_session(tab)
    await session.send("Network.enable")
    sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session.once("Network.requestWillBeSentExtraInfo", lambda _: sent.set_result(None))
    yield
    async with asyncio.timeout(TIMEOUT_S):
        await sent


async def test_stopping_and_clicking_again_during_the_exchange_makes_no_second_exchange(
    stage: Stage, tab: Page, tmp_path: Path
) -> None:
    """
    CB-14, RB-11: nothing seems to happen, an impatient person presses Esc and clicks
    once more.
    """
    stage.authorize_page = '<!doctype html><a href="{answer}">continue</a>'
    stage.may_exchange.clear()
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.get_by_role("link").click(no_wait_after=True)
        await asyncio.to_thread(stage.asked_for_tokens.wait, TIMEOUT_S)
        await (await tab.context.new_cdp_session(tab)).send("Page.stopLoading")
        async with another_request_of(tab):
            await tab.get_by_role("link").click(no_wait_after=True)
        stage.may_exchange.set()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert stage.exchanges == 1
    assert stage.username in await tab.locator("main").inner_text()


async def test_the_same_answer_in_two_tabs_is_exchanged_once_and_both_are_informed(
    stage: Stage, tab: Page, chromium: Browser, tmp_path: Path
) -> None:
    """
    CB-14: in two windows that share no cache, since one cache would send it once and keep the other
    waiting.
    """
    stage.may_exchange.clear()
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        other = await chromium.new_page()
        first = asyncio.create_task(tab.goto(await command.open_page()))
        await asyncio.to_thread(stage.asked_for_tokens.wait, TIMEOUT_S)
        async with another_request_of(other):
            second = asyncio.create_task(other.goto(stage.answer))
        stage.may_exchange.set()
        await asyncio.gather(first, second)
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert stage.exchanges == 1
    for window in (tab, other):
        assert stage.username in await window.locator("main").inner_text()
    await other.close()


async def test_closing_the_tab_during_the_exchange_loses_no_tokens(
    stage: Stage, tab: Page, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """RB-11: the browser's going away cancels nothing, and nothing waits for it."""
    stage.may_exchange.clear()
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        gone = asyncio.create_task(tab.goto(await command.open_page()))
        await asyncio.to_thread(stage.asked_for_tokens.wait, TIMEOUT_S)
        await tab.close()
        with pytest.raises(Error):
            await gone
        began = stopwatch.seconds
        stage.may_exchange.set()
        ended = await command.outcome()
        took_s = stopwatch.seconds - began
        port = urlsplit(await command.redirect_uri()).port or 0

    assert ended.exit_code == 0
    assert took_s < 1.8
    assert token_file(tmp_path)["access_token"] == "a-token"
    assert is_released(port)


async def test_a_tab_that_is_open_when_the_command_is_stopped_is_informed(
    stage: Stage, tab: Page, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CL-07: Ctrl-C during the exchange ends the command within 2 s, and the page does not hang."""
    stage.may_exchange.clear()
    async with login(*stage.flags(), "--no-browser", home=tmp_path) as command:
        waiting = asyncio.create_task(tab.goto(await command.open_page()))
        await asyncio.to_thread(stage.asked_for_tokens.wait, TIMEOUT_S)
        began = stopwatch.seconds
        command.interrupt()
        ended = await command.outcome()
        took_s = stopwatch.seconds - began
        shown = await waiting

    assert ended.exit_code == 130
    assert took_s < 2
    assert shown is not None
    assert shown.status >= 400
    assert "stopped" in (await tab.locator("main").inner_text()).lower()
