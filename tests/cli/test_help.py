"""`help`: topics, commands, and slips in either."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from ..support.command import run

if TYPE_CHECKING:
    from pathlib import Path


async def test_help_of_a_command_is_what_its_own_help_says(tmp_path: Path) -> None:
    by_topic = await run("help", "token", home=tmp_path)
    by_option = await run("token", "--help", home=tmp_path)
    assert (by_topic.exit_code, by_topic.stdout.strip()) == (0, by_option.stdout.strip())


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("trubleshooting", "troubleshooting"), ("lgin", "login"), ("Config", "config")],
)
async def test_a_slip_is_answered_with_a_command_that_works(
    slip: str, meant: str, tmp_path: Path
) -> None:
    said = await run("help", slip, home=tmp_path)
    assert said.exit_code == 2
    proposed = f"loopback-auth help {meant}"
    assert proposed in said.stderr
    assert (await run(*shlex.split(proposed)[1:], home=tmp_path)).exit_code == 0
