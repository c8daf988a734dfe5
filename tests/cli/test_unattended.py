"""
The contract with programs: with `--no-input`, `--json` or `-q` no command waits for a person who is
not there.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.main import COMMANDS, run
from loopback_auth.testing import AuthorizationServer, Client

from ..support.command import COMMAND, environment, login_here
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_a_pty = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
each_flag = pytest.mark.parametrize("flag", ["--no-input", "--json", "-q"])
each_home = pytest.mark.parametrize("is_signed_in", [False, True], ids=["bare", "signed-in"])

LIMIT_S = 20.0

# What each command is given; any other one is run without arguments.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "login": ("--no-browser", "--timeout", "0.1s"),
    "exec": ("--", sys.executable, "-c", ""),
    "api": ("/me",),
    "export": ("simple-salesforce",),
    "explain": ("invalid_grant",),
    "demo": ("--auto",),
}
# The exit statuses that `help exit-codes` lists and that can be had without a person.
DOCUMENTED = {0, 2, 4, 5, 7}
NEEDS_A_SIGN_IN = {"token", "exec", "env", "api", "refresh", "status", "export"}


class Terminal(io.StringIO):
    """A terminal to write to."""

    def isatty(self) -> bool:
        return True


class Unread(Terminal):
    """A terminal to read, whose person never comes; to read it is the fault."""

    def fileno(self) -> int:
        raise AssertionError("the terminal is about to be read")

    def read(self, _: int | None = -1) -> str:
        raise AssertionError("the terminal was read")

    readline = read


@pytest.fixture
def api() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer(NEW)
        running.answers["/me"] = json_answer({"name": "ada"})
        yield running


def prepared(home: Path, api: ScriptedServer, *, is_signed_in: bool) -> None:
    home.chmod(0o700)
    if is_signed_in:
        ends = [f'{name}_endpoint = "{api.url("/" + name)}"' for name in ("authorization", "token")]
        lines = ["[profiles.default]", 'client_id = "the-client"', f'api_base = "{api.url("")}"']
        (home / "config.toml").write_text("\n".join([*lines, *ends]))
        extra = {"instance_url": "https://acme.example", "id": "https://acme.example/id/1/2"}
        stored(home, api, lasts_s=3000, extra=extra)


def check(command: str, flag: str, exit_code: int, stdout: str, *, is_signed_in: bool) -> None:
    assert exit_code in DOCUMENTED, (command, flag, exit_code, stdout)
    if command in NEEDS_A_SIGN_IN:
        assert (exit_code == 4) == (not is_signed_in), (command, flag, exit_code, stdout)
    if flag == "--json" and (command != "exec" or exit_code):
        document = json.loads(stdout)
        assert document["version"] == 1 or command == "api", (command, stdout)
        # A report that found something is a report.
        if command != "doctor":
            assert document.get("error", {}).get("exit_code", 0) == exit_code, (command, stdout)


def asks(command: str, flag: str) -> bool:
    """Return whether the command is there to read an answer, and says so on the terminal."""
    return command == "deliver" and flag == "-q"


@each_home
@each_flag
def test_no_command_reads_a_terminal_that_nobody_types_at(
    flag: str, api: ScriptedServer, tmp_path: Path, *, is_signed_in: bool
) -> None:
    for command in COMMANDS.keys() - {"exec", "demo"}:
        if asks(command, flag):
            continue
        home = tmp_path / command
        home.mkdir()
        prepared(home, api, is_signed_in=is_signed_in)
        octets = io.BytesIO()
        stdout = io.TextIOWrapper(octets, encoding="utf-8")
        words = [command, flag, *ARGUMENTS.get(command, ())]
        environ = environment(home, {"TERM": "xterm"})
        exit_code = run(words, Unread(), stdout, Terminal(), environ)
        stdout.flush()
        check(command, flag, exit_code, octets.getvalue().decode(), is_signed_in=is_signed_in)


@pytest.mark.slow
@needs_a_pty
@each_home
@each_flag
def test_every_command_ends_without_reading_its_terminal(
    flag: str, api: ScriptedServer, tmp_path: Path, *, is_signed_in: bool
) -> None:
    """The process has a terminal on which something was typed, and which never closes."""
    import fcntl
    import pty
    import termios

    for command in COMMANDS:
        if asks(command, flag):
            continue
        home = tmp_path / command
        home.mkdir()
        prepared(home, api, is_signed_in=is_signed_in)
        keyboard, terminal = pty.openpty()
        os.write(keyboard, b"y\ny\n")
        try:
            ended = subprocess.run(
                [*COMMAND, command, flag, *ARGUMENTS.get(command, ())],
                stdin=terminal,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if flag == "--json" else terminal,
                cwd=home,
                env=environment(home, {"TERM": "xterm"}),
                start_new_session=True,
                timeout=LIMIT_S,
                check=False,
            )
            unread = int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, b"\0" * 4), "little")
        finally:
            os.close(keyboard)
            os.close(terminal)
        check(command, flag, ended.returncode, ended.stdout.decode(), is_signed_in=is_signed_in)
        assert unread == len(b"y\ny\n"), command


async def test_the_first_event_has_all_that_an_agent_shows_to_its_human(tmp_path: Path) -> None:
    with AuthorizationServer.running(clients=(Client(client_id="my-cli"),)) as server:
        flags = ("--issuer", server.issuer, "--client-id", "my-cli", "--scope", "openid")
        async with login_here(*flags, "--no-browser", "--timeout", "7s", home=tmp_path) as command:
            shown = await command.event("open_page")
            first = command.first_event
    assert shown == first
    assert shown["url"].startswith(f"{server.issuer}/authorize?")
    assert shown["redirect_uri"].startswith("http://127.0.0.1:")
    assert (shown["issuer"], shown["client_id"], shown["scope"]) == (
        server.issuer,
        "my-cli",
        "openid",
    )
    assert (shown["host"], shown["other_hosts"]) == (server.issuer.partition("://")[2], {})
    assert shown["timeout_s"] == 7
    assert "loopback-auth deliver" in shown["next_step"]
