"""What each command says of a sign-in that is not there, or no good: one table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..support.command import run
from ..support.stored import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..support.scripted_server import ScriptedServer

HAND_OUT = ("token P", "env P", "exec P -- true", "api /me -p P", "export curl -p P")


def nobody(home: Path, server: ScriptedServer) -> None:
    """Leave another profile there."""
    stored(home, server, profile="other", lasts_s=3000)


def signed_out(home: Path, server: ScriptedServer) -> None:
    """Leave the settings of a sign-in that is over."""
    store = stored(home, server, profile="work", settings={"issuer": server.origin})
    with store.locked("work") as locked:
        locked.remember(locked.load() or {}, is_end=True)
        locked.remove()


def expired(home: Path, server: ScriptedServer) -> None:
    """Leave a token that has expired and cannot be refreshed."""
    stored(home, server, profile="work", lasts_s=-4000, refresh_token=None)


def damaged(home: Path, server: ScriptedServer) -> None:
    """Leave half a file."""
    store = stored(home, server, profile="work")
    with open(store.path("work"), "w", encoding="utf-8") as file:
        file.write('{"access_token": ')


def writable_by_others(home: Path, server: ScriptedServer) -> None:
    """Leave a file that others may have written."""
    path = Path(stored(home, server, profile="work", lasts_s=3000).path("work"))
    path.chmod(0o666)


STATES: list[tuple[Callable[[Path, ScriptedServer], None], int, str, tuple[str, ...]]] = [
    (
        nobody,
        4,
        "fix: your profiles: loopback-auth profiles; ",
        (*HAND_OUT, "refresh P", "status P"),
    ),
    (signed_out, 4, "fix: loopback-auth login work; ", (*HAND_OUT, "refresh P", "status P")),
    (expired, 4, "fix: loopback-auth login work; ", (*HAND_OUT, "refresh P")),
    (
        damaged,
        4,
        "fix: Write a new one: loopback-auth login work; ",
        (*HAND_OUT, "refresh P", "status P", "logout P"),
    ),
    (
        writable_by_others,
        1,
        "fix: chmod o-w ",
        (*HAND_OUT, "refresh P", "status P", "logout P", "config show P"),
    ),
]
ROWS = [(state, *rest, each) for state, *rest, commands in STATES for each in commands]


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize(("state", "exit_code", "fix", "command"), ROWS)
async def test_each_command_says_it_in_three_lines_with_the_status_of_the_help(
    state: Callable[[Path, ScriptedServer], None],
    exit_code: int,
    fix: str,
    command: str,
    server: ScriptedServer,
    tmp_path: Path,
) -> None:
    state(tmp_path, server)
    ended = await run(*command.replace("P", "work").split(), home=tmp_path)
    assert (ended.exit_code, ended.stdout) == (exit_code, "")
    what, cause, remedy = ended.stderr.splitlines()
    assert what.startswith("error[")
    assert "work" in what
    assert cause.startswith("  cause: ")
    assert remedy.startswith(f"  {fix}")
    assert not server.requests


@pytest.mark.parametrize("state", [nobody, signed_out])
async def test_to_sign_out_once_more_is_no_error(
    state: Callable[[Path, ScriptedServer], None], server: ScriptedServer, tmp_path: Path
) -> None:
    state(tmp_path, server)
    ended = await run("logout", "work", home=tmp_path)
    assert (ended.exit_code, ended.stderr) == (0, "Nobody is signed in to the profile work.\n")
