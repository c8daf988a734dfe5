"""A refresh token that a CI system hands over: used without a file, and never used up unseen."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing import AuthorizationServer, Client

from ..support.asking import refresh
from ..support.canary import watched
from ..support.command import Outcome, no_token_file, run_here, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import write_config
from .test_machine import pem

if TYPE_CHECKING:
    from pathlib import Path

GIVEN, NEXT, ACCESS = "canary-given-refresh", "canary-next-refresh", "the-access-token"


@pytest.fixture(name="home")
def _home(tmp_path: Path, server: ScriptedServer) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    endpoints = "".join(
        f'{n}_endpoint = "{server.url(f"/{n}")}"\n' for n in ("authorization", "token")
    )
    write_config(
        home, f'default_profile = "ci"\n[profiles.ci]\n{endpoints}client_id = "pipeline"\n'
    )
    return home


def answer(server: ScriptedServer, refresh_token: str | None, expires_in: int = 600) -> None:
    members: dict[str, Any] = {"access_token": ACCESS, "token_type": "Bearer"}
    if refresh_token:
        members["refresh_token"] = refresh_token
    server.answers["/token"] = json_answer({**members, "expires_in": expires_in})


def asked(home: Path, *words: str, stdin: str = "", **more: str) -> Outcome:
    return run_here(
        *words, home=home, stdin=stdin, more={"LOOPBACK_AUTH_REFRESH_TOKEN": GIVEN, **more}
    )


def test_a_server_that_may_rotate_is_not_asked(home: Path, server: ScriptedServer) -> None:
    """The sign-in lives on, here and on the laptop: nothing was sent."""
    answer(server, NEXT)
    for _ in range(2):
        done = asked(home, "token")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "--on-rotate COMMAND" in done.stderr
    assert server.requests == []


def test_a_token_is_had_without_any_file(home: Path, server: ScriptedServer) -> None:
    answer(server, None)
    with watched(GIVEN, home) as canary:
        done = asked(home, "token", LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES="false")
        canary.check_text(done.stdout + done.stderr)
    assert (done.exit_code, done.stdout) == (0, f"{ACCESS}\n"), done.stderr
    assert no_token_file(home)


def test_a_rotation_that_nobody_expected_is_said_and_the_token_is_handed_out(
    home: Path, server: ScriptedServer
) -> None:
    answer(server, NEXT)
    done = asked(home, "token", LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES="false")
    assert (done.exit_code, done.stdout) == (4, f"{ACCESS}\n")
    assert "is dead now" in done.stderr
    assert NEXT not in done.stderr


def test_two_commands_of_one_job_use_a_token_once(home: Path, server: ScriptedServer) -> None:
    """With reuse detection a second use would end the sign-in, and the laptop's with it."""
    answer(server, NEXT, expires_in=1)
    folder = home.parent / "kept"
    for _ in range(2):
        done = asked(home, "token", "--refresh", "--store", str(folder))
        assert (done.exit_code, done.stdout) == (0, f"{ACCESS}\n"), done.stderr
        answer(server, NEXT + "-2")
    sent = [request.body.decode() for request in server.asked("/token")]
    assert [GIVEN in body for body in sent] == [True, False]
    assert NEXT in sent[1]
    assert no_token_file(home)
    if os.name == "posix":
        assert all(
            stat.S_IMODE(each.stat().st_mode) & 0o077 == 0 for each in folder.rglob("*.json")
        )


@pytest.mark.parametrize("status", [0, 3])
def test_a_new_token_goes_to_the_command(home: Path, server: ScriptedServer, status: int) -> None:
    answer(server, NEXT)
    got = home.parent / "got"
    script = f"import pathlib, sys; pathlib.Path({str(got)!r}).write_text(sys.stdin.read())"
    command = f"'{sys.executable}' -c \"{script}; sys.exit({status})\""
    with watched(NEXT, home) as canary:
        done = asked(home, "token", "--on-rotate", command)
        canary.check_text(done.stdout + done.stderr)
    assert (done.exit_code, done.stdout) == (4 if status else 0, f"{ACCESS}\n")
    assert got.read_text() == NEXT
    assert ("status 3" in done.stderr) == bool(status)


def test_a_workflow_of_github_hides_the_tokens_before_they_are_used(
    home: Path, server: ScriptedServer
) -> None:
    answer(server, None)
    more = {"LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES": "false", "GITHUB_ACTIONS": "true"}
    done = asked(home, "token", **more)
    assert f"::add-mask::{ACCESS}" in done.stderr.splitlines()
    assert done.stdout == f"{ACCESS}\n"


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "caf\u00e9", " "])
def test_what_is_no_refresh_token_is_refused_and_not_repeated(
    home: Path, server: ScriptedServer, text: str
) -> None:
    done = asked(home, "token", LOOPBACK_AUTH_REFRESH_TOKEN=text)
    assert (done.exit_code, server.requests) == (2, [])
    what = "that is not a refresh token" if text.strip() else "no refresh token was given"
    assert f"error[usage]: {what}\n" in done.stderr
    assert text not in done.stderr or not text.strip()


