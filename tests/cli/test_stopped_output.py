"""
A terminal or a pipe that takes no output for a while: the browser does not wait for it, and no word
is lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client

from ..support.command import COMMAND, environment, token_file
from ..support.stopwatch import Stopwatch
from .test_terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pexpect

pexpect_needed = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

STOP, GO = b"\x13", b"\x11"
# The line that counts down is drawn once a second, so one was tried by then.
A_LINE_S = 1.5


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="app"),)) as server:
        yield server


def words(server: AuthorizationServer) -> tuple[str, ...]:
    return ("login", "work", "--issuer", server.issuer, "--client-id", "app")


def stopped(server: AuthorizationServer, home: Path, *more: str) -> tuple[pexpect.spawn, str]:
    """Start a sign-in on a terminal, and press Ctrl-S once it has shown the address."""
    terminal = on_a_terminal(home, *words(server), *more)
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    url = terminal.match[1]
    terminal.expect(r"Waiting for your browser")
    os.write(terminal.child_fd, STOP)
    time.sleep(A_LINE_S)
    return terminal, url


@pytest.mark.slow_cases
@pytest.mark.parametrize("more", [("--no-input",), ()])
def test_cb_09_ctrl_s_holds_the_words_up_and_not_the_browser(
    server: AuthorizationServer, tmp_path: Path, *, more: tuple[str, ...]
) -> None:
    """
    CB-09: with screen's copy mode and text marked in a Windows console it is the same; --no-input
    reads no paste.
    """
    terminal, url = stopped(server, tmp_path, *more)
    page = Browser(timeout_s=10).visit(url)
    assert (page.status, token_file(tmp_path, "work")["identity"]["name"]) == (200, "ada")
    time.sleep(A_LINE_S)
    assert terminal.isalive()
    os.write(terminal.child_fd, GO)
    terminal.expect(r"Saved to .* \(profile work\).*Signed in as ada at 127\.0\.0\.1\.")
    if not more:
        terminal.expect(r"Write that\? \[y/N\] ")
        terminal.sendline("n")
    terminal.expect(pexpect_needed.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_cl_07_ctrl_c_ends_a_command_whose_words_are_held_up(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    CL-07: within two seconds, and with its status; a terminal that takes nothing at all
    is left.
    """
    terminal, _ = stopped(server, tmp_path)
    with Stopwatch() as stopwatch:
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.ptyproc.delayafterterminate = 0
        while terminal.isalive() and stopwatch.seconds < 5:
            time.sleep(0.05)
        took_s = stopwatch.seconds
    terminal.close(force=True)
    assert terminal.exitstatus == 143
    assert took_s < 2.5


class Pipe:
    """The pipe that is a command's stderr: of one page, and full when a test says so."""

    def __init__(self) -> None:
        import fcntl

        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self.held = b""

    def event(self, name: str) -> dict[str, str]:
        """Wait for the event of that name, and leave what comes after it."""
        while True:
            *lines, _ = self.held.split(b"\n")
            for line in filter(None, lines):
                if (names := json.loads(line))["event"] == name:
                    return names
            self.held += os.read(self.reader, 1)

    def fill(self) -> None:
        # A description of its own: what does not block here would not block in the command either.
        filler = os.open(f"/proc/self/fd/{self.writer}", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(filler, b"\n")
        os.close(filler)

    def rest(self) -> list[dict[str, str]]:
        while piece := os.read(self.reader, 65536):
            self.held += piece
        return [json.loads(line) for line in self.held.split(b"\n") if line]

    def close(self) -> None:
        os.close(self.reader)


@contextlib.contextmanager
def with_a_full_pipe(
    server: AuthorizationServer, home: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Pipe, str]]:
    pipe = Pipe()
    command = subprocess.Popen(
        [*COMMAND, *words(server), "--json", "--no-browser"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=pipe.writer,
        env=environment(home),
    )
    try:
        url = pipe.event("open_page")["url"]
        pipe.event("waiting")
        pipe.fill()
        os.close(pipe.writer)
        yield command, pipe, url
    finally:
        command.kill()
        command.communicate()
        pipe.close()


linux_pipes = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can set a pipe's size")


@linux_pipes
def test_cl_01_a_full_pipe_loses_no_event_and_holds_no_browser_up(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """CL-01: whoever reads the events reads them late, whole and in their order."""
    with with_a_full_pipe(server, tmp_path) as (command, pipe, url):
        assert Browser(timeout_s=10).visit(url + "&state=twice").status in (0, 200, 400)
        assert Browser(timeout_s=10).visit(url).status == 200
        assert command.poll() is None
        names = [event["event"] for event in pipe.rest()]
        stdout, _ = command.communicate(timeout=20)

    assert command.returncode == 0
    assert json.loads(stdout)["profile"] == "work"
    assert names[-2:] == ["exchanged", "saved"]


@linux_pipes
@pytest.mark.slow
def test_cl_01_a_pipe_that_nobody_reads_does_not_keep_the_command(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """CL-01: a parent that waits for the end before it reads would wait for ever."""
    with with_a_full_pipe(server, tmp_path) as (command, _, url):
        assert Browser(timeout_s=10).visit(url).status == 200
        stdout, _ = command.communicate(timeout=20)

    assert command.returncode == 0
    assert json.loads(stdout)["profile"] == "work"
