"""`status` and `refresh`: how long a token lasts, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loopback_auth import from_settings
from loopback_auth.cli.commands.status import own_settings
from loopback_auth.cli.views import settings_view
from loopback_auth.oauth.text import duration_in_words

from ..support.command import run, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [
    (0, "0 s"),
    (1, "1 s"),
    (59.9, "59 s"),
    (119.9, "119 s"),
    (120, "2 min"),
    (3599, "59 min"),
    (7199, "119 min"),
    (7320, "2 h"),
    (86400, "24 h"),
    (172799, "47 h"),
    (172800, "2 days"),
    (8640000, "100 days"),
]
EXACTLY = [
    (0.2, "0.2 s"),
    (90, "90 s"),
    (150, "150 s"),
    (300, "5 min"),
    (7200, "2 h"),
    (5400, "90 min"),
]


@pytest.mark.parametrize(("seconds", "words"), WORDS)
def test_a_length_of_time_is_said_as_people_do(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), EXACTLY)
def test_one_that_was_given_is_said_whole(seconds: float, words: str) -> None:
    assert duration_in_words(seconds, exactly=True) == words


@pytest.mark.parametrize(
    ("given", "uri"),
    [({}, "http://127.0.0.1:0/callback"), ({"port": (27801,)}, "http://127.0.0.1:27801/callback")],
    ids=["any port", "its own port"],
)
def test_the_redirect_uri_is_shown_as_it_is_sent(
    given: dict[str, tuple[int, ...]], uri: str
) -> None:
    profile = from_settings("work", issuer="https://id.example", client_id="app", **given)
    _, settings = settings_view(profile)
    assert settings["redirect_uris"]["value"] == uri


def test_a_terminal_has_the_settings_that_are_a_persons_as_people_write_them() -> None:
    """What is the same for everybody with this provider is in `config show`."""
    profile = from_settings(
        "work", provider="salesforce", client_id=f"3MVG9{'x' * 80}", access_token_lifetime=900
    )
    facts = own_settings(*settings_view(profile))
    assert [name for name, _ in facts] == [
        "access_token_lifetime",
        "client_id",
        "provider",
        "redirect_uris",
    ]
    assert facts[0][1].startswith("15m  (from ")
    assert facts[1][1].startswith(f"3MVG9{'x' * 28}...  (from ")


@pytest.mark.parametrize(
    ("lasts_s", "refresh_token", "printed"),
    [
        (3000, "r", "expires in 49 min; it is refreshed when needed\n"),
        (3000, None, "expires in 49 min; then sign in again\n"),
        (-7260, "r", "expired 2 h ago; it is refreshed when needed\n"),
        (-7260, None, "expired 2 h ago; sign in again\n"),
        (None, "r", "it gave no expiry); it is refreshed when needed"),
    ],
)
async def test_status_tells_the_expiry(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    lasts_s: float | None,
    refresh_token: str | None,
    printed: str,
) -> None:
    stored(tmp_path, server, lasts_s=lasts_s, refresh_token=refresh_token)
    outcome = await run("status", home=tmp_path)
    assert outcome.exit_code == 0
    assert printed in outcome.stdout


async def test_a_length_of_time_is_said_in_one_way_by_all(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=-3960, refresh_token=None)
    said = [await run(*words, home=tmp_path) for words in (["status"], ["doctor"], ["token"])]
    for outcome in said:
        assert "expired 66 min ago" in outcome.stdout + outcome.stderr
    stored(tmp_path, server, lasts_s=3599)
    for words in (["status"], ["doctor"], ["refresh"]):
        outcome = await run(*words, home=tmp_path)
        assert "expires in 59 min" in outcome.stdout + outcome.stderr
        assert "expires in 59 min (" not in outcome.stdout + outcome.stderr


async def test_refresh_gets_a_new_token_whatever_the_clock_says(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """And prints none."""
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run("refresh", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "Refreshed the profile default: expires in 59 min" in outcome.stderr
    assert token_file(tmp_path, "default")["access_token"] == NEW["access_token"]
    assert len(server.asked("/token")) == 1


@pytest.mark.slow
async def test_refresh_while_the_server_is_down_fails_and_keeps_all(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = json_answer({}, "Retry-After: 99", status=503)
    stored(tmp_path, server, lasts_s=3000)
    for words in (("refresh",), ("token", "--refresh")):
        outcome = await run(*words, "--json", home=tmp_path)
        assert (outcome.exit_code, outcome.document["error"]["code"]) == (7, "server-unavailable")
    assert token_file(tmp_path, "default")["access_token"] == OLD["access_token"]
    plain = await run("token", home=tmp_path)
    assert (plain.exit_code, plain.stdout.strip()) == (0, OLD["access_token"])


FORMATS = [
    ((), f"{OLD['access_token']}\n"),
    (("--no-newline",), OLD["access_token"]),
    (("--format", "raw"), f"{OLD['access_token']}\n"),
    (("--format", "headers"), f"Authorization: Bearer {OLD['access_token']}\n"),
    (("--format", "curl"), f'header = "Authorization: Bearer {OLD["access_token"]}"\n'),
    (("--show-refresh-token",), f"{OLD['refresh_token']}\n"),
]


@pytest.mark.parametrize(("flags", "printed"), FORMATS)
async def test_token_has_a_form_for_each_use(
    server: ScriptedServer, tmp_path: Path, *, flags: tuple[str, ...], printed: str
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run("token", *flags, home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (0, printed)
    assert OLD["refresh_token"] not in outcome.stderr + (
        "" if "refresh" in str(flags) else outcome.stdout
    )


async def test_token_as_json_holds_no_refresh_token(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    for flags in (("--format", "json"), ("--json",)):
        outcome = await run("token", *flags, home=tmp_path)
        assert outcome.document["access_token"] == OLD["access_token"]
        assert OLD["refresh_token"] not in outcome.stdout


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("before", "after", "exit_code", "refreshes"),
    [(200, 200, 0, 0), (401, 200, 0, 1), (401, 401, 7, 1), (503, 503, 7, 0)],
)
async def test_check_believes_the_server_over_the_clock(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    before: int,
    after: int,
    exit_code: int,
    refreshes: int,
) -> None:
    """RF-07: a token that the server does not take is refreshed, once."""
    server.answers["/userinfo"] = lambda connection: connection.socket.sendall(
        json_answer(
            {},
            status=before
            if OLD["access_token"] in (connection.request.header("authorization") or "")
            else after,
        )
    )
    stored(tmp_path, server, "userinfo", lasts_s=3000)
    outcome = await run("token", "--check", home=tmp_path)
    assert (outcome.exit_code, len(server.asked("/token"))) == (exit_code, refreshes)
    good = (OLD if refreshes == 0 else NEW)["access_token"]
    assert outcome.stdout == (f"{good}\n" if exit_code == 0 else "")


@pytest.mark.slow_cases
@pytest.mark.parametrize("active", [True, False])
async def test_check_asks_by_introspection_where_it_may(
    server: ScriptedServer, tmp_path: Path, *, active: bool
) -> None:
    server.answers["/introspection"] = lambda connection: connection.socket.sendall(
        json_answer({"active": active or NEW["access_token"] in connection.request.form["token"]})
    )
    client = {"client_id": "the-client", "client_secret": "s"}
    stored(tmp_path, server, "introspection", lasts_s=3000, client=client)
    outcome = await run("token", "--check", home=tmp_path)
    assert outcome.stdout.strip() == (OLD if active else NEW)["access_token"]


async def test_check_where_nothing_can_be_asked_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run("token", "--check", home=tmp_path)
    assert (outcome.exit_code, "no endpoint to check a token at" in outcome.stderr) == (2, True)


async def test_the_environments_token_short_circuits_all(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server)
    given = {"LOOPBACK_AUTH_TOKEN": "given"}
    outcome = await run("token", "--format", "headers", home=tmp_path, more=given)
    assert outcome.stdout == "Authorization: Bearer given\n"
    for flag in ("--refresh", "--check", "--show-refresh-token"):
        assert (await run("token", flag, home=tmp_path, more=given)).exit_code == 2
    assert server.requests == []


async def test_st_12_a_changed_configuration_does_not_move_the_refresh_token(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    ST-12: issuer, client and token endpoint are pinned with the tokens; what config.toml says now
    is for the next sign-in.
    """
    stored(tmp_path, server)
    with ScriptedServer() as other:
        configured = (
            f'[profiles.default]\nissuer = "{other.origin}"\nclient_id = "another-client"\n'
        )
        (tmp_path / "config.toml").write_text(
            configured + f'token_endpoint = "{other.url("/token")}"\nca_bundle = "/no/such/file"\n'
        )
        outcome = await run("token", home=tmp_path)
        assert (outcome.exit_code, outcome.stdout.strip()) == (0, NEW["access_token"])
        assert other.connections == 0
    (asked,) = server.asked("/token")
    assert (asked.form["client_id"], asked.form["refresh_token"]) == (
        "the-client",
        OLD["refresh_token"],
    )
    assert token_file(tmp_path)["server"]["token_endpoint"] == server.url("/token")


