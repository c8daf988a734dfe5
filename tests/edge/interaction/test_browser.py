"""The launcher: which program, with which words - AQ-06, CL-09."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.browser import TEXT_BROWSERS, launch_command, open_browser
from loopback_auth.edge.interaction.environment import Surroundings, without_variables
from loopback_auth.edge.process.child import inheritable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "http://127.0.0.1:4711/0123456789abcdef"
LINUX = Surroundings(platform="linux", display=True)
HEADLESS = Surroundings(platform="linux")

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="the program is a script with a #! line, or a link"
)


def having(*names: str) -> Callable[[str], str | None]:
    """A machine that has just these programs."""
    return lambda name: (
        name
        if name.startswith("/") and name in names
        else f"/usr/bin/{name}"
        if name in names
        else None
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
    (Surroundings(platform="win32", ssh_server="10.0.0.2"), {}, (), None),
    (Surroundings(platform="darwin", ssh_server="10.0.0.2"), {}, (), None),
    (Surroundings(platform="linux", wsl=2, ssh_server="10.0.0.2"), {}, ("wslview",), None),
    (Surroundings(platform="linux", wsl=2), {}, ("wslview",), ["/usr/bin/wslview", URL]),
    (
        Surroundings(platform="linux", wsl=1),
        {},
        ("rundll32.exe",),
        ["/usr/bin/rundll32.exe", "url.dll,FileProtocolHandler", URL],
    ),
    (Surroundings(platform="linux", wsl=2, display=True), {}, ("powershell.exe",), None),
    (HEADLESS, {"BROWSER": "firefox"}, ("firefox",), ["/usr/bin/firefox", URL]),
    (
        HEADLESS,
        {"BROWSER": "firefox --private-window %s"},
        ("firefox",),
        ["/usr/bin/firefox", "--private-window", URL],
    ),
    (
        HEADLESS,
        {"BROWSER": "firefox -P work"},
        ("firefox",),
        ["/usr/bin/firefox", "-P", "work", URL],
    ),
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
    around: Surroundings,
    environ: dict[str, str],
    programs: tuple[str, ...],
    command: list[str] | None,
) -> None:
    """
    AQ-06, CL-09: an absolute program and the one-time address as one word; never a text browser;
    nothing without a display.
    """
    assert launch_command(URL, around=around, environ=environ, which=having(*programs)) == command


def test_a_browser_that_was_set_for_us_goes_before_the_environments() -> None:
    chosen = launch_command(
        URL, around=LINUX, environ={"BROWSER": "b"}, chosen="a", which=having("a", "b")
    )
    assert chosen == ["/usr/bin/a", URL]


HOSTILE = [
    "http://127.0.0.1:1/a&calc.exe",
    "http://127.0.0.1:1/$(id)",
    "http://127.0.0.1:1/`id`",
    "http://127.0.0.1:1/a b",
    "--help",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("around", [row[0] for row in TABLE[:3]])
def test_an_address_is_one_word_whatever_is_in_it_aq_06(url: str, around: Surroundings) -> None:
    """
    AQ-06: no shell stands between us and the browser; besides, our own addresses are letters,
    digits and slashes.
    """
    command = launch_command(url, around=around, environ={}, which=having("xdg-open"))
    assert command is not None
    assert command[-1] == url
    assert not any(word in ("sh", "cmd", "/c", "-c", "powershell") for word in command[:-1])


BROWSER = """#!{python}
import json, os, sys, socket
print("noise", flush=True)
print("noise", file=sys.stderr, flush=True)
with socket.create_connection(("127.0.0.1", {port})) as test:
    said = {{"words": sys.argv[1:], "read": sys.stdin.read(), "session": os.getsid(0)}}
    test.sendall(json.dumps(said).encode() + b"\\n")
    # Open until the test is over.
    test.recv(1)
"""
TIMEOUT_S = 20


@posix
def test_aq_06_a_browser_neither_blocks_us_nor_shares_our_terminal(tmp_path: Path) -> None:
    """
    AQ-06: it stays until its window is closed, says and reads things, and is started without a
    shell in between.
    """
    url, program = URL + "?a&b;$(id)`id` c", tmp_path / "a browser"
    opens = (
        "import sys; from loopback_auth.edge.interaction.browser import open_browser;"
        " print(open_browser(sys.argv[1], chosen=sys.argv[2]))"
    )
    with socket.create_server(("127.0.0.1", 0)) as test:
        test.settimeout(TIMEOUT_S)
        program.write_text(
            BROWSER.format(python=sys.executable, port=test.getsockname()[1]), encoding="utf-8"
        )
        program.chmod(0o755)
        ours = subprocess.run(
            (sys.executable, "-W", "default", "-c", opens, url, str(program)),
            input="typed on our terminal",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        with test.accept()[0] as browser, browser.makefile("r", encoding="utf-8") as says:
            browser.settimeout(TIMEOUT_S)
            report = json.loads(says.readline())

    assert (ours.stdout, ours.stderr, ours.returncode) == ("True\n", "", 0)
    assert (report["words"], report["read"]) == ([url], "")
    assert report["session"] != os.getsid(0)


SHOWS = """#!{python}
import json, os, socket
with socket.create_connection(("127.0.0.1", {port})) as test:
    test.sendall(json.dumps(dict(os.environ)).encode() + b"\\n")
