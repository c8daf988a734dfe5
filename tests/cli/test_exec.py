"""`exec`: the command runs in our place, with the token in its environment and on no transcript."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..support.command import COMMAND, environment, run_process
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from ..support.scripted_server import ScriptedServer

SHOW = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], sys.stdout)"


async def shown(*arguments: str, home: Path, **more: str) -> tuple[list[str], dict[str, str]]:
    """Give the arguments and the environment that the command got."""
    outcome = await run_process(
        "exec", *arguments, "--", sys.executable, "-c", SHOW, "a", home=home, more=more
    )
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    words, variables = json.loads(outcome.stdout)
    return words, variables


async def test_the_token_is_in_the_environment_and_nothing_else_changes(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    words, variables = await shown(home=tmp_path, KEPT="as it was")
    assert words == ["a"]
    assert variables["ACCESS_TOKEN"] == OLD["access_token"]
    assert variables["KEPT"] == "as it was"
    ours = environment(tmp_path)
    added = variables.keys() - ours.keys() - {"KEPT", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert added == {"ACCESS_TOKEN"}
    assert not [value for value in variables.values() if OLD["refresh_token"] in value]


async def test_a_provider_names_its_variables(server: ScriptedServer, tmp_path: Path) -> None:
    """And a field that the sign-in has not is left out, unless somebody asked for it."""
    stored(
        tmp_path,
        server,
        lasts_s=3000,
        settings={"provider": "salesforce"},
        extra={"instance_url": "https://acme.example", "id": 7},
    )
    _, variables = await shown(home=tmp_path)
    assert variables["SALESFORCE_ACCESS_TOKEN"] == OLD["access_token"]
    assert variables["SALESFORCE_INSTANCE_URL"] == "https://acme.example"
    assert "ACCESS_TOKEN" not in variables

    _, chosen = await shown(
        "--set", "TOKEN=access_token", "--set", "NUMBER=id", "--set", "WHO=username", home=tmp_path
    )
    assert (chosen["TOKEN"], chosen["NUMBER"], chosen["WHO"]) == (OLD["access_token"], "7", "ada")
    assert "SALESFORCE_ACCESS_TOKEN" not in chosen


async def test_an_expired_token_is_refreshed_first(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server)
    _, variables = await shown(home=tmp_path)
    assert variables["ACCESS_TOKEN"] == NEW["access_token"]


REFUSED: list[tuple[tuple[str, ...], int, str]] = [
    (("--",), 2, "no command to run"),
    ((), 2, "no command to run"),
    (("--set", "1A=access_token", "--", "true"), 2, "--set takes NAME=FIELD"),
    (("--set", "A", "--", "true"), 2, "--set takes NAME=FIELD"),
    (("--set", "A B=scope", "--", "true"), 2, "--set takes NAME=FIELD"),
    (("--set", "A=nothing_there", "--", "true"), 2, "has no nothing_there"),
    (("--unknown", "--", "true"), 2, "no option --unknown"),
    (("--", "no-such-command-anywhere"), 127, "no such command"),
    (("--", "/"), 126, "was not run"),
    (("nobody", "--", "true"), 4, "nobody is signed in"),
]


@pytest.mark.parametrize(("words", "exit_code", "message"), REFUSED)
async def test_what_cannot_be_run_is_reported(
    server: ScriptedServer, tmp_path: Path, *, words: tuple[str, ...], exit_code: int, message: str
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run_process("exec", *words, home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    assert message in outcome.stderr
    assert OLD["access_token"] not in outcome.stderr


async def test_rf_08_without_a_sign_in_the_command_is_not_started(tmp_path: Path) -> None:
    """RF-08: exit status 4, at once, and no browser."""
    mark = tmp_path / "started"
    async with asyncio.timeout(2):
        outcome = await run_process("exec", "--", "touch", str(mark), home=tmp_path)
    assert (outcome.exit_code, mark.exists()) == (4, False)


@pytest.mark.parametrize("value", ["a\0b", "half a pair \ud800"])
async def test_cl_04_what_no_environment_holds_is_refused_and_the_variable_named(
    server: ScriptedServer, tmp_path: Path, *, value: str
) -> None:
    """CL-04: and nothing is run with a part of it."""
    stored(tmp_path, server, lasts_s=3000, extra={"odd": value})
    mark = tmp_path / "started"
    outcome = await run_process("exec", "--set", "ODD=odd", "--", "touch", str(mark), home=tmp_path)
    assert (outcome.exit_code, outcome.stdout, mark.exists()) == (2, "", False)
    assert "error[value-unquotable]: the value for ODD " in outcome.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="MAX_ARG_STRLEN is Linux's")
async def test_variables_that_are_too_large_are_reported_as_that(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3000, extra={"large": "x" * 200_000})
    outcome = await run_process("exec", "--set", "LARGE=large", "--", "true", home=tmp_path)
    assert outcome.exit_code == 126
    assert "larger than the system allows" in outcome.stderr
    assert "ls -l" not in outcome.stderr


@pytest.mark.parametrize("status", [0, 1, 3, 255])
async def test_the_exit_status_is_the_commands(
    server: ScriptedServer, tmp_path: Path, *, status: int
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    assert (
        await run_process("exec", "--", "sh", "-c", f"exit {status}", home=tmp_path)
    ).exit_code == status


async def test_options_after_the_dashes_are_the_commands(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Also those that we have, too, and another pair of dashes."""
    stored(tmp_path, server, lasts_s=3000)
    words = ("--json", "-q", "-v", "--set", "x", "--", "--help")
    outcome = await run_process("exec", "--", "printf", "%s\n", *words, home=tmp_path)
    assert outcome.stdout.splitlines() == list(words)


