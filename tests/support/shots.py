"""
Takes pictures of the page that a sign-in ends on: `python -m tests.support.shots [FOLDER]` from the
root of the repository.

Four real sign-ins (done, denied, failed, stopped), each looked at in light, dark, on a phone and in
forced colours.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import async_playwright

from tests.support.servers.install import find_chromium

from .chromium import arguments
from .command import login
from .stage import TIMEOUT_S, running_stage

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

OUTCOMES = {"done": None, "denied": "access_denied", "failed": "server_error", "stopped": None}
"""What the server says of each: nothing, or an error."""
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "light": (DESKTOP, {}),
    "dark": (DESKTOP, {"color_scheme": "dark"}),
    "phone": (PHONE, {}),
    "phone-dark": (PHONE, {"color_scheme": "dark"}),
    "forced-colors": (DESKTOP, {"forced_colors": "active"}),
}
PLAIN = {"color_scheme": "light", "forced_colors": "none"}


async def shots(browser: Browser, folder: Path, *, scale: float) -> list[Path]:
    """Write a PNG for each outcome and look into *folder*, and give their paths."""
    taken = []
    for outcome in OUTCOMES:
        context = await browser.new_context(device_scale_factor=scale)
        tab = await context.new_page()
        with tempfile.TemporaryDirectory() as home:
            await sign_in(tab, outcome, Path(home))
        taken += [await _take(tab, look, folder / f"{outcome}-{look}.png") for look in LOOKS]
        await context.close()
    return taken


async def sign_in(tab: Page, outcome: str, home: Path) -> None:
    """Sign in, in *tab*, with one of `OUTCOMES`; its last page stays there."""
    with running_stage() as stage:
        stage.username, stage.error = "ada@example.com", OUTCOMES[outcome]
        async with login(*stage.flags(), "--no-browser", home=home) as command:
            page = await command.open_page()
            if outcome == "stopped":
                stage.may_exchange.clear()
                visit = asyncio.create_task(tab.goto(page))
                await asyncio.to_thread(stage.asked_for_tokens.wait, TIMEOUT_S)
                command.process.send_signal(signal.SIGTERM)
                await visit
            else:
                await tab.goto(page)
                await tab.wait_for_url("**/done/*")
            await command.outcome()


async def _take(tab: Page, look: str, path: Path) -> Path:
    size, media = LOOKS[look]
    await tab.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's own name for this dict is private
    await tab.emulate_media(**{**PLAIN, **media})
    await tab.screenshot(path=path)
    return path


async def main(folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=arguments()
        )
        for path in await shots(browser, folder, scale=2):
            sys.stdout.write(f"{path}\n")
        await browser.close()


if __name__ == "__main__":
    chosen = Path(sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp(prefix="loopback-auth-shots-"))
    chosen.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(chosen))
