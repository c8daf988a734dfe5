"""The pictures of the final page that the README and a reviewer look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.chromium import in_the_session_loop
from ..support.shots import LOOKS, OUTCOMES, shots

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, in_the_session_loop]


async def test_every_outcome_is_pictured_in_every_look(chromium: Browser, tmp_path: Path) -> None:
    """No two alike: a scheme that is not followed would give the same picture twice."""
    pictures = [path.read_bytes() for path in await shots(chromium, tmp_path, scale=1)]

    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert len(set(pictures)) == len(OUTCOMES) * len(LOOKS)
