"""
A real headless Chromium: one for the whole run, a fresh context (cookies, history) for
each test.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.support.servers import install
from tests.support.servers.needs import need

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

# Sign-in pages import web fonts and style sheets. Nothing here may depend on, or wait for, the
# outside.
OFF_THE_NET = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE ::1"
)
TIMEOUT_MS = 15_000

# Playwright belongs to the event loop that started it, so every test with a tab runs in the
# session's.
in_the_session_loop = pytest.mark.asyncio(loop_scope="session")


def arguments() -> list[str]:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [OFF_THE_NET, "--disable-gpu", *(["--no-sandbox"] if as_root else [])]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    need(install.CHROMIUM)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=install.find_chromium(), args=arguments()
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tab(context: BrowserContext) -> Page:
    return await context.new_page()


class Witness:
    """Sees what one tab asks for and complains about."""

    def __init__(self, tab: Page) -> None:
        self._tab = tab
        self._requests: list[Request] = []
        self._messages: list[ConsoleMessage] = []
        # Functions of our own: Playwright cannot mark a built-in method as a handler.
        tab.on("request", lambda request: self._requests.append(request))  # noqa: PLW0108
        tab.on("console", lambda message: self._messages.append(message))  # noqa: PLW0108

    def complaints(self, origin: str) -> list[str]:
        """
        Give what the console says about pages of *origin*, such as a style that its own policy
        forbids.
        """
        return [
            said.text for said in self._messages if said.location.get("url", "").startswith(origin)
        ]

    def requests(self, origin: str) -> list[str]:
        return [request.url for request in self._requests if request.url.startswith(origin)]

    async def history(self) -> list[str]:
        """Give the addresses that the tab's back button and its session keep."""
        session = await self._tab.context.new_cdp_session(self._tab)
        answer = await session.send("Page.getNavigationHistory")
        return [entry["url"] for entry in answer["entries"]]


@pytest_asyncio.fixture(loop_scope="session")
async def witness(tab: Page) -> Witness:
    # Not a plain function: to listen to a tab is a call to its browser, and needs the loop.
    return Witness(tab)
