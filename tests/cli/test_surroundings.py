"""Places without a browser of their own: what `login_here` does there - CL-09."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.interaction.browser import TEXT_BROWSERS

from ..support.command import login_here

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SSH = {"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22", "SSH_TTY": "/dev/pts/0"}
FORWARD = "ssh -N -L {port}:127.0.0.1:{port} 10.0.0.2"

# The environment, and what of the hint is that place's own; `{port}` is the callback's.
SURROUNDINGS: dict[str, tuple[Mapping[str, str], str]] = {
    "SSH": (SSH, FORWARD),
    "SSH with a text browser chosen": ({**SSH, "BROWSER": "w3m"}, FORWARD),
    "SSH with a list of text browsers": ({**SSH, "BROWSER": "www-browser:links:lynx"}, FORWARD),
    "WSL": ({"WSL_DISTRO_NAME": "Debian"}, "{port}"),
    "WSL with a text browser chosen": ({"WSL_DISTRO_NAME": "Debian", "BROWSER": "lynx"}, "{port}"),
    "a codespace": ({"CODESPACES": "true"}, "forward port {port}"),
    "a codespace with a text browser chosen": (
        {"CODESPACES": "true", "BROWSER": "w3m %s"},
        "forward port {port}",
    ),
    "a dev container": ({"REMOTE_CONTAINERS": "true"}, '"forwardPorts": [{port}]'),
    "a container of systemd or podman": (
        {"container": "podman"},
        "docker run -p 127.0.0.1:{port}:{port}",
    ),
    "a container over SSH": ({"container": "podman", **SSH}, FORWARD),
    "no display": ({}, "{port}"),
    "no display, a text browser chosen": ({"BROWSER": "w3m"}, "{port}"),
    "a desktop with nothing but text browsers": ({"DISPLAY": ":99"}, ""),
}


def text_browsers_alone(folder: Path) -> str:
    """
    A PATH of browsers that leave a trace when they are started, each a text browser, under each
    name that is looked for.
    """
    folder.mkdir()
    program = folder / "w3m"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {folder}/started\n')
    program.chmod(0o755)
    for name in (TEXT_BROWSERS - {"w3m"}) | {"x-www-browser", "sensible-browser", "xdg-open"}:
        (folder / name).symlink_to("w3m")
    return str(folder)


def started(folder: Path) -> list[str]:
    trace = folder / "started"
    return trace.read_text().splitlines() if trace.exists() else []


async def opened_page(home: Path, more: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the events that tell the address and that no browser was opened."""
    flags = (
        "--authorization-endpoint",
        "http://127.0.0.1:9/a",
        "--token-endpoint",
        "http://127.0.0.1:9/t",
    )
    async with login_here(*flags, "--client-id", "app", home=home, more=more) as command:
        return await command.event("open_page"), await command.event("browser_not_opened")


@pytest.mark.slow_cases
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are places of Linux")
@pytest.mark.parametrize(("environ", "hint"), SURROUNDINGS.values(), ids=SURROUNDINGS)
async def test_cl_09_no_text_browser_is_started_and_the_way_in_is_reported(
    tmp_path: Path, environ: Mapping[str, str], hint: str
) -> None:
    """
    CL-09: the address is shown, with how to reach the callback from elsewhere, and no child process
    is there.
    """
    browsers = tmp_path / "bin"
    page, without = await opened_page(tmp_path, {"PATH": text_browsers_alone(browsers), **environ})
    port = page["redirect_uri"].split(":")[2].split("/")[0]
    assert page["url"].startswith("http://127.0.0.1:9/a?")
    assert hint.replace("{port}", port) in without["hint"]
    assert (without["takes_paste"], without["deliver_to"]) == (False, "default")
    assert started(browsers) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this is a trace of Linux")
def test_a_text_browser_that_is_started_would_be_seen(tmp_path: Path) -> None:
    """The stand-ins of the test above do leave their trace."""
    browsers = tmp_path / "bin"
    text_browsers_alone(browsers)
    subprocess.run([str(browsers / "lynx"), "http://x"], check=True)
    assert started(browsers) == [f"{browsers}/lynx http://x"]
