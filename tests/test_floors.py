"""What the program runs on is tested at the lowest versions that it allows (SC-01)."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_sc_01_each_requirement_has_a_floor_that_can_be_installed_alone() -> None:
    """SC-01: `scripts/check --lowest` installs these beside the newest tools of the tests."""
    floors = runpy.run_path(str(ROOT / "scripts" / "environment.py"))["floors"]
    pinned = floors((ROOT / "pyproject.toml").read_text("utf-8"))
    names = {requirement.partition("==")[0] for requirement in pinned}
    always = {"aiohttp", "platformdirs", "rich", "tomlkit", "truststore", "yarl"}
    assert names == {*always, "keyring", "segno"}
    for requirement in pinned:
        assert re.fullmatch(r"[a-z-]+==\d[\d.]*(; sys_platform != 'linux')?", requirement)
