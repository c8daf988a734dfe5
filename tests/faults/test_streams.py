"""
RF-08, CL-08: no terminal, no streams, no locale: a defined end, never a traceback, a prompt or a
browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.children import posix
from ..support.command import COMMAND, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, stored
from ..support.strace import each, run

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.stopwatch import Stopwatch

pytestmark = [pytest.mark.slow, posix]

# How a script may start a command, and the exit statuses of it that are right.
WORKS, OUTPUT_LOST = {0}, {0, 1}
STREAMS: dict[str, tuple[str, set[int]]] = {
    "no terminal at all": ('setsid "$@" </dev/null', WORKS),
    "closed stdin": ('"$@" <&-', WORKS),
    "closed stdout": ('"$@" >&-', OUTPUT_LOST),
    "closed stderr": ('"$@" 2>&-', WORKS),
    "nothing open": ('"$@" <&- >&- 2>&-', OUTPUT_LOST),
    "a reader that has gone": (
        '{ "$@"; echo $? >"$0"; } | head -c 0; exit $(cat "$0")',
        OUTPUT_LOST,
    ),
    "a full disk for stdout": ('"$@" >/dev/full', OUTPUT_LOST),
    "an ignored SIGPIPE": (
        'trap "" PIPE; { "$@"; echo $? >"$0"; } | head -c 0; exit $(cat "$0")',
        OUTPUT_LOST,
    ),
    "the C locale": ('LC_ALL=C LANG=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 "$@"', WORKS),
    "a dumb terminal": ('TERM=dumb NO_COLOR=1 "$@"', WORKS),
}
COMMANDS = ("token", "refresh", "status", "logout")


def browser(folder: Path) -> tuple[Path, dict[str, str]]:
    """Make a browser that leaves a trace, and an environment in which everybody would find it."""
    trace, program = folder / "a-browser-was-opened", folder / "browser"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\n")
    program.chmod(0o755)
    return trace, {"BROWSER": str(program), "DISPLAY": ":0"}


@pytest.mark.parametrize("how", STREAMS)
def test_cl_08_rf_08_a_command_without_its_streams_comes_to_a_defined_end(
    tmp_path: Path, how: str
) -> None:
    """
    CL-08, RF-08: with an expired token and a server that refreshes it; what was rotated is stored,
    whoever reads or not.
    """
    shell, statuses = STREAMS[how]
    trace, more = browser(tmp_path)

    def check(command: str) -> None:
        home = tmp_path / command
        with ScriptedServer() as server:
            server.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
            server.answers["/revocation"] = json_answer({})
            identity = {"subject": "s", "name": "Zoë 日本"}
            stored(home, server, "revocation", identity=identity)
            ended = run(("sh", "-c", shell, f"{home}.status", *COMMAND, command), home, more)
        assert ended.status in statuses, (command, ended)
        assert "Traceback" not in ended.stderr, (command, ended)
        assert "Exception ignored" not in ended.stderr, (command, ended)
        if command in ("token", "refresh"):
            assert token_file(home)["refresh_token"] == "the-next", (command, ended)

    each(check, COMMANDS)
    assert not trace.exists()


@pytest.mark.alone
@pytest.mark.parametrize("command", ["token", "refresh"])
@pytest.mark.parametrize("how", ["no terminal at all", "closed stdin", "closed stderr"])
def test_rf_08_where_a_sign_in_is_needed_that_is_said_at_once(
    tmp_path: Path, how: str, command: str, stopwatch: Stopwatch
) -> None:
    """
    RF-08: exit 4 in under 2 s: nothing stored, no refresh token, and one that is refused; no
    prompt, and no browser.
    """
    trace, more = browser(tmp_path)
    line = ("sh", "-c", STREAMS[how][0], "sh", *COMMAND, command)
    with ScriptedServer() as server:
        server.answers["/token"] = json_answer({"error": "invalid_grant"}, status=400)
        stored(tmp_path / "none", server, refresh_token=None)
        stored(tmp_path / "refused", server)
        (tmp_path / "empty").mkdir()
        for home in ("empty", "none", "refused"):
            began = stopwatch.seconds
            ended = run(line, tmp_path / home, more)
            assert stopwatch.seconds - began < 2
            assert (ended.status, ended.stdout) == (4, ""), ended
            is_new = home == "empty"
            fix = "set it up: loopback-auth init -p" if is_new else "loopback-auth login"
            said = "" if how == "closed stderr" else f"fix: {fix} default"
            assert said in ended.stderr, ended
    assert not trace.exists()
