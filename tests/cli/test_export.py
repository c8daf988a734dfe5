"""`export`: the sign-in in another program's words, through the real command."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.export.program.formats import EXPORT_FORMATS

from ..support.canary import watched
from ..support.command import run, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from pathlib import Path

INSTANCE = "https://acme.my.salesforce.com"
URL = f"force://the-client::{OLD['refresh_token']}@acme.my.salesforce.com"


def signed_in(home: Path, server: ScriptedServer, **members: Any) -> None:
    stored(home, server, **{"lasts_s": 3000, "extra": {"instance_url": INSTANCE}, **members})


async def test_a_url_is_one_line_and_nothing_else(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(tmp_path, server)
    outcome = await run("export", "sfdx-url", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, URL + "\n", "")


@pytest.mark.parametrize("form", ["postman", "simple-salesforce", "singer"])
async def test_the_others_are_a_json_document(
    server: ScriptedServer, tmp_path: Path, *, form: str
) -> None:
    signed_in(tmp_path, server)
    outcome = await run("export", form, home=tmp_path)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.document


@pytest.mark.parametrize("form", ["sfdx-url", "singer"])
async def test_json_holds_the_export(server: ScriptedServer, tmp_path: Path, *, form: str) -> None:
    signed_in(tmp_path, server)
    result = (await run("export", form, "--json", home=tmp_path)).document
    plain = (await run("export", form, home=tmp_path)).stdout
    exported = result.pop("export")
    assert result == {"version": 1, "format": form, "profile": "default"}
    assert plain.strip() == exported if isinstance(exported, str) else json.loads(plain) == exported


async def test_an_expired_token_is_refreshed_first(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(tmp_path, server, lasts_s=-1)
    outcome = await run("export", "simple-salesforce", home=tmp_path)
    assert outcome.document == {"instance_url": INSTANCE, "session_id": NEW["access_token"]}


async def test_a_secret_in_the_environment_is_exported_and_still_not_stored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(
        tmp_path, server, client={"client_id": "the-client", "client_secret_env": "APP_SECRET"}
    )
    outcome = await run("export", "sfdx-url", home=tmp_path, more={"APP_SECRET": "from-outside"})
    assert outcome.stdout.startswith("force://the-client:from-outside:")
    assert "from-outside" not in json.dumps(token_file(tmp_path))
    without = await run("export", "sfdx-url", "--json", home=tmp_path)
    assert (without.exit_code, "APP_SECRET" in without.error["message"]) == (2, True)


async def test_a_server_that_rotates_is_warned_of(server: ScriptedServer, tmp_path: Path) -> None:
    """
    Once a refresh brought another refresh token, whoever is handed one is told what
    that means.
    """
    server.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next-one"})
    signed_in(tmp_path, server, lasts_s=-1)
    first = await run("export", "sfdx-url", home=tmp_path)
    assert "the-next-one" in first.stdout
    assert "works once" in first.stderr
    again = await run("export", "singer", "--json", home=tmp_path)
    assert [result["code"] for result in again.events_named("warning")] == ["refresh-token-rotates"]
    token_alone = await run("export", "simple-salesforce", home=tmp_path)
    assert (token_alone.exit_code, token_alone.stderr) == (0, "")


async def test_a_file_is_for_your_eyes_only_and_stdout_stays_empty(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """SF-01: 0600 from its first moment, whatever the umask."""
    signed_in(tmp_path, server)
    file = tmp_path / "auth.txt"
    outcome = await run("export", "sfdx-url", "--output", str(file), home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert file.read_text() == URL + "\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or os.name == "nt"
    assert URL not in outcome.stderr
    result = await run(
        "export", "sfdx-url", "--output", str(file), "--force", "--json", home=tmp_path
    )
    assert result.document["path"] == str(file)
    assert URL not in result.stdout


async def test_a_file_of_yours_is_not_overwritten_unasked(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    refused = await run("export", "singer", "--output", str(file), "--json", home=tmp_path)
    assert (refused.exit_code, "--force" in refused.error["fix"]) == (2, True)
    assert file.read_text() == "mine"
    forced = await run("export", "singer", "--output", str(file), "--force", home=tmp_path)
    assert (forced.exit_code, json.loads(file.read_text())["is_sandbox"]) == (0, False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or os.name == "nt"


@pytest.mark.parametrize(("output", "exit_code"), [(".", 2), ("link", 2), ("none/file", 1)])
async def test_an_output_that_will_not_do_is_reported_and_left_as_it_is(
    server: ScriptedServer, tmp_path: Path, *, output: str, exit_code: int
) -> None:
    signed_in(tmp_path, server)
    target = tmp_path / "target"
    target.write_text("as it is")
    (tmp_path / "link").symlink_to(target)
    path = str(tmp_path / output)
    refused = await run("export", "sfdx-url", "--output", path, "--force", "--json", home=tmp_path)
    assert refused.exit_code == exit_code, refused.stdout
    assert refused.error["fix"]
    assert target.read_text() == "as it is"


REFUSED = {
    "no format": ((), {}, "--list"),
    "another format": (("yaml",), {}, "sfdx-url"),
    "a token from outside": (
        ("singer",),
        {"LOOPBACK_AUTH_TOKEN": "a-token"},
        "unset LOOPBACK_AUTH_TOKEN",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_asked_wrongly_is_reported(
    server: ScriptedServer, tmp_path: Path, *, name: str
) -> None:
    words, more, fix = REFUSED[name]
    signed_in(tmp_path, server)
    refused = await run("export", *words, "--json", home=tmp_path, more=more)
    assert refused.exit_code == 2
    assert fix in refused.error["message"] + refused.error["fix"]


async def test_a_sign_in_elsewhere_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    refused = await run("export", "postman", "--json", home=tmp_path)
    assert (refused.exit_code, "instance_url" in refused.error["message"]) == (2, True)


async def test_nobody_signed_in(tmp_path: Path) -> None:
    assert (await run("export", "singer", home=tmp_path)).exit_code == 4


async def test_the_list_says_who_reads_what(tmp_path: Path) -> None:
    listed = (await run("export", "--list", home=tmp_path)).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    assert names >= {"sfdx-url", "postman", "simple-salesforce", "singer"}
    formats = (await run("export", "--list", "--json", home=tmp_path)).document["formats"]
    assert "tap-salesforce" in formats["singer"]


def private(path: Path) -> bool:
    return os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_file_that_is_there_keeps_its_rest_and_a_copy(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    path = tmp_path / "settings.toml"
    path.write_text("# mine\nregion = 'eu'\n")
    words = ("--set", "auth.token=access_token", "--output", str(path))
    outcome = await run("export", "file", *words, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    token = OLD["access_token"]
    assert path.read_text() == f"# mine\nregion = 'eu'\n\n[auth]\ntoken = \"{token}\"\n"
    assert (tmp_path / "settings.toml.bak").read_text() == "# mine\nregion = 'eu'\n"
    assert private(path)
    assert private(tmp_path / "settings.toml.bak")


async def test_the_copy_is_what_the_person_had_however_often_it_is_written(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A copy of their own stays, too; and no copy holds an older token."""
    signed_in(tmp_path, server)
    path, own = tmp_path / "a.json", tmp_path / "b.json"
    path.write_text("{}\n")
    own.write_text("{}\n")
    (tmp_path / "b.json.bak").write_text("mine")
    for name in (path, path, own):
        words = ("--set", "token=access_token", "--output", str(name))
        assert (await run("export", "file", *words, home=tmp_path)).exit_code == 0
    assert (tmp_path / "a.json.bak").read_text() == "{}\n"
    assert (tmp_path / "b.json.bak").read_text() == "mine"


