"""
`localhost` and ::1 as redirect hosts: a browser chooses the family, so both must be
ours or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ..support.chromium import in_the_session_loop
from ..support.command import login
from ..support.sockets import has_ipv6_loopback, is_free, is_released, listen

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.stage import Stage


pytestmark = [
    pytest.mark.browser,
    in_the_session_loop,
    pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1"),
]


@pytest.mark.parametrize("host", ["localhost", "[::1]"])
async def test_every_loopback_host_leads_the_browser_here(
    stage: Stage, tab: Page, tmp_path: Path, *, host: str
) -> None:
    flags = (*stage.flags(), "--redirect-uri", f"http://{host}:0/callback", "--no-browser")
    async with login(*flags, home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
        callback = urlsplit(await command.redirect_uri())

    assert ended.exit_code == 0
    assert callback.netloc == f"{host}:{callback.port}" == urlsplit(tab.url).netloc
    assert is_released(callback.port or 0)
    assert is_released(callback.port or 0, "::1")


async def test_both_families_of_localhost_are_held_while_waiting(
    stage: Stage, tmp_path: Path
) -> None:
    """CB-04: with one of them free, another program could take it and be sent the code."""
    flags = (*stage.flags(), "--redirect-uri", "http://localhost:0/callback", "--no-browser")
    async with login(*flags, home=tmp_path) as command:
        port = urlsplit(await command.redirect_uri()).port or 0

        assert not is_free(port)
        assert not is_free(port, "::1")


async def test_a_stranger_on_one_family_makes_localhost_unusable(
    stage: Stage, tmp_path: Path
) -> None:
    """
    CB-04: measured, Chromium gave the code to the program on ::1 while ours waited on
    127.0.0.1.
    """
    with listen("::1") as stranger:
        port = stranger.getsockname()[1]
        flags = (
            *stage.flags(),
            "--redirect-uri",
            f"http://localhost:{port}/callback",
            "--no-browser",
        )
        async with login(*flags, home=tmp_path) as command:
            ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (6, "port-in-use")
    assert not ended.events_named("open_page")
