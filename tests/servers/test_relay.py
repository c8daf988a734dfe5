"""
A sign-in on a machine that is reached by ssh, finished from a second session or by `relay`; and one
in a container that nothing leads into. `test_ssh.py` has the forwards.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.delivery import FOLDER
from loopback_auth.testing import AuthorizationServer, Browser, Client, faults

from ..support.command import COMMAND, environment, no_token_file, token_file
from ..support.servers.other_machine import SSH_PORT, other_machine, running, with_sshd
from ..support.sockets import free_port, is_released

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..support.servers.other_machine import OtherMachine

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")
pytestmark = pytest.mark.server

PORT = free_port()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A laptop whose ssh knows the machine `box`, where loopback-auth has its files in *home*."""

    machine: OtherMachine
    home: Path
    laptop: Path

    def spawn(self, *words: str) -> pexpect.spawn:
        """Run *words* on a terminal of the laptop."""
        own = environment(self.laptop)
        path = f"{self.laptop / 'bin'}:{own['PATH']}"
        return pexpect.spawn(
            words[0],
            list(words[1:]),
            env={**own, "PATH": path, "TERM": "xterm", "BROWSER": ""},
            timeout=30,
            encoding="utf-8",
            dimensions=(40, 600),
        )

    def session(self, line: str) -> pexpect.spawn:
        """Run *line* in an SSH session of its own."""
        return self.spawn(str(self.laptop / "bin" / "ssh"), "-tt", "box", line)

    def relay(self, *more: str) -> pexpect.spawn:
        return self.spawn(*COMMAND, "relay", "ssh://box/work", *more)


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="app"),)) as started:
        yield started


@pytest.fixture
def scene(server: AuthorizationServer, tmp_path: Path) -> Iterator[Scene]:
    folder, home, laptop = (tmp_path / name for name in ("ssh", "home", "laptop"))
    for each in (folder, home, laptop, laptop / "bin", folder / "bin"):
        each.mkdir(mode=0o700)
    program(folder / "bin" / "loopback-auth", f'exec {shlex.join(COMMAND)} "$@"')
    write_profile(home, server)
    more = {"SetEnv": f"LOOPBACK_AUTH_HOME={home} PATH={folder / 'bin'}:{os.environ['PATH']}"}
    with other_machine() as bare, with_sshd(bare, folder, more=more) as machine:
        to = ("-o", f"Hostname={machine.address}", "-l", "root", "-p", str(SSH_PORT))
        ssh = [str(shutil.which("ssh")), *machine.options, *to]
        program(laptop / "bin" / "ssh", f'exec {shlex.join(ssh)} "$@"')
        port = server.issuer.rpartition(":")[2]
        with running([*ssh, "-N", "-R", f"{port}:127.0.0.1:{port}", "box"]) as leading:
            machine.wait_for(int(port))
            yield Scene(machine=machine, home=home, laptop=laptop)
            leading.kill()


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def write_profile(home: Path, server: AuthorizationServer) -> None:
    (home / "config.toml").write_text(
        f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "app"\nport = {PORT}\n'
    )


def page_of(terminal: pexpect.spawn) -> str:
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    url: str = terminal.match[1]
    return url


def ended(terminal: pexpect.spawn) -> str:
    terminal.expect(pexpect.EOF)
    terminal.close()
    said: str = terminal.before
    return said


def test_deliver_in_a_second_session_hands_it_over(scene: Scene) -> None:
    first = scene.session("loopback-auth login work")
    url = page_of(first)
    first.expect("Waiting for your browser")
    answer = Browser().visit(url).url
    assert answer.startswith(f"http://127.0.0.1:{PORT}/callback?code=")
    second = scene.session("loopback-auth deliver")
    second.expect(r"not shown here\): ")
    second.sendline(answer)
    said = ended(second)
    assert "Handed to the login to the profile work" in said
    assert "code=" not in said
    first.expect("Signed in as ada")
    ended(first)
    assert first.exitstatus == 0
    assert token_file(scene.home, "work")["access_token"]
    assert list((scene.home / FOLDER).glob("*")) == []


def test_cl_06_relay_does_both_ends_and_no_process_shows_the_code(scene: Scene) -> None:
    """CL-06: polled in /proc, which has the processes of both machines."""
    seen: list[str] = []
    over = threading.Event()
    poller = threading.Thread(target=poll, args=(seen, over))
    poller.start()
    try:
        terminal = scene.relay()
        terminal.expect(r"Did you\? \[y/N\] ")
        terminal.sendline("y")
        page = Browser().visit(page_of(terminal))
        said = ended(terminal)
    finally:
        over.set()
        poller.join()
    assert "Signed in on the other machine" in page.text
    assert "box is signed in, to its profile work" in said
    assert terminal.exitstatus == 0
    assert "code=" not in said
    assert token_file(scene.home, "work")["access_token"]
    assert no_token_file(scene.laptop)
    assert list((scene.home / "pending").glob("*")) == []
    assert seen == []


def poll(seen: list[str], over: threading.Event) -> None:
    while not over.wait(0.005):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if f"{PORT}/callback?".encode() in text or b"client_id=app" in text:
                seen.append(text.decode("latin-1"))


@pytest.mark.parametrize("step", ["the question", "the browser", "the exchange"])
@pytest.mark.parametrize("end", ["laptop", "box"])
def test_cl_07_either_end_may_go_at_any_step(
    scene: Scene, server: AuthorizationServer, step: str, end: str
) -> None:
    """CL-07: it is done, or it has failed cleanly; nothing waits on, and no token moves."""
    if step == "the exchange":
        server.faults.token = faults.HANG
    terminal = scene.relay("--timeout", "10s")
    terminal.expect(r"Did you\? \[y/N\] ")
    if step != "the question":
        terminal.sendline("y")
        url = page_of(terminal)
    if step == "the exchange":
        threading.Thread(target=Browser().visit, args=(url,), daemon=True).start()
        assert server.wait_for("token")
    if end == "laptop":
        terminal.kill(15)
    else:
        scene.machine.kill()
        if step == "the question":
            terminal.sendline("n")
        if step == "the browser":
            threading.Thread(target=Browser().visit, args=(url,), daemon=True).start()
    began = time.monotonic()
    ended(terminal)
    assert time.monotonic() - began < 15
    assert terminal.exitstatus in (3, 7, 143)
    assert no_token_file(scene.laptop)
    assert no_token_file(scene.home)
    assert is_released(PORT)


def test_cb_01_in_a_container_nothing_is_listened_on_unasked_and_a_paste_is_taken(
    scene: Scene,
) -> None:
    """CB-01: not at the address where published ports arrive, whatever says that it is one."""
    process = subprocess.Popen(
        scene.machine.argv(*COMMAND, "login", "work", "--json", "--paste"),
        env={**environment(scene.home), "container": "docker"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    events: list[dict[str, str]] = []
    while not events or events[-1]["event"] != "waiting":
        events.append(json.loads(process.stderr.readline()))
    [opened] = [event for event in events if event["event"] == "open_page"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((scene.machine.address, PORT), timeout=5).close()
    stdout, _ = process.communicate(f"{Browser().visit(opened['url']).url}\n", timeout=30)
    assert json.loads(stdout)["profile"] == "work"
    assert token_file(scene.home, "work")["access_token"]
