"""What would surprise is said: a token of the environment, a short life, a browser that is none."""

from __future__ import annotations

import asyncio
import os
import stat
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client

from ..support.command import login_here, run
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, stored

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {"LOOPBACK_AUTH_TOKEN": "given"}
NOTE = "LOOPBACK_AUTH_TOKEN is set"
THIS_FILE = os.path.abspath(__file__)


async def test_a_token_from_the_environment_is_said_by_status_and_doctor(
    server: ScriptedServer, tmp_path: Path
) -> None:
    nobody = await run("status", home=tmp_path, more=GIVEN)
    assert nobody.exit_code == 4
    assert nobody.stderr.startswith(NOTE)
    stored(tmp_path, server, lasts_s=3000)
    assert (await run("status", home=tmp_path, more=GIVEN)).stderr.startswith(NOTE)
    assert NOTE not in (await run("status", home=tmp_path)).stderr
    checks = (await run("doctor", "--json", home=tmp_path, more=GIVEN)).document["checks"]
    [check] = [each for each in checks if each["name"] == "given token"]
    assert check["verdict"] == "warn"
    assert NOTE in check["seen"]


@pytest.mark.parametrize(
    ("min_ttl", "is_said"), [("2h", True), ("59m", False), ("30s", False), (None, False)]
)
async def test_a_life_that_the_server_does_not_give_is_said_once(
    server: ScriptedServer, tmp_path: Path, min_ttl: str | None, *, is_said: bool
) -> None:
    server.answers["/token"] = json_answer({**NEW, "expires_in": 3600})
    stored(tmp_path, server, lasts_s=-1)
    more = ("--min-ttl", min_ttl) if min_ttl else ()
    for _ in range(2):
        outcome = await run("token", *more, home=tmp_path)
        assert (outcome.exit_code, outcome.stdout) == (0, f"{NEW['access_token']}\n")
        said = "Note: the server's tokens last 60 min, less than the 2 h asked for.\n"
        assert outcome.stderr == (said if is_said else "")


async def test_fs_st_01_env_writes_a_file_for_its_owner_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    path = tmp_path / "token.env"
    before = os.umask(0)
    try:
        done = await run("env", "--format", "dotenv", "--output", str(path), home=tmp_path)
    finally:
        os.umask(before)
    assert (done.stdout, done.stderr) == ("", f"Wrote {path}. It is a secret.\n")
    assert path.read_text() == "ACCESS_TOKEN=the-old-token\n"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = await run("env", "--output", str(path), "--json", home=tmp_path)
    assert "--force" in again.error["fix"]
    forced = await run("env", "--output", str(path), "--force", "--json", home=tmp_path)
    assert forced.document["variables"] == ["ACCESS_TOKEN"]
    assert "the-old-token" not in forced.stdout
    refused = await run("env", "--output", str(path), "--format", "github", home=tmp_path)
    assert refused.exit_code == 2


async def test_env_refuses_a_file_that_git_would_track(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path / "home", server, lasts_s=3000)
    (tmp_path / ".git").mkdir()
    path = str(tmp_path / ".env")
    refused = await run("env", "--output", path, "--json", home=tmp_path / "home")
    assert "--even-in-git" in refused.error["fix"]
    done = await run("env", "--output", path, "--even-in-git", home=tmp_path / "home")
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("flags", "browser", "reason"),
    [
        ((), "nofox --new", "BROWSER names nofox --new, and there is no such program"),
        ((), "/etc/hostname", "BROWSER names /etc/hostname, and there is no such program"),
        ((), "lynx", "BROWSER names lynx, which would run inside this terminal"),
        (("--browser", "x"), "", "the setting browser names x, and there is no such program"),
    ],
)
async def test_a_browser_that_is_none_is_named_as_the_reason(
    server: ScriptedServer, tmp_path: Path, flags: tuple[str, ...], browser: str, reason: str
) -> None:
    where = ("--authorization-endpoint", server.url("/a"), "--token-endpoint", server.url("/t"))
    more = {"BROWSER": browser, "DISPLAY": ":0"}
    async with login_here("--client-id", "x", *where, *flags, home=tmp_path, more=more) as login:
        said = await login.event("browser_not_opened")
    assert said["reason"].startswith(reason)


async def test_a_secret_that_is_typed_again_takes_the_place_of_the_one_that_init_keeps(
    tmp_path: Path,
) -> None:
    """Else the fix for a wrong one would help once, and the next login would fail as before."""
    client = Client(client_id="app", client_secret="right")
    with AuthorizationServer.running(clients=(client,)) as server:
        client_id = ("--client-id", "app")
        set_up = ("--issuer", server.issuer, *client_id, "--client-secret-stdin")
        await run("init", "work", *set_up, home=tmp_path, stdin="wrong")
        kept = tmp_path / "client-secrets" / "work"
        for secret in ("right", None):
            async with login_here("work", *client_id, home=tmp_path, secret=secret) as login:
                await asyncio.to_thread(Browser().visit, await login.open_page())
                assert (await login.outcome()).exit_code == 0
        assert kept.read_text() == "right"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600 or os.name != "posix"


@pytest.mark.parametrize(
    "flags",
    [
        ("--ca-bundle", "/nope"),
        ("--ca-bundle", "/"),
        ("--ca-bundle", THIS_FILE),
        ("--client-secret-file", "/nope"),
        ("--redirect-uri", "https://localhost:8799/cb", "--callback-cert", "/nope"),
    ],
)
async def test_a_file_that_is_none_ends_a_sign_in_before_its_address_is_shown(
    server: ScriptedServer, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    where = ("--authorization-endpoint", server.url("/a"), "--token-endpoint", server.url("/t"))
    ended = await run("login", "--client-id", "x", *where, *flags, "--json", home=tmp_path)
    assert ended.exit_code == 2
    assert not ended.events_named("open_page")
    assert not server.requests
    # What would be looked at has to be there.
    assert ("openssl" in ended.error["fix"]) == (flags[-1] == THIS_FILE)


MISSPELLED = [
    "login wrk",
    "login wrk --device",
    "login wrk --if-needed",
    "login wrk --manual",
    "login wrk --client-id x",
    "login wrk --issuer https://127.0.0.1:9",
    "login wrk --issuer http://id.example.com --client-id x",
    "login wrk --provider salesforce --client-id x --redirect-uri http://app.example.com/cb",
    "token wrk",
    "token wrk --login",
    "refresh wrk",
    "logout wrk",
    "status wrk",
    "doctor wrk",
    "exec wrk -- true",
    "profiles rename wrk other",
    "profiles remove wrk --yes",
]


@pytest.mark.parametrize("command", MISSPELLED)
async def test_a_misspelled_profile_leaves_no_file(
    command: str, server: ScriptedServer, tmp_path: Path
) -> None:
    """Neither a record nor a lock, whether another profile is there or not."""

    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if not path.is_dir()}

    await run(*command.split(), home=tmp_path)
    assert files() == set()
    stored(tmp_path, server, lasts_s=3000)
    before = files()
    await run(*command.split(), home=tmp_path)
    assert files() == before
