"""`login` in CI: it stops at once where nobody would come, and goes on where somebody said so."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from ..support.command import login_here, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CI = {"CI": "true"}
# Nothing listens there, and nothing would have to.
SERVER = (
    *("--authorization-endpoint", "http://127.0.0.1:9/a"),
    *("--token-endpoint", "http://127.0.0.1:9/t"),
    *("--client-id", "app"),
)


@pytest.mark.parametrize("more", [CI, {"TF_BUILD": "True"}, {**CI, "DISPLAY": ":0"}])
async def test_cl_09_a_job_that_nobody_follows_is_not_kept_waiting(
    tmp_path: Path, more: Mapping[str, str]
) -> None:
    """CL-09: exit 4 at once, and where it says what to give the job."""
    began = time.monotonic()
    outcome = await run("login", "work", *SERVER, "--json", home=tmp_path, more=more)
    assert time.monotonic() - began < 5
    assert (outcome.exit_code, outcome.error["code"]) == (4, "unattended-sign-in")
    assert next(iter(more)) in outcome.error["message"]
    assert "loopback-auth help ci;" in outcome.error["fix"]
    assert "loopback-auth login work --no-browser" in outcome.error["fix"]
    assert outcome.events == []


@pytest.mark.parametrize(
    ("flags", "more"),
    [
        (("--no-browser",), CI),
        (("--paste",), CI),
        ((), {**CI, "BROWSER": sys.executable}),
        ((), {**CI, "LOOPBACK_AUTH_BROWSER": sys.executable}),
        ((), {"CI": "false"}),
    ],
)
async def test_who_says_how_the_answer_comes_is_waited_for(
    tmp_path: Path, flags: tuple[str, ...], more: Mapping[str, str]
) -> None:
    async with login_here(*SERVER, *flags, home=tmp_path, more=more) as command:
        assert (await command.open_page()).startswith("http://127.0.0.1:9/a?")


async def test_by_hand_and_in_two_steps_needs_nobody_yet(tmp_path: Path) -> None:
    outcome = await run("login", *SERVER, "--manual", home=tmp_path, more=CI)
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("http://127.0.0.1:9/a?")


@pytest.mark.parametrize("more", [{}, CI])
async def test_a_token_of_the_environment_is_all_that_is_needed(
    tmp_path: Path, more: Mapping[str, str]
) -> None:
    given = {**more, "LOOPBACK_AUTH_TOKEN": "canary"}
    outcome = await run("login", "--if-needed", home=tmp_path, more=given)
    assert outcome.exit_code == 0
    assert "LOOPBACK_AUTH_TOKEN is set" in outcome.stderr
    assert "canary" not in outcome.stdout + outcome.stderr
    outcome = await run("login", "--if-needed", "--json", home=tmp_path, more=given)
    assert outcome.document == {"version": 1, "profile": "default", "signed_in": True}
