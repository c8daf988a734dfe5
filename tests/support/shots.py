"""
Takes pictures of the page that a sign-in ends on: `python -m tests.support.shots [FOLDER]` from the
root of the repository.

Three real sign-ins (done, denied, failed), each looked at in light, dark, on a phone and in forced
colours.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import async_playwright

from tests.support.servers.install import find_chromium

from .chromium import arguments
from .command import login
from .stage import running_stage

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

OUTCOMES = {"done": None, "denied": "access_denied", "failed": "server_error"}
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
    for outcome, error in OUTCOMES.items():
        context = await browser.new_context(device_scale_factor=scale)
        tab = await context.new_page()
        with tempfile.TemporaryDirectory() as home:
            await _sign_in(tab, error, Path(home))
        taken += [await _take(tab, look, folder / f"{outcome}-{look}.png") for look in LOOKS]
        await context.close()
    return taken


async def _sign_in(tab: Page, error: str | None, home: Path) -> None:
    with running_stage() as stage:
        stage.username, stage.error = "ada@example.com", error
        async with login(*stage.flags(), "--no-browser", home=home) as command:
            await tab.goto(await command.open_page())
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
