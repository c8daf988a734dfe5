"""The pictures of the final page that the README and a reviewer look at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ..support.chromium import in_the_session_loop
from ..support.pictures import SESSION, drawn, session
from ..support.shots import LOOKS, OUTCOMES, shots
from ..support.sockets import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, in_the_session_loop]


async def test_every_outcome_is_pictured_in_every_look(chromium: Browser, tmp_path: Path) -> None:
    """No two alike: a scheme that is not followed would give the same picture twice."""
    pictures = [path.read_bytes() for path in await shots(chromium, tmp_path, scale=1)]

    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert len(set(pictures)) == len(OUTCOMES) * len(LOOKS)


async def test_the_readmes_terminal_is_the_program_s_own_in_colour(tmp_path: Path) -> None:
    shown = await asyncio.to_thread(session, tmp_path, free_port())

    for words in (
        "\x1b[1;32m✓",
        "Signed in as ada at 127.0.0.1",
        '"sub": "user-ada"',
        "expires in",
    ):
        assert words in shown
    assert shown.count("$\x1b[0m ") == len(SESSION) + 1
    assert "error" not in shown.lower()
    assert drawn(shown).startswith("<svg")