async def test_a_template_is_filled_in(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(tmp_path, server)
    path = tmp_path / "app.json"
    path.write_text('{"token": "{access_token}", "url": "{extra.instance_url}"}')
    outcome = await run("export", "template", "--template", str(path), home=tmp_path)
    assert json.loads(outcome.stdout) == {"token": OLD["access_token"], "url": INSTANCE}


@pytest.mark.parametrize("named", [(), ("--even-in-git",)])
async def test_a_file_that_git_would_track_is_refused_unless_meant(
    server: ScriptedServer, tmp_path: Path, *, named: tuple[str, ...]
) -> None:
    signed_in(tmp_path, server)
    work = tmp_path / "work"
    made = ["git", "init", "-q", str(work)]
    await asyncio.to_thread(subprocess.run, made, check=True, timeout=60)
    (work / ".gitignore").write_text("ignored.env\n")
    words = ("export", "json", *named, "--output")
    ignored = await run(*words, str(work / "ignored.env"), home=tmp_path)
    assert ignored.exit_code == 0, ignored.stderr
    tracked = await run(*words, str(work / "tracked.env"), home=tmp_path)
    assert tracked.exit_code == (0 if named else 2)
    assert (work / "tracked.env").exists() == bool(named)
    assert named or ".gitignore" in tracked.stderr


async def test_the_copy_of_a_file_is_no_secret_that_git_would_track(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    work = tmp_path / "work"
    made = ["git", "init", "-q", str(work)]
    await asyncio.to_thread(subprocess.run, made, check=True, timeout=60)
    (work / ".gitignore").write_text(".env\n")
    ours = "TOKEN=the-last-one\n"
    (work / ".env").write_text(ours)
    words = ("export", "file", "--set", "TOKEN=access_token", "--output", str(work / ".env"))
    refused = await run(*words, home=tmp_path)
    assert (refused.exit_code, (work / ".env").read_text()) == (2, ours)
    assert ".env.bak" in refused.stderr
    assert not (work / ".env.bak").exists()
    (work / ".gitignore").write_text(".env*\n")
    assert (await run(*words, home=tmp_path)).exit_code == 0
    assert (work / ".env.bak").read_text() == ours


@pytest.mark.skipif(os.name != "posix", reason="the program is a script")
async def test_a_repositorys_fsmonitor_is_not_run(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(tmp_path, server)
    work, ran = tmp_path / "work", tmp_path / "ran"
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o700)
    for words in (
        ("init", "-q", str(work)),
        ("-C", str(work), "config", "core.fsmonitor", program),
    ):
        await asyncio.to_thread(subprocess.run, ["git", *words], check=True, timeout=60)
    (work / "a").write_text("")
    added = ["git", "-C", str(work), "add", "a"]
    await asyncio.to_thread(subprocess.run, added, check=True, timeout=60, capture_output=True)
    ran.unlink(missing_ok=True)
    (work / ".gitignore").write_text("x.json\n")
    outcome = await run("export", "json", "--output", str(work / "x.json"), home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert not ran.exists()


@pytest.mark.parametrize("words", [("template",), ("file",), ("file", "--output", "{}/x.json")])
async def test_a_file_of_ones_own_says_what_it_needs(
    server: ScriptedServer, tmp_path: Path, *, words: tuple[str, ...]
) -> None:
    signed_in(tmp_path, server)
    outcome = await run("export", *(word.format(tmp_path) for word in words), home=tmp_path)
    assert outcome.exit_code == 2
    assert "needs --" in outcome.stderr


async def test_postman_has_the_address_in_use_where_the_port_came_by_flag(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server, settings={"provider": "salesforce", "port": [1718]})
    outcome = await run("export", "postman", home=tmp_path)
    (url,) = [each["value"] for each in outcome.document["values"] if each["key"] == "redirectUrl"]
    assert url == "http://localhost:1718/OauthRedirect"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_curl_reads_its_configuration_and_netrc(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/me"] = json_answer({})
    signed_in(tmp_path, server, extra={"instance_url": server.origin})
    config = (await run("export", "curl", home=tmp_path)).stdout
    (tmp_path / "netrc").write_text((await run("export", "netrc", home=tmp_path)).stdout)
    for words, given in ((("-K", "-"), config), (("--netrc-file", str(tmp_path / "netrc")), "")):
        command = ["curl", "-sS", "--noproxy", "*", *words, server.url("/me")]
        await asyncio.to_thread(
            subprocess.run, command, input=given.encode(), check=True, timeout=60
        )
    basic = base64.b64encode(f"oauth2:{OLD['access_token']}".encode()).decode()
    sent = [dict(each.headers)["authorization"] for each in server.asked("/me")]
    assert sent == [f"Bearer {OLD['access_token']}", f"Basic {basic}"]


async def test_what_is_exported_is_nowhere_else(server: ScriptedServer, tmp_path: Path) -> None:
    """In no argument, no environment and no file but the one that was named."""
    token, home = "canary-access-token-1f", tmp_path / "home"
    home.mkdir()
    signed_in(home, server, access_token=token)
    with watched(token, tmp_path, allowed=("home/tokens/*", "out")) as canary:
        for form in EXPORT_FORMATS:
            words = ("--output", str(tmp_path / "out"), "--force")
            outcome = await run("export", form, *words, home=home)
            assert outcome.exit_code == 0, (form, outcome)
            canary.check_text(outcome.stdout + outcome.stderr)