"""


@posix
def test_cl_02_a_browser_inherits_nothing_of_ours(tmp_path: Path) -> None:
    """
    CL-02: what keeps running after us, and runs other people's pages, has no use for a client's
    secret or a token.
    """
    given = {
        "LOOPBACK_AUTH_CLIENT_SECRET": "canary",
        "LOOPBACK_AUTH_TOKEN": "canary",
        "loopback_auth_token": "canary",
        "LOOPBACK_AUTH_PARAMETERS": "a=canary",
        "ACME_SECRET": "canary",
        "ACME_OTHER": "as it was",
        "DISPLAY": ":0",
    }
    program = tmp_path / "browser"
    opens = (
        "import os, sys; from loopback_auth.edge.interaction.browser import open_browser;"
        " was = open_browser(sys.argv[1], chosen=sys.argv[2], withheld=['ACME_SECRET', None]);"
        " print(was, *sorted(os.environ))"
    )
    with socket.create_server(("127.0.0.1", 0)) as test:
        test.settimeout(TIMEOUT_S)
        program.write_text(SHOWS.format(python=sys.executable, port=test.getsockname()[1]), "utf-8")
        program.chmod(0o755)
        ours = subprocess.run(
            (sys.executable, "-c", opens, URL, str(program)),
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        with test.accept()[0] as browser, browser.makefile("r", encoding="utf-8") as says:
            inherited = json.loads(says.readline())
    assert "canary" not in inherited.values()
    assert (inherited["ACME_OTHER"], inherited["DISPLAY"], inherited["PATH"]) == (
        "as it was",
        ":0",
        os.environ["PATH"],
    )
    # Our own environment is as it was.
    assert given.keys() <= set(ours.stdout.split())


def test_cl_02_what_hands_on_our_own_environment_finds_it_reduced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CL-02: ShellExecute takes no environment to give."""
    monkeypatch.setenv("LOOPBACK_AUTH_TOKEN", "canary")
    before = dict(os.environ)
    with without_variables(os.environ.keys() - inheritable(os.environ).keys()):
        assert "LOOPBACK_AUTH_TOKEN" not in os.environ
        assert "PATH" in os.environ
    assert dict(os.environ) == before


@posix
def test_aq_06_a_browser_that_cannot_be_run_is_none(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/no/such/interpreter\n", encoding="ascii")
    program.chmod(0o755)
    assert not open_browser(URL, chosen=str(program))


@posix
@pytest.mark.parametrize(
    ("link", "program"), [("x-www-browser", "w3m"), ("xdg-open", "lynx"), ("lynx", "lynx.cur")]
)
def test_cl_09_a_text_browser_is_known_behind_a_link_too(
    tmp_path: Path, link: str, program: str
) -> None:
    """CL-09: Debian's alternatives are links to links."""
    (tmp_path / program).touch()
    (tmp_path / link).symlink_to(tmp_path / program)

    def which(name: str) -> str | None:
        return str(tmp_path / name) if name == link else None

    assert launch_command(URL, around=LINUX, environ={}, which=which) is None
    assert launch_command(URL, around=LINUX, environ={"BROWSER": link}, which=which) is None


def test_a_browser_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert not open_browser(URL, chosen=str(tmp_path / "missing"))


def test_the_text_browsers_are_those_the_standard_library_would_start() -> None:
    assert {"www-browser", "links", "elinks", "lynx", "w3m"} <= TEXT_BROWSERS


NO_CHILD_IS_LEFT = """
import os, signal, sys, threading, time
from loopback_auth.edge.interaction.browser import open_browser

before = signal.getsignal(signal.SIGCHLD)
for _ in range(3):
    assert open_browser("http://127.0.0.1:1/", chosen=sys.argv[1])
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    try:
        # Looked at only: the one who has to collect them is not us.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        break
    time.sleep(0.02)
else:
    sys.exit("a browser that has ended is still there")
assert signal.getsignal(signal.SIGCHLD) is before
while threading.active_count() > 1 and time.monotonic() < deadline:
    time.sleep(0.02)
print(threading.active_count(), "thread")
"""


@posix
def test_rb_10_a_browser_that_has_ended_leaves_no_zombie(tmp_path: Path) -> None:
    """
    RB-10: a program that signs in for years has as many children as windows are open, and no thread
    without one.
    """
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\nexit 3\n", encoding="ascii")
    program.chmod(0o755)
    done = subprocess.run(
        (sys.executable, "-W", "error", "-c", NO_CHILD_IS_LEFT, str(program)),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S * 3,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 thread\n", "")