async def test_status_tells_what_the_provider_says_of_the_token_answer(
    server: ScriptedServer, tmp_path: Path
) -> None:
    extra = {
        "id": "https://h/id/00D000000000001AAA/005000000000001AAA",
        "instance_url": server.origin,
    }
    stored(tmp_path, server, extra=extra, settings={"provider": "salesforce"})
    outcome = await run("status", home=tmp_path)
    assert "Org ID        00D000000000001AAA\n" in outcome.stdout
    assert f"Instance      {server.origin}\n" in outcome.stdout
    printed = json.loads((await run("status", "--json", home=tmp_path)).stdout)
    assert printed["details"]["User ID"] == "005000000000001AAA"


async def test_status_says_that_a_token_of_the_environment_goes_before(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        stored(tmp_path, server)
        more = {"LOOPBACK_AUTH_TOKEN": "canary-given"}
        said = await run("status", home=tmp_path, more=more)
        assert "LOOPBACK_AUTH_TOKEN" not in (await run("status", home=tmp_path)).stderr
    assert "LOOPBACK_AUTH_TOKEN is set" in said.stderr
    assert "canary-given" not in said.stdout + said.stderr


async def test_config_show_of_a_misspelled_profile_leads_to_those_that_there_are(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """It is no error: a profile may be set by variables alone."""
    stored(tmp_path, server, lasts_s=3000, settings={"issuer": server.origin})
    there = await run("config", "show", home=tmp_path)
    assert (there.exit_code, there.stderr) == (0, "")
    missing = await run("config", "show", "wrk", home=tmp_path)
    assert missing.exit_code == 0
    assert missing.stderr.endswith("misspelled. Your profiles: loopback-auth profiles\n")
