"""The launcher: which program, with which words - AQ-06, CL-09."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.browser import TEXT_BROWSERS, launch_command, open_browser
from loopback_auth.edge.environment import Surroundings, surroundings, way_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "http://127.0.0.1:4711/0123456789abcdef"
LINUX = Surroundings(platform="linux", display=True)
HEADLESS = Surroundings(platform="linux")


def having(*names: str) -> Callable[[str], str | None]:
    """A machine that has just these programs."""
    return lambda name: (
        name if name.startswith("/") and name in names else f"/usr/bin/{name}" if name in names else None
    )


TABLE = [
    (Surroundings(platform="win32", display=True), {}, (), ["start", URL]),
    (Surroundings(platform="darwin", display=True), {}, (), ["/usr/bin/open", URL]),
    (LINUX, {}, ("xdg-open", "firefox"), ["/usr/bin/xdg-open", URL]),
    (LINUX, {}, ("gio",), ["/usr/bin/gio", "open", URL]),
    (LINUX, {}, ("firefox",), ["/usr/bin/firefox", URL]),
    (LINUX, {}, (), None),
    (LINUX, {}, ("w3m", "lynx", "www-browser"), None),
    (HEADLESS, {}, ("xdg-open", "firefox", "w3m"), None),
    (Surroundings(platform="linux", wsl=True), {}, ("wslview",), ["/usr/bin/wslview", URL]),
    (
        Surroundings(platform="linux", wsl=True),
        {},
        ("rundll32.exe",),
        ["/usr/bin/rundll32.exe", "url.dll,FileProtocolHandler", URL],
    ),
    (Surroundings(platform="linux", wsl=True, display=True), {}, ("powershell.exe",), None),
    (HEADLESS, {"BROWSER": "firefox"}, ("firefox",), ["/usr/bin/firefox", URL]),
    (
        HEADLESS,
        {"BROWSER": "firefox --private-window %s"},
        ("firefox",),
        ["/usr/bin/firefox", "--private-window", URL],
    ),
    (HEADLESS, {"BROWSER": "firefox -P work"}, ("firefox",), ["/usr/bin/firefox", "-P", "work", URL]),
    (HEADLESS, {"BROWSER": "firefox %s &"}, ("firefox",), ["/usr/bin/firefox", URL]),
    (HEADLESS, {"BROWSER": "missing:firefox"}, ("firefox",), ["/usr/bin/firefox", URL]),
    (
        HEADLESS,
        {"BROWSER": "/opt/my browser:1/run"},
        ("/opt/my browser:1/run",),
        ["/opt/my browser:1/run", URL],
    ),
    (HEADLESS, {"BROWSER": "w3m"}, ("w3m",), None),
    (HEADLESS, {"BROWSER": "/usr/bin/lynx"}, ("/usr/bin/lynx",), None),
    (HEADLESS, {"BROWSER": "w3m:firefox"}, ("w3m", "firefox"), ["/usr/bin/firefox", URL]),
    (HEADLESS, {"BROWSER": 'firefox "'}, ("firefox",), None),
    (LINUX, {"BROWSER": "missing"}, ("xdg-open",), None),
]


@pytest.mark.parametrize(("around", "environ", "programs", "command"), TABLE)
def test_the_browser_is_chosen_aq_06_cl_09(
    around: Surroundings, environ: dict[str, str], programs: tuple[str, ...], command: list[str] | None
) -> None:
    """AQ-06, CL-09: an absolute program and the one-time address as one word; never a text browser; nothing without a display."""
    assert launch_command(URL, around=around, environ=environ, which=having(*programs)) == command


def test_a_browser_that_was_set_for_us_goes_before_the_environments() -> None:
    chosen = launch_command(URL, around=LINUX, environ={"BROWSER": "b"}, chosen="a", which=having("a", "b"))
    assert chosen == ["/usr/bin/a", URL]


HOSTILE = [
    "http://127.0.0.1:1/a&calc.exe",
    "http://127.0.0.1:1/$(id)",
    "http://127.0.0.1:1/`id`",
    "http://127.0.0.1:1/a b",
    "--help",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("around", [row[0] for row in TABLE[:4]])
def test_an_address_is_one_word_whatever_is_in_it_aq_06(url: str, around: Surroundings) -> None:
    """AQ-06: no shell stands between us and the browser; besides, our own addresses are letters, digits and slashes."""
    command = launch_command(url, around=around, environ={}, which=having("xdg-open"))
    assert command is not None
    assert command[-1] == url
    assert not any(word in ("sh", "cmd", "/c", "-c", "powershell") for word in command[:-1])


def test_a_browser_neither_blocks_us_nor_writes_on_our_streams(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A browser that stays until its window is closed, and says things, is none of our terminal's business."""
    fifo, script = tmp_path / "opened", tmp_path / "browser"
    script.write_text(
        f'#!/bin/sh\necho noise; echo noise >&2\nprintf %s "$1" > {fifo}.part && mv {fifo}.part {fifo}\nsleep 20\n'
    )
    script.chmod(0o755)

    assert open_browser(URL, chosen=str(script))

    while not fifo.exists():
        pass
    assert fifo.read_text() == URL
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_browser_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert not open_browser(URL, chosen=str(tmp_path / "missing"))


PLACES = [
    ({}, "linux", {"display": False, "ssh_server": ""}),
    ({"DISPLAY": ":0"}, "linux", {"display": True}),
    ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", {"display": True}),
    ({}, "darwin", {"display": True, "wsl": False}),
    ({}, "win32", {"display": True, "wsl": False}),
    ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, "linux", {"ssh_server": "10.0.0.2"}),
    ({"SSH_CONNECTION": "nonsense"}, "linux", {"ssh_server": ""}),
    ({"CODESPACES": "true"}, "linux", {"codespaces": True}),
    ({"WSL_DISTRO_NAME": "Debian"}, "linux", {"wsl": True}),
    ({"REMOTE_CONTAINERS": "true"}, "linux", {"container": True}),
]


@pytest.mark.parametrize(("environ", "platform", "facts"), PLACES)
def test_the_surroundings_are_recognised_cl_09(
    environ: dict[str, str], platform: str, facts: dict[str, object]
) -> None:
    """CL-09: SSH, containers, WSL, codespaces and missing displays are told apart."""
    around = surroundings(environ, platform)
    assert {name: getattr(around, name) for name in facts} == facts


WAYS = [
    (Surroundings(platform="linux", ssh_server="10.0.0.2"), "ssh -N -L 1717:localhost:1717 10.0.0.2"),
    (Surroundings(platform="linux", container=True), "--network host"),
    (Surroundings(platform="linux", codespaces=True), "forward port 1717"),
    (LINUX, ""),
]


@pytest.mark.parametrize(("around", "hint"), WAYS)
def test_the_way_in_from_elsewhere_is_told_cl_09(around: Surroundings, hint: str) -> None:
    """CL-09: the line to type on the person's own computer, with the port of this sign-in."""
    told = way_in(around, "http://localhost:1717/OauthRedirect")
    assert hint in told
    assert bool(told) == bool(hint)


def test_the_text_browsers_are_those_the_standard_library_would_start() -> None:
    assert {"www-browser", "links", "elinks", "lynx", "w3m"} <= TEXT_BROWSERS
