"""
Takes the README's pictures from the real program: `python -m tests.support.pictures`, from the root
of the repository.

A shell on a terminal of its own runs the program against the testing server; what it wrote is drawn
by rich, and photographed by Chromium, as the page in the browser is.
"""

from __future__ import annotations

import asyncio
import tempfile
from io import StringIO
from pathlib import Path

from playwright.async_api import async_playwright
from rich.console import Console
from rich.text import Text

from loopback_auth.testing import AuthorizationServer, Client
from tests.support.servers.install import find_chromium

from .chromium import arguments
from .shell import shell
from .shots import sign_in

PICTURES = Path(__file__).parents[2] / ".github"
COLUMNS = 92
PORT = 4455
PROMPT = "\x1b[1;32m$\x1b[0m "
SESSION = (
    "loopback-auth login work",
    f'curl -sH "Authorization: Bearer $(loopback-auth token work)" http://127.0.0.1:{PORT}/api/me',
    "loopback-auth status work",
)
"""What is typed."""

_CONFIG = f"""\
[profiles.work]
issuer = "http://127.0.0.1:{PORT}"
client_id = "my-cli"
"""


def session(home: Path, port: int = PORT) -> str:
    """Return what a terminal shows after `SESSION`, colours and all; its files are in *home*."""
    config = home / ".config" / "loopback-auth"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(_CONFIG.replace(str(PORT), str(port)), "utf-8")
    shown = ""
    with (
        AuthorizationServer.running(port=port, clients=(Client(client_id="my-cli"),)),
        shell(home, columns=COLUMNS) as person,
    ):
        for typed in SESSION:
            words = typed.replace(str(PORT), str(port))
            shown += f"{PROMPT}\x1b[1m{words}\x1b[0m\n{person.type(words)}\n"
    return shown + PROMPT


def drawn(shown: str) -> str:
    """Return the SVG of a terminal that shows *shown*."""
    canvas = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    canvas.print(Text.from_ansi(shown))
    return canvas.export_svg(title="loopback-auth")


async def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        picture = drawn(await asyncio.to_thread(session, Path(home)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=arguments()
        )
        tab = await browser.new_page(viewport={"width": 940, "height": 430})
        await tab.set_content(f"<body style='margin: 0'>{picture}</body>")
        await tab.locator("svg").screenshot(path=PICTURES / "terminal.png", omit_background=True)
        with tempfile.TemporaryDirectory() as home:
            await sign_in(tab, "done", Path(home))
        await tab.set_viewport_size({"width": 940, "height": 470})
        await tab.screenshot(path=PICTURES / "page.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
