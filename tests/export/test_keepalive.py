"""The units of `init --keepalive`, as the programs read them that run them."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from loopback_auth.export.keepalive import KINDS, keepalive

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "/home/ann o'hara/100%/loopback-auth"
WORDS = ["refresh", "--all", "--older-than", "10d"]


def test_launchd_reads_the_very_path() -> None:
    unit = plistlib.loads(keepalive("launchd", program=PROGRAM).encode())
    assert unit["ProgramArguments"] == [PROGRAM, *WORDS]


def test_cron_runs_the_very_path(tmp_path: Path) -> None:
    _, line = keepalive("cron", program="printf").splitlines()
    assert re.match(r"\d+ \d+ \* \* \* ", line)
    folder = tmp_path / "ann o'hara 100%"
    folder.mkdir()
    (folder / "loopback-auth").write_text('#!/bin/sh\necho "$@"\n')
    (folder / "loopback-auth").chmod(0o700)
    _, line = keepalive("cron", program=str(folder / "loopback-auth")).splitlines()
    # cron takes the backslash before % away.
    command = line.split(" ", 5)[5].replace("\\%", "%")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == WORDS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    service = keepalive("systemd", program="/bin/true").partition("# ~/.config")[2]
    service, _, timer = service.partition("# ~/.config")
    for name, text in (("service", service), ("timer", timer)):
        body = text[text.index("[Unit]") :]
        (tmp_path / f"loopback-auth.{name}").write_text(body)
    units = [str(tmp_path / f"loopback-auth.{name}") for name in ("service", "timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_says_where_it_belongs_and_holds_no_secret(kind: str) -> None:
    unit = keepalive(kind, program=PROGRAM)
    assert re.search(
        r"~/\.config/systemd|crontab -e|~/Library/LaunchAgents|\.github/workflows", unit
    )
    assert "%%" in unit or kind != "systemd"
