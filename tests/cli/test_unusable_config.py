"""
A config.toml that cannot be used means no profile: no command takes the tokens of `default`
instead.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ..support.children import posix, unprivileged
from ..support.command import COMMAND, TIMEOUT_S, Outcome, environment, run_here, token_file
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = posix

WORK = 'default_profile = "work"\n\n[profiles.work]\nclient_id = "x"\n'


def link(path: Path, target: str) -> None:
    path.symlink_to(target)


# What stands in the place of config.toml, and how the message goes on after its path.
SHAPES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a hyphen": (
        lambda path: path.write_text(WORK.replace("_", "-", 1)),
        "1:1: error: unknown setting",
    ),
    "below a table": (
        lambda path: path.write_text("[profiles.work]\n" + WORK[:25]),
        "2:1: error: unknown",
    ),
    "latin-1": (
        lambda path: path.write_bytes(f"# für\n{WORK}".encode("latin-1")),
        "1:1: error: cannot be",
    ),
    "UTF-16": (
        lambda path: path.write_text(WORK, encoding="utf-16"),
        "1:1: error: cannot be read: it is UTF",
    ),
    "no permission": (
        lambda path: (path.write_text(WORK), path.chmod(0)),
        "1:1: error: cannot be read: Perm",
    ),
    "a folder": (lambda path: path.mkdir(), "1:1: error: cannot be read: it is not a regular file"),
    "a dangling link": (
        lambda path: link(path, "nowhere"),
        "1:1: error: cannot be read: a link leads nowhere",
    ),
    "a loop of links": (
        lambda path: link(path, path.name),
        "1:1: error: cannot be read: Too many levels",
    ),
    "a named pipe": (os.mkfifo, "1:1: error: cannot be read: it is not a regular file"),
    "a terminal": (
        lambda path: link(path, "/dev/null"),
        "1:1: error: cannot be read: it is not a regular file",
    ),
    "huge": (
        lambda path: path.write_text("#" * 9_000_000),
        "1:1: error: cannot be read: it is larger than",
    ),
    "no name": (
        lambda path: path.write_text('default_profile = ""\n'),
        "1:1: error: default_profile must",
    ),
    "two names": (lambda path: path.write_text(WORK[:25] * 2), "2:"),
    "a quoted key, and broken after it": (
        lambda path: path.write_text(f'"{WORK[:15]}"="work"\n['),
        "2:2: ",
    ),
}

COMMANDS = (
    *(
        "token",
        "token --refresh",
        "exec -- echo ran",
        "env",
        "export simple-salesforce",
        "refresh",
        "logout",
    ),
    *(
        "status",
        "api /x",
        "doctor",
        "login --issuer https://id.example --client-id x",
        "profiles",
        "config show",
    ),
    *("login --if-needed", "login --manual --provider github --client-id x", "exchange"),
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
        running.answers["/revocation"] = plain_answer(b"")
        yield running


def run(words: str, home: Path, *, as_process: bool = False, **more: str) -> Outcome:
    """Carry out a command; *as_process* is for a superuser, who passes over permissions."""
    argv = words.replace(" --", " --json --", 1).split()
    argv = argv if "--" in words else [*argv, "--json"]
    if not as_process:
        return run_here(*argv, home=home, more=more)
    done = subprocess.run(
        (*unprivileged(), *COMMAND, *argv),
        env=environment(home, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return Outcome(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def error_of(words: str, ended: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.stdout)
    if words == "doctor":
        check = next(check for check in document["checks"] if check["name"] == "configuration")
        return {**check, "message": check["seen"]}
    error: dict[str, Any] = document["error"]
    return error


@pytest.mark.slow_cases
@pytest.mark.parametrize("shape", SHAPES)
def test_every_command_ends_with_the_same_error_and_touches_no_tokens(
    server: ScriptedServer, tmp_path: Path, shape: str
) -> None:
    """
    Exit 2 with the place; nothing is handed out, refreshed or revoked, though `default` is signed
    in.
    """
    home = tmp_path / "home"
    stored(home, server, "revocation", lasts_s=3000)
    put, message = SHAPES[shape]
    put(home / "config.toml")
    messages = set()
    for words in COMMANDS:
        ended = run(words, home, as_process=shape == "no permission")
        assert ended.exit_code == 2, (words, ended)
        error = error_of(words, ended)
        assert error["code"] == "config-invalid", words
        assert error["fix"], words
        messages.add(error["message"].replace("~", str(home)))
        assert OLD["access_token"] not in ended.stdout, words
    assert len(messages) == 1, messages
    assert messages.pop().startswith(f"{home / 'config.toml'}:{message}")
    assert server.requests == []
    assert token_file(home)["refresh_token"] == OLD["refresh_token"]


def test_who_names_the_profile_has_its_token_and_no_refresh_goes_to_a_storage_nobody_knows(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A token that is good needs no config.toml; where a new one would be kept is said there."""
    home = tmp_path / "home"
    stored(home, server, lasts_s=3000)
    (home / "config.toml").write_text('default-profile = "work"\n')
    assert run("token default", home).exit_code == 0
    assert run("token", home, LOOPBACK_AUTH_PROFILE="default").exit_code == 0
    ended = run("refresh default", home)
    assert (ended.exit_code, error_of("refresh", ended)["code"]) == (2, "config-invalid")
    assert server.requests == []
    assert run("refresh default", home, LOOPBACK_AUTH_STORAGE="file").exit_code == 0


def test_an_empty_file_says_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    """TOML has empty documents, and editors leave them."""
    home = tmp_path / "home"
    stored(home, server, lasts_s=3000)
    (home / "config.toml").touch()
    assert json.loads(run("token", home).stdout)["access_token"] == OLD["access_token"]


@pytest.mark.parametrize(
    "words", ["logout --all", "config path", "explain invalid_grant", "providers"]
)
def test_what_needs_no_default_profile_works(
    server: ScriptedServer, tmp_path: Path, words: str
) -> None:
    home = tmp_path / "home"
    stored(home, server, lasts_s=3000)
    (home / "config.toml").mkdir()
    assert run(words, home).exit_code == 0
