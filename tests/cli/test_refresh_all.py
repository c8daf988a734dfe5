"""`refresh --all`, and what is said of a sign-in that nobody uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ..support.command import run_here, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, at, stored, write_config

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86400


def test_each_is_refreshed_and_a_failure_stops_no_other(
    server: ScriptedServer, tmp_path: Path
) -> None:
    write_config(tmp_path, "")
    with ScriptedServer() as other:
        other.answers["/token"] = json_answer({"error": "invalid_grant"}, status=400)
        stored(tmp_path, other, profile="a-dead")
        stored(tmp_path, server, profile="b")
        stored(tmp_path, server, profile="c", refresh_token=None)
        done = run_here("refresh", "--all", home=tmp_path)
    assert done.exit_code == 4
    assert "login a-dead" in done.stderr
    assert token_file(tmp_path, "b")["access_token"] == NEW["access_token"]
    assert token_file(tmp_path, "c")["access_token"] != NEW["access_token"]


def test_what_was_refreshed_since_is_left_alone(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, profile="new", obtained_at=at(-2 * DAY_S))
    stored(tmp_path, server, profile="old", obtained_at=at(-21 * DAY_S))
    done = run_here("refresh", "--all", "--older-than", "20d", "--json", home=tmp_path)
    assert [row["profile"] for row in done.document["profiles"]] == ["old"]


@pytest.mark.parametrize("words", [("--older-than", "20d"), ("--all", "--older-than", "soon")])
def test_an_age_is_for_all_and_is_hours_or_days(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run_here("refresh", *words, home=tmp_path).exit_code == 2


def test_all_are_those_that_are_stored_whatever_the_environment_hands_over(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, profile="work")
    more = {
        "LOOPBACK_AUTH_REFRESH_TOKEN": "of-the-environment",
        "LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES": "false",
    }
    for words in (("--all",), ("work",)):
        done = run_here("refresh", *words, home=tmp_path, more=more)
        assert done.exit_code == 0, done.stderr
    assert token_file(tmp_path, "work")["access_token"] == NEW["access_token"]
    assert all(b"of-the-environment" not in each.body for each in server.asked("/token"))


def test_all_and_a_name_contradict_each_other(tmp_path: Path) -> None:
    assert run_here("refresh", "--all", "work", home=tmp_path).exit_code == 2


@pytest.mark.parametrize("obtained_at", ["yesterday", 7, None])
def test_a_time_that_is_none_stops_no_other_and_no_doctor(
    server: ScriptedServer, tmp_path: Path, obtained_at: object
) -> None:
    stored(tmp_path, server, profile="b")
    path = tmp_path / "tokens" / "a.json"
    good = json.loads((tmp_path / "tokens" / "b.json").read_text())
    path.write_text(json.dumps({**good, "profile": "a", "obtained_at": obtained_at}))
    path.chmod(0o600)
    done = run_here("refresh", "--all", "--older-than", "1h", home=tmp_path)
    assert "Traceback" not in done.stderr
    assert run_here("doctor", "a", home=tmp_path).stdout


@pytest.mark.parametrize("command", ["status", "profiles"])
def test_by_when_a_sign_in_must_be_used_is_said(
    server: ScriptedServer, tmp_path: Path, command: str
) -> None:
    extra = {"refresh_token_expires_in": 30 * DAY_S}
    stored(tmp_path, server, lasts_s=3600, obtained_at=at(0), extra=extra)
    done = run_here(command, home=tmp_path)
    assert done.exit_code == 0, done.stderr
    assert at(30 * DAY_S)[:10] in done.stdout
    assert "must be used by" in done.stdout.lower()


def test_the_kind_of_server_says_it_where_the_answer_does_not(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3600, obtained_at=at(0), settings={"provider": "google"})
    assert (
        run_here("status", "--json", home=tmp_path).document["use_by"][:10]
        == (at(180 * DAY_S)[:10])
    )


def test_the_doctor_warns_a_week_before(server: ScriptedServer, tmp_path: Path) -> None:
    extra = {"refresh_token_expires_in": 30 * DAY_S}
    stored(tmp_path, server, lasts_s=3600, obtained_at=at(-25 * DAY_S), extra=extra)
    done = run_here("doctor", home=tmp_path)
    assert "unless it is used before" in done.stdout
    assert "loopback-auth refresh" in done.stdout


def test_a_unit_is_printed(tmp_path: Path) -> None:
    done = run_here("init", "--keepalive", "systemd", home=tmp_path)
    assert done.exit_code == 0, done.stderr
    assert "refresh --all --older-than 10d" in done.stdout