def started(home: Path, *command: str, **more: Any) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    words = [*COMMAND, "exec", "--", *command]
    return subprocess.Popen(
        words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment(home), **more
    )


posix = pytest.mark.skipif(os.name != "posix", reason="signals and exec are POSIX")

WAITS = """
import os, signal
def told(number, frame):
    # Not print: the signal may come while that is at work.
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    os._exit(7)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, told)
os.write(1, b"ready\\n")
signal.pause()
"""


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
def test_cl_06_signals_reach_the_command_itself(
    server: ScriptedServer, tmp_path: Path, *, name: str
) -> None:
    """
    CL-06: the process is the command's by then, under the same number, and the token is in no
    argument of it.
    """
    stored(tmp_path, server, lasts_s=3000)
    with started(tmp_path, sys.executable, "-c", WAITS) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        if sys.platform == "linux":
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert line.startswith(sys.executable.encode() + b"\0-c\0")
            assert OLD["access_token"].encode() not in line
        process.send_signal(signal.Signals[name])
        out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == (f"{name}\n", "", 7)


@posix
def test_a_command_that_dies_of_a_signal_is_seen_to(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    with started(tmp_path, "sh", "-c", "kill -KILL $$") as process:
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL


@posix
def test_cl_08_a_closed_pipe_ends_the_command_as_it_would_without_us(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    CL-08: Python ignores SIGPIPE, and an exec would hand that down; `yes | head` would then
    complain.
    """
    stored(tmp_path, server, lasts_s=3000)
    with started(tmp_path, "yes") as process:
        assert process.stdout
        assert process.stdout.readline() == "y\n"
        process.stdout.close()
        assert process.wait(20) == -signal.SIGPIPE
        assert process.stderr
        assert process.stderr.read() == ""


def test_standard_input_is_the_commands(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    with started(tmp_path, "cat") as process:
        out, _ = process.communicate("all\nof it\n", timeout=20)
    assert out == "all\nof it\n"


@posix
def test_the_terminal_is_the_commands(server: ScriptedServer, tmp_path: Path) -> None:
    """Its size, too; and Ctrl-C goes to the command alone."""
    pexpect = pytest.importorskip("pexpect")
    stored(tmp_path, server, lasts_s=3000)
    code = (
        "import os, sys; print(sys.stdin.isatty(), sys.stdout.isatty(), "
        "*os.get_terminal_size()); sys.stdin.read()"
    )
    words = [*COMMAND[1:], "exec", "--", sys.executable, "-c", code]
    terminal = pexpect.spawn(
        COMMAND[0],
        words,
        env=environment(tmp_path),
        timeout=20,
        encoding="utf-8",
        dimensions=(31, 97),
    )
    terminal.expect_exact("True True 97 31")
    terminal.sendcontrol("c")
    terminal.expect("KeyboardInterrupt")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.signalstatus == signal.SIGINT or terminal.exitstatus == 130


async def test_the_environments_token_short_circuits_what_is_stored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server)
    _, variables = await shown(home=tmp_path, LOOPBACK_AUTH_TOKEN="given")
    assert variables["ACCESS_TOKEN"] == "given"
    outcome = await run_process(
        "exec",
        "--set",
        "A=scope",
        "--",
        "true",
        home=tmp_path,
        more={"LOOPBACK_AUTH_TOKEN": "given"},
    )
    assert outcome.exit_code == 2
    assert server.requests == []