@pytest.mark.parametrize("from_stdin", [False, True])
def test_an_import_is_kept(home: Path, server: ScriptedServer, *, from_stdin: bool) -> None:
    answer(server, NEXT)
    if from_stdin:
        done = run_here("import", "ci", home=home, stdin=GIVEN + "\n")
    else:
        done = asked(home, "import", "ci")
    assert done.exit_code == 0, done.stderr
    assert token_file(home, "ci")["refresh_token"] == NEXT
    assert run_here("token", "ci", home=home).stdout == f"{ACCESS}\n"


def test_an_import_replaces_nothing_unasked_and_nothing_by_a_failure(
    home: Path, server: ScriptedServer
) -> None:
    answer(server, NEXT)
    assert asked(home, "import", "ci").exit_code == 0
    kept = token_file(home, "ci")
    refused = asked(home, "import", "ci")
    assert refused.exit_code == 2
    assert "import ci --replace" in refused.stderr
    server.answers["/token"] = json_answer({"error": "invalid_grant"}, status=400)
    failed = asked(home, "import", "ci", "--replace")
    assert failed.exit_code == 4
    assert token_file(home, "ci") == kept


def test_a_key_is_read_from_its_variable_without_more_settings(home: Path) -> None:
    write_config(
        home,
        '[profiles.ci]\ntoken_endpoint = "https://id.example/token"\nclient_id = "c"\n'
        'flow = "client-credentials"\n',
    )
    done = run_here("token", "ci", home=home, more={"LOOPBACK_AUTH_KEY": "no key at all"})
    assert "error[key-unusable]" in done.stderr


def test_two_commands_keep_the_family_alive_and_that_of_the_laptop(home: Path) -> None:
    """The server ends a family at the second use of a token."""
    with AuthorizationServer.running(clients=(Client(client_id="public"),)) as real:
        ci, laptop = (real.tokens_for("ada", client_id="public")["refresh_token"] for _ in range(2))
        write_config(home, f'[profiles.ci]\nissuer = "{real.issuer}"\nclient_id = "public"\n')
        kept = home / "kept"
        words = ("token", "ci", "--refresh", "--store", str(kept))
        both = [asked(home, *words, LOOPBACK_AUTH_REFRESH_TOKEN=ci) for _ in range(2)]
        assert [done.exit_code for done in both] == [0, 0], both
        assert both[0].stdout != both[1].stdout
        stored = token_file(kept, "ci")["refresh_token"]
        assert stored != ci
        assert [refresh(real, token).status for token in (stored, laptop)] == [200, 200]


@pytest.mark.parametrize("kind", ["KEY", "CLIENT_SECRET"])
def test_a_machine_needs_its_key_or_secret_and_nothing_is_written(
    home: Path, server: ScriptedServer, kind: str
) -> None:
    """A refresh token beside it is another profile's, and is left alone."""
    answer(server, None)
    before = sorted(home.rglob("*"))
    value = pem() if kind == "KEY" else "canary-secret-9z"
    flow = {"LOOPBACK_AUTH_FLOW": "client-credentials", f"LOOPBACK_AUTH_{kind}": value}
    done = asked(home, "token", **flow, TF_BUILD="True")
    assert (done.exit_code, done.stdout) == (0, f"{ACCESS}\n"), done.stderr
    assert f"issecret=true]{ACCESS}\n" in done.stderr
    (request,) = server.asked("/token")
    assert request.form["grant_type"] == "client_credentials"
    assert ("client_assertion" in request.form) == (kind == "KEY")
    assert sorted(home.rglob("*")) == before


def test_the_command_that_gets_a_new_token_has_none_of_our_variables(
    home: Path, server: ScriptedServer
) -> None:
    answer(server, NEXT)
    got = home.parent / "environment"
    code = f"import os; open({str(got)!r}, 'w').write(repr(dict(os.environ)))"
    done = asked(home, "token", "--on-rotate", f'"{sys.executable}" -c "{code}"')
    assert done.exit_code == 0, done.stderr
    assert GIVEN not in got.read_text()


def test_json_hides_the_tokens_too(home: Path, server: ScriptedServer) -> None:
    answer(server, None)
    more = {"LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES": "false", "GITHUB_ACTIONS": "true"}
    done = asked(home, "token", "--json", **more)
    assert done.exit_code == 0, done.stderr
    assert f"::add-mask::{ACCESS}" in done.stderr.splitlines()
