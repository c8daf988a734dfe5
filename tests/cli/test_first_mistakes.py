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


GITHUB = ("login", "--manual", "--provider", "github")


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (
            (*GITHUB, "--client-id", "c d"),
            "copy it again: loopback-auth login default --client-id ID --provider github",
        ),
        (
            (*GITHUB, "--client-id", "c", "--login-url", "https://x.example"),
            (
                "leave it out: loopback-auth login default --provider github --client-id c; for"
                " another server: loopback-auth login default --issuer https://x.example"
                " --client-id c"
            ),
        ),
        (
            (*GITHUB, "--client-id", "c", "--audience", "https://x.example"),
            (
                "to send it as a parameter: loopback-auth login default --param"
                " audience=https://x.example --provider github --client-id c"
            ),
        ),
        (
            ("login", "w", "--provider", "gitlab", "--issuer", "https://x.example"),
            "loopback-auth login w --provider gitlab --login-url https://x.example",
        ),
        (
            ("login", "w", "--login-url", "https://x.example", "--client-id", "c"),
            (
                "name the provider: loopback-auth login w --provider NAME --login-url https://x.example"
                " --client-id c; or, if this is an issuer: loopback-auth login w --issuer"
                " https://x.example --client-id c"
            ),
        ),
        (
            ("init", "github", "w", "--login-url", "https://x.example", "--client-id", "c"),
            (
                "leave it out: loopback-auth login w --provider github; for another server:"
                " loopback-auth login w --issuer https://x.example"
            ),
        ),
    ],
)
def test_what_would_go_wrong_later_is_refused_with_the_command_that_works(
    tmp_path: Path, words: tuple[str, ...], fix: str
) -> None:
    done = run_here(*words, home=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"  fix: {fix}\n" in done.stderr
    assert not (tmp_path / "config.toml").exists()


def test_what_a_paste_brings_along_is_taken_off_and_said(tmp_path: Path) -> None:
    """CI-02: nothing of the values themselves is said."""
    secret = "\ufeff canary-secret \r\n"
    words = (*GITHUB, "--client-id", '"canary-id"\n', "--client-secret-stdin")
    done = run_here(*words, home=tmp_path, stdin=secret)
    assert done.exit_code == 0, done.stderr
    assert "client_id=canary-id&" in done.stdout
    assert done.stderr.count("Note: --client-id is used without what was pasted around it.") == 1
    assert done.stderr.count("Note: the client secret (as given) is used without the blanks") == 1
    assert "canary" not in done.stderr
    held = next((tmp_path / "pending").iterdir()).read_text("utf-8")
    assert '"client_secret": "canary-secret"' in held


def test_a_setting_of_a_file_that_has_no_use_is_only_said(tmp_path: Path) -> None:
    more = {"LOOPBACK_AUTH_LOGIN_URL": "acme"}
    done = run_here(*GITHUB, "--client-id", "c", home=tmp_path, more=more)
    assert done.exit_code == 0
    assert "Note: login_url (LOOPBACK_AUTH_LOGIN_URL) has no use here: GitHub" in done.stderr
