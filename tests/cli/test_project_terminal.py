"""A person at a terminal in a clone: asked once, and again when the file says something else."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Client

from ..support.command import COMMAND, environment
from .test_terminal import pexpect, sign_in_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

QUESTION = r"Do you trust that\? \[y/N\] "


@contextmanager
def in_clone(
    clone: Path,
    home: Path,
    *words: str,
    more: Mapping[str, str] | None = None,
    columns: int = 200,
) -> Iterator[pexpect.spawn]:
    variables = {**environment(home, more), "TERM": "xterm", "NO_COLOR": "1", "BROWSER": ""}
    command = [*COMMAND, *words]
    terminal = pexpect.spawn(
        *(command[0], command[1:]),
        env=variables,
        cwd=str(clone),
        timeout=30,
        encoding="utf-8",
        dimensions=(40, columns),
    )
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def git(*words: str, folder: Path) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="team-cli"),)) as running:
        yield running


@pytest.fixture
def clone(server: AuthorizationServer, tmp_path: Path) -> Path:
    """A fresh clone of a repository with a project file."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git("init", "-q", folder=origin)
    (origin / ".loopback-auth.toml").write_text(
        f'[profiles.team]\nissuer = "{server.issuer}"\nclient_id = "team-cli"\n'
    )
    git("add", ".", folder=origin)
    git("commit", "-qm", "sign in", folder=origin)
    git("clone", "-q", str(origin), str(tmp_path / "clone"), folder=tmp_path)
    return tmp_path / "clone"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


def test_a_sign_in_from_a_fresh_clone_asks_once(
    server: AuthorizationServer, clone: Path, home: Path
) -> None:
    with in_clone(clone, home, "login") as terminal:
        terminal.expect(rf"{clone}/\.loopback-auth\.toml says how to sign in here:")
        terminal.expect(r"team \(the default\)")
        host = server.issuer.partition("://")[2]
        terminal.expect(rf"sign-in at  {host}\r\n")
        terminal.expect(r"client      team-cli\r\n")
        terminal.expect(rf"would go to:\r\n  {host}\r\n")
        terminal.expect(QUESTION)
        terminal.sendline("y")
        sign_in_on(terminal)
        terminal.expect("Signed in as ada")
        terminal.expect(pexpect.EOF)
    for words in (("login", "--if-needed"), ("token",)):
        with in_clone(clone, home, *words) as terminal:
            terminal.expect(pexpect.EOF)
            assert "trust" not in terminal.before
            terminal.close()
            assert terminal.exitstatus == 0
    assert [path.name.partition("@")[0] for path in home.glob("tokens/*.json")] == ["team"]


@pytest.mark.parametrize("answer", ["", "n", "yess", "\x03", "\x04"])
def test_no_is_the_answer_unless_it_is_yes(
    answer: str, server: AuthorizationServer, clone: Path, home: Path
) -> None:
    with in_clone(clone, home, "login") as terminal:
        terminal.expect(QUESTION)
        if answer in ("\x03", "\x04"):
            terminal.send(answer)
        else:
            terminal.sendline(answer)
        terminal.expect("error.cancelled.: the project file .* is not trusted")
        terminal.expect(f"loopback-auth trust {re.escape(str(clone))}/.loopback-auth.toml")
        terminal.expect("loopback-auth login NAME")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 3
    assert os.listdir(home) == []
    assert server.requests == []


def test_lines_are_as_long_as_with_the_name_that_is_shown(clone: Path, home: Path) -> None:
    """In the store the profile has a longer one."""
    with in_clone(clone, home, "trust") as terminal:
        terminal.expect(QUESTION)
        terminal.sendline("y")
        terminal.expect(pexpect.EOF)
    with in_clone(clone, home, "exchange", "--no-input", columns=80) as terminal:
        terminal.expect_exact("no sign-in to the profile team is pending\r\n")
        terminal.expect(pexpect.EOF)
    with in_clone(clone, home, "doctor", columns=60) as terminal:
        terminal.expect_exact("nobody is signed in to the profile team\r\n")
        terminal.expect(pexpect.EOF)


def test_scopes_that_grow_are_shown_and_a_change_during_the_question_is_not_agreed_to(
    server: AuthorizationServer, clone: Path, home: Path
) -> None:
    path = clone / ".loopback-auth.toml"
    first = path.read_text()
    with in_clone(clone, home, "trust") as terminal:
        terminal.expect(QUESTION)
        terminal.sendline("y")
        terminal.expect("is trusted until it says something else")
    grown = f'{first}scope = "openid admin"\n'
    path.write_text(grown)
    with in_clone(clone, home, "config", "show") as terminal:
        terminal.expect(
            r"Changed since you trusted it:\r\n  team.scope: \(nothing\) -> openid admin"
        )
        terminal.expect(QUESTION)
        path.write_text(f'{grown}api_base = "https://evil.test"\n')
        terminal.sendline("y")
        terminal.expect(pexpect.EOF)
        assert "admin" in terminal.before
        assert "evil" not in terminal.before
    with in_clone(clone, home, "config", "show") as terminal:
        terminal.expect(r"team.api_base: \(nothing\) -> https://evil.test")
        terminal.expect(QUESTION)
    assert server.requests == []
