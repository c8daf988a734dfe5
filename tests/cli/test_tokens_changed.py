"""CL-11: an error of a command that might have changed the stored tokens says whether it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.command import run, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from pathlib import Path


DOWN = json_answer({}, "Retry-After: 0", status=503)
DEAD = json_answer(
    {"error": "invalid_grant", "error_description": "expired access/refresh token"}, status=400
)

SAME, FORGOTTEN = "The stored tokens are as before.", "The stored refresh token was removed."

# What the token endpoint answers; the command; what has become of the stored tokens. A dead refresh
# token is forgotten.
ERRORS = {
    "a server that is down": (DOWN, ("refresh",), SAME),
    "a dead refresh token": (DEAD, ("refresh",), FORGOTTEN),
    "a token that was needed": (DOWN, ("token",), SAME),
    "a login that nobody finished": (
        DOWN,
        (
            "login",
            "--authorization-endpoint",
            "https://a.example/a",
            "--token-endpoint",
            "https://a.example/t",
            "--client-id",
            "x",
            "--no-browser",
            "--timeout",
            "0.2s",
        ),
        SAME,
    ),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_cl_11_an_error_says_whether_the_stored_tokens_changed(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    """CL-11: at the end of the cause, in words and in the document, and it is so."""
    answer, command, sentence = ERRORS[name]
    server.answers["/token"] = answer
    stored(tmp_path, server, lasts_s=-1)
    before = token_file(tmp_path)
    ended = await run(*command, "--json", home=tmp_path)
    assert ended.error["cause"].endswith(f". {sentence}")
    after = {**before, "refresh_token": None, "refused": True} if sentence == FORGOTTEN else before
    assert token_file(tmp_path) == after
    stored(tmp_path, server, lasts_s=-1)
    said = await run(*command, home=tmp_path)
    assert f" {sentence}\n  fix: " in said.stderr


async def test_cl_11_tokens_that_were_stored_before_the_command_failed_have_changed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-11: and no more is said of them than that."""
    server.answers["/token"] = json_answer(NEW)
    server.answers["/me"] = json_answer({}, status=401)
    stored(tmp_path, server, "userinfo", lasts_s=-1)
    before = token_file(tmp_path)
    server.answers["/userinfo"] = server.answers["/me"]
    ended = await run("token", "--check", "--json", home=tmp_path)
    assert token_file(tmp_path) != before
    assert ended.error["cause"].endswith(" The stored tokens have changed.")


async def test_cl_11_where_nothing_could_change_nothing_is_said_of_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-11: an error in the command line, or of a profile that is not there."""
    server.answers["/token"] = json_answer(NEW)
    for command in (("token", "nobody"), ("status", "--no-such-option")):
        ended = await run(*command, "--json", home=tmp_path)
        assert "The stored" not in ended.error["cause"]


@pytest.mark.parametrize("command", ["token", "refresh", "env", "api /me"])
async def test_cl_11_where_there_is_nothing_to_refresh_with_nothing_is_said_of_it(
    server: ScriptedServer, tmp_path: Path, command: str
) -> None:
    """CL-11: nothing was begun, and that no usable token is stored is said already."""
    stored(tmp_path, server, lasts_s=-1, refresh_token=None)
    ended = await run(*command.split(), "--json", home=tmp_path)
    assert (ended.exit_code, ended.error["code"]) == (4, "sign-in-needed")
    assert ended.error["message"].endswith("ago: there is no refresh token")
    assert "changed" not in ended.error["cause"]
    assert "as before" not in ended.error["cause"]
    stored(tmp_path, server, lasts_s=3000, refresh_token=None)
    early = await run("refresh", "--json", home=tmp_path)
    assert early.error["message"].endswith("cannot be renewed: there is no refresh token")


async def test_cl_11_of_tokens_that_are_not_there_nothing_is_said(tmp_path: Path) -> None:
    """CL-11: a first sign-in that fails."""
    _, command, _ = ERRORS["a login that nobody finished"]
    ended = await run(*command, "--json", home=tmp_path)
    assert (ended.exit_code, ended.error["code"]) == (5, "login-timed-out")
    assert "stored tokens" not in ended.error["cause"]


async def test_cl_11_a_secret_that_the_server_repeats_is_not_repeated_here(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-11: some servers put the token that they refuse into their description of the error."""
    said = f"invalid token: {OLD['refresh_token']}"
    server.answers["/token"] = json_answer(
        {"error": "invalid_request", "error_description": said}, status=400
    )
    stored(tmp_path, server, lasts_s=-1)
    outcome = await run("refresh", "--verbose", home=tmp_path)
    assert outcome.exit_code == 7
    assert "invalid token: (hidden)" in outcome.stderr
    assert OLD["refresh_token"] not in outcome.stderr


async def test_cl_11_rf_05_a_refresh_token_that_came_alone_is_stored_and_used_next(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-11, RF-05: the old one is used up, and the command that failed did change the tokens."""
    server.answers["/token"] = json_answer({"refresh_token": "the-next", "access_token": "a\nb"})
    stored(tmp_path, server, lasts_s=-1)
    failed = await run("token", "--json", home=tmp_path)
    assert (failed.exit_code, failed.error["code"]) == (7, "answer-not-understood")
    assert failed.error["cause"].endswith(" The stored tokens have changed.")
    server.answers["/token"] = json_answer(NEW)
    assert (await run("token", home=tmp_path)).stdout == "the-new-token\n"
    assert [asked.form["refresh_token"] for asked in server.asked("/token")] == [
        OLD["refresh_token"],
        "the-next",
    ]


async def test_cl_01_rf_05_what_is_odd_about_a_refresh_is_a_note(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-01, RF-05: on standard error, beside the token on standard output; exit 0."""
    server.answers["/token"] = json_answer({**NEW, "id_token": "opaque", "token_type": "mac"})
    stored(tmp_path, server, lasts_s=-1)
    done = await run("token", home=tmp_path)
    assert (done.exit_code, done.stdout) == (0, "the-new-token\n")
    assert "Note: the ID token is not a JWT.\n" in done.stderr
    assert "Note: the token endpoint gave a token of the unknown type 'mac'.\n" in done.stderr
    stored(tmp_path, server, lasts_s=-1)
    ended = await run("refresh", "--json", home=tmp_path)
    assert {event["code"] for event in ended.events_named("warning")} == {"answer-odd"}
