"""What somebody types in the first five minutes, and the fix that works when it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.command import run_here
from ..support.stored import write_config

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", ["token", "env", "api", "refresh"])
def test_a_profile_that_nothing_is_known_of_is_not_sent_to_a_bare_login(
    tmp_path: Path, command: str
) -> None:
    words = (command, "/me", "-p", "wrok") if command == "api" else (command, "wrok")
    done = run_here(*words, home=tmp_path)
    assert done.exit_code == 4
    assert "error[sign-in-needed]" in done.stderr
    assert "loopback-auth login wrok --issuer URL --client-id ID" in done.stderr


def test_a_profile_that_is_misspelled_is_recognised(tmp_path: Path) -> None:
    write_config(tmp_path, '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n')
    done = run_here("token", "wrok", home=tmp_path)
    assert "perhaps work was meant: loopback-auth status work;" in done.stderr


def test_a_profile_that_is_configured_is(tmp_path: Path) -> None:
    write_config(tmp_path, '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n')
    done = run_here("token", "work", home=tmp_path)
    assert done.exit_code == 4
    assert "fix: loopback-auth login work;" in done.stderr


def test_an_address_in_the_place_of_a_profile_is_an_issuer(tmp_path: Path) -> None:
    done = run_here("login", "https://id.example.com", home=tmp_path)
    assert done.exit_code == 2
    assert "--issuer URL" in done.stderr


@pytest.mark.parametrize("words", [("-p", "work", "token"), ("--json", "token")])
def test_options_before_the_command_are_sent_behind_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run_here(*words, home=tmp_path)
    assert done.exit_code == 2
    assert "loopback-auth token -p NAME" in done.stderr + done.stdout
