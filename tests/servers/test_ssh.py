"""SSH sessions and containers: another machine, whose loopback no browser of ours reaches."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client

from ..support.command import COMMAND, Login, environment, token_file
from ..support.servers.other_machine import (
    SSH_PORT,
    answers,
    other_machine,
    published,
    running,
    with_sshd,
)
from ..support.sockets import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.servers.other_machine import OtherMachine

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")
pytestmark = pytest.mark.server

TIMEOUT_S = 30


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="app"),)) as running_server:
        yield running_server


@pytest.fixture
def machine(server: AuthorizationServer, tmp_path: Path) -> Iterator[OtherMachine]:
    """Give one with an sshd, from where the authorization server is reached, too."""
    folder = tmp_path / "ssh"
    folder.mkdir()
    with other_machine() as bare, with_sshd(bare, folder) as found:
        port = server.issuer.rpartition(":")[2]
        lead = ("-R", f"{port}:127.0.0.1:{port}", "-p", str(SSH_PORT), f"root@{found.address}")
        # Started last: it ends before sshd does.
        with running(found.ssh("-N", *lead)) as leading:
            found.wait_for(int(port))
            yield found
            assert leading.poll() is None


def login_words(server: AuthorizationServer, port: int, *more: str) -> list[str]:
    flags = ("--issuer", server.issuer, "--client-id", "app", "--port", str(port))
    return [*COMMAND, "login", "work", *flags, *more]


def session(machine: OtherMachine, home: Path, words: list[str]) -> pexpect.spawn:
    """Run *words* in an SSH session with a terminal, as a person would."""
    command = ["env", f"LOOPBACK_AUTH_HOME={home}", *words]
    ssh = machine.ssh("-tt", "-p", str(SSH_PORT), f"root@{machine.address}", shlex.join(command))
    return pexpect.spawn(ssh[0], ssh[1:], timeout=TIMEOUT_S, encoding="utf-8", dimensions=(40, 600))


def address_in(terminal: pexpect.spawn) -> str:
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    address: str = terminal.match[1]
    return address


def signed_in(terminal: pexpect.spawn, home: Path) -> None:
    terminal.expect("Signed in as ada")
    terminal.expect(r"Write that\? \[y/N\] ")
    terminal.sendline("n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert token_file(home, "work")["access_token"]


def test_the_printed_line_leads_a_browser_to_an_ssh_session_cl_09(
    server: AuthorizationServer, machine: OtherMachine, tmp_path: Path
) -> None:
    """CL-09: typed as it is printed; the tokens stay on the other machine."""
    home, port = tmp_path / "home", free_port()
    terminal = session(machine, home, login_words(server, port))
    terminal.expect(r"forward the callback first:\s+(ssh -N -L [^\r\n]+)")
    printed = shlex.split(terminal.match[1])
    address = address_in(terminal)
    assert printed[1:] == [
        *("-N", "-L", f"{port}:127.0.0.1:{port}"),
        *("-p", str(SSH_PORT), f"root@{machine.address}"),
    ]
    with running(machine.ssh(*printed[1:])):
        answers("127.0.0.1", port)
        threading.Thread(target=Browser().visit, args=(address,), daemon=True).start()
        signed_in(terminal, home)


def test_without_a_forward_the_address_is_pasted_cl_09(
    server: AuthorizationServer, machine: OtherMachine, tmp_path: Path
) -> None:
    home, port = tmp_path / "home", free_port()
    terminal = session(machine, home, login_words(server, port))
    terminal.expect("paste that here")
    address = address_in(terminal)
    terminal.expect("Waiting for your browser")
    page = Browser().visit(address)
    assert page.status == 0
    assert re.match(rf"http://127\.0\.0\.1:{port}/callback\?", page.url)
    terminal.send(page.url)
    signed_in(terminal, home)


def test_an_ssh_session_that_breaks_ends_the_sign_in(
    server: AuthorizationServer, machine: OtherMachine, tmp_path: Path
) -> None:
    home, port = tmp_path / "home", free_port()
    terminal = session(machine, home, login_words(server, port))
    address_in(terminal)
    terminal.close(force=True)
    probe = f"import socket; socket.create_server(('127.0.0.1', {port})).close()"
    again = machine.argv("sh", "-c", f"until {sys.executable} -c {shlex.quote(probe)}; do :; done")
    free = pexpect.spawn(again[0], list(again[1:]), timeout=TIMEOUT_S)
    free.expect(pexpect.EOF)
    assert not list(home.glob("tokens/*.json"))


async def test_a_published_port_leads_into_a_container_cl_09(
    server: AuthorizationServer, machine: OtherMachine, tmp_path: Path
) -> None:
    """CL-09: `docker run -p 127.0.0.1:PORT:PORT`, and `--bind 0.0.0.0` inside."""
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    words = login_words(server, port, "--bind", "0.0.0.0", "--json")  # noqa: S104
    process = await asyncio.create_subprocess_exec(
        *machine.argv(*words),
        env=environment(home, {"container": "docker"}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    login = Login(process)
    address = await login.open_page()
    hint = (await login.event("browser_not_opened"))["hint"]
    assert f"docker run -p 127.0.0.1:{port}:{port} ..." in hint
    with published(machine, port):
        await asyncio.to_thread(Browser().visit, address)
        outcome = await login.outcome()
    assert outcome.exit_code == 0
    assert token_file(home, "work")["access_token"]
