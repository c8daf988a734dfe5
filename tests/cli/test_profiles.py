"""`profiles rename` and `remove`, `logout` that leaves the settings, `login --account`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.remembered import remembered
from loopback_auth.testing import AuthorizationServer, Client

from ..support.command import no_token_file, run, token_file
from ..support.projects import repository
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import stored, write_config
from .test_login_flag import browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "canary-client-secret"


@pytest.fixture(name="issuer", scope="module")
def _issuer() -> Iterator[str]:
    clients = (
        Client(client_id="my-cli"),
        Client(client_id="my-app", client_secret=SECRET),
    )
    with AuthorizationServer.running(clients=clients) as running:
        yield running.issuer


async def test_settings_outlive_a_sign_out(issuer: str, tmp_path: Path) -> None:
    more = browser(tmp_path)
    where = ("--issuer", issuer, "--client-id", "my-cli", "--account", "ada")
    first = await run("login", "work", *where, home=tmp_path, more=more)
    assert first.exit_code == 0, first.stderr
    assert "&login_hint=ada" in first.stderr
    out = await run("logout", "work", home=tmp_path)
    assert "To remove them, too: loopback-auth logout work --forget\n" in out.stderr
    assert out.stderr.endswith("To sign in again: loopback-auth login work\n")
    assert no_token_file(tmp_path)
    listed = (await run("profiles", "--json", home=tmp_path)).document["profiles"]
    assert listed == [{"profile": "work", "default": False, "signed_in": False}]
    assert (await run("token", "work", home=tmp_path)).exit_code == 4
    again = await run("login", "work", home=tmp_path, more=more)
    assert again.exit_code == 0, again.stderr
    assert "&login_hint=ada" in again.stderr


async def test_st_05_a_damaged_token_file_loses_no_settings_and_its_fix_works(
    issuer: str, tmp_path: Path
) -> None:
    more = browser(tmp_path)
    where = ("--issuer", issuer, "--client-id", "my-cli")
    await run("login", "work", *where, home=tmp_path, more=more)
    (tmp_path / "tokens" / "work.json").write_text('{"access')
    broken = await run("token", "work", "--json", home=tmp_path)
    assert "loopback-auth login work;" in broken.error["fix"]
    assert (await run("login", "work", home=tmp_path, more=more)).exit_code == 0


async def test_st_08_a_typed_client_secret_is_in_one_file_and_stays_there_for_the_next_sign_in(
    issuer: str, tmp_path: Path
) -> None:
    more = browser(tmp_path)
    where = ("--issuer", issuer, "--client-id", "my-app", "--client-secret-stdin")
    await run("login", "work", *where, home=tmp_path, more=more, stdin=SECRET)

    def holders() -> list[str]:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return [path.name for path in files if SECRET in path.read_text("utf-8")]

    assert holders() == ["work.json"]
    await run("logout", "work", home=tmp_path)
    assert holders() == ["work.settings"]
    assert (tmp_path / "tokens" / "work.settings").stat().st_mode & 0o777 == 0o600
    assert (await run("login", "work", home=tmp_path, more=more)).exit_code == 0
    assert holders() == ["work.json"]
    await run("logout", "work", "--forget", home=tmp_path)
    assert holders() == []


async def test_forget_takes_the_settings_of_one_or_of_all(
    server: ScriptedServer, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        stored(tmp_path, server, profile=name)
    await run("logout", "a", home=tmp_path)
    store = stored(tmp_path, server, profile="b")
    assert remembered(store.folder, "a")
    said = await run("logout", "a", "--forget", home=tmp_path)
    assert said.stderr.endswith("Its settings are forgotten.\n")
    await run("logout", "b", home=tmp_path)
    await run("logout", "--all", "--forget", home=tmp_path)
    assert not list((tmp_path / "tokens").glob("*.settings"))
    assert (await run("profiles", "--names", home=tmp_path)).stdout == ""


async def test_rename_says_what_still_names_the_old_profile(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, profile="work")
    write_config(
        tmp_path,
        'default_profile = "work"\n[[rules]]\ndir = "/a"\nprofile = "work"\n'
        '[profiles.work]\nclient_id = "x"\n',
    )
    more = {"LOOPBACK_AUTH_PROFILE": "work"}
    done = await run("profiles", "rename", "work", "job", home=tmp_path, more=more)
    config = tmp_path / "config.toml"
    assert done.stderr.splitlines() == [
        "Renamed the profile work to job.",
        "Note: LOOPBACK_AUTH_PROFILE still means work.",
        f"Note: default_profile of {config} still means work.",
        f"Note: rule 1 of {config} still means work.",
    ]
    assert token_file(tmp_path, "job")["profile"] == "job"
    again = await run("profiles", "rename", "job", "it", "--json", home=tmp_path)
    assert again.document == {
        "version": 1,
        "profile": "it",
        "renamed_from": "job",
        "still_named_by": [],
    }


@pytest.mark.parametrize(
    "words",
    [("rename",), ("rename", "work"), ("remove",), ("remove", "a", "b"), ("rename", "/", "a")],
)
async def test_names_that_are_missing_or_none_are_refused(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    assert (await run("profiles", *words, home=tmp_path)).exit_code == 2


async def test_neither_leaves_a_file_of_the_old_name_or_of_locks_that_are_over(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def files() -> set[str]:
        paths = (path for path in tmp_path.rglob("*") if not path.is_dir())
        return {str(path.relative_to(tmp_path)) for path in paths}

    stored(tmp_path, server, profile="work")
    await run("profiles", "rename", "work", "job", home=tmp_path)
    assert files() == {"tokens/job.json", "tokens/job.lock"}
    await run("profiles", "remove", "job", "--yes", home=tmp_path)
    assert files() == set()


async def test_a_profile_of_a_repository_is_not_renamed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    own = "acme@0123456789abcdef"
    for name in (own, "mine"):
        stored(tmp_path, server, profile=name)
    for words in (("rename", own, "a"), ("rename", "mine", own), ("remove", own)):
        refused = await run("profiles", *words, "--json", home=tmp_path)
        assert "is a profile of a repository" in refused.error["message"]
    assert token_file(tmp_path, own)
    assert token_file(tmp_path, "mine")


async def test_remove_signs_out_and_takes_the_table_away_and_says_what_it_leaves(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/revocation"] = json_answer({})
    store = stored(tmp_path, server, "revocation", profile="work")
    write_config(tmp_path, '# mine\n[profiles.work]\nclient_id = "x"\n[profiles.b]\nport = 1\n')
    (tmp_path / "tokens" / "work.json.damaged-1").touch()
    asked = await run("profiles", "remove", "work", "--json", home=tmp_path)
    assert "loopback-auth profiles remove work --yes" in asked.error["fix"]
    assert store.load("work")
    done = await run("profiles", "remove", "work", "--yes", "--json", home=tmp_path)
    assert done.document == {
        "version": 1,
        "profile": "work",
        "removed": True,
        "revocation": "revoked",
        "still_named_by": [],
        "left": [str(tmp_path / "tokens" / "work.json.damaged-1")],
    }
    assert (tmp_path / "config.toml").read_text() == "# mine\n[profiles.b]\nport = 1\n"
    assert not [path.name for path in (tmp_path / "tokens").iterdir() if "damaged" not in path.name]
    assert (await run("profiles", "remove", "work", "--yes", home=tmp_path)).exit_code == 2


async def test_remove_of_a_damaged_or_a_merely_configured_profile(tmp_path: Path) -> None:
    write_config(tmp_path, '[profiles.work]\nclient_id = "x"\n')
    (tmp_path / "tokens").mkdir(mode=0o700)
    (tmp_path / "tokens" / "work.json").write_text("{")
    done = await run("profiles", "remove", "work", "--yes", "--json", home=tmp_path)
    assert (done.exit_code, done.document["revocation"]) == (0, "not asked")
    assert len(done.document["left"]) == 1
    assert json.loads((await run("profiles", "--json", home=tmp_path)).stdout)["profiles"] == []


async def test_remove_goes_on_where_the_server_does_not_revoke(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/revocation"] = json_answer({"error": "invalid_client"}, status=400)
    stored(tmp_path, server, "revocation", profile="work")
    done = await run("profiles", "remove", "work", "--yes", home=tmp_path)
    assert done.exit_code == 7
    assert no_token_file(tmp_path)


async def test_cl_06_a_secret_in_a_file_is_read_afresh_and_not_copied(
    issuer: str, tmp_path: Path, lasting_folder: Path
) -> None:
    secret = lasting_folder / "secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    more = {**browser(tmp_path), "TMPDIR": str(tmp_path / "elsewhere")}
    where = ("--issuer", issuer, "--client-id", "my-app", "--client-secret-file", str(secret))
    signed_in = await run("login", "work", *where, home=tmp_path, more=more)
    assert signed_in.exit_code == 0, signed_in.stderr
    assert token_file(tmp_path, "work")["client"] == {
        "client_id": "my-app",
        "client_secret_file": str(secret),
    }
    assert (await run("refresh", "work", home=tmp_path)).exit_code == 0
    secret.write_text("another")
    refused = await run("refresh", "work", "--json", home=tmp_path)
    assert refused.exit_code == 7
    secret.unlink()
    gone = await run("refresh", "work", "--json", home=tmp_path)
    assert gone.exit_code == 2
    assert str(secret) in gone.error["message"]
    assert "loopback-auth login work --client-secret-prompt" in gone.error["fix"]
    assert token_file(tmp_path, "work")["refresh_token"]
    # A sign-out goes on without it.
    assert (await run("logout", "work", home=tmp_path)).exit_code == 7
    secret.write_text(SECRET)
    assert (await run("login", "work", home=tmp_path, more=more)).exit_code == 0


async def test_a_secret_that_went_with_the_keyring_is_asked_for_by_name(
    issuer: str, tmp_path: Path
) -> None:
    more = browser(tmp_path)
    where = ("--issuer", issuer, "--client-id", "my-app", "--client-secret-stdin")
    await run("login", "work", *where, home=tmp_path, more=more, stdin=SECRET)
    # As a damaged token file, too, leaves it.
    (tmp_path / "tokens" / "work.json").unlink()
    lost = await run("login", "work", "--json", home=tmp_path, more=more)
    assert lost.exit_code == 2
    assert "loopback-auth login work --client-secret-prompt" in lost.error["fix"]
    how = ("work", "--client-secret-stdin")
    again = await run("login", *how, home=tmp_path, more=more, stdin=SECRET)
    assert again.exit_code == 0, again.stderr


async def test_a_client_that_config_toml_has_otherwise_is_said_to_come_back(
    issuer: str, tmp_path: Path
) -> None:
    """What is proposed for a wrong client ID works once: the file is the person's own."""
    more = browser(tmp_path)
    write_config(tmp_path, f"[profiles.work]\nissuer = '{issuer}'\nclient_id = 'mistyped'\n")
    flags = ("--client-id", "my-cli")
    outcome = await run("login", "work", *flags, home=tmp_path, more=more)
    assert outcome.exit_code == 0, outcome.stderr
    said = "config.toml:3 still has client_id = mistyped: change it, or the next login uses it"
    assert f"Note: {said}.\n" in outcome.stderr
    (tmp_path / "config.toml").write_text(
        f"[profiles.work]\nissuer = '{issuer}'\nclient_id = 'my-cli'\n", "utf-8"
    )
    same = await run("login", "work", *flags, home=tmp_path, more=more)
    assert "still has" not in same.stderr


async def test_st_05_settings_that_somebody_spoiled_keep_nobody_from_signing_in(
    issuer: str, tmp_path: Path
) -> None:
    more = browser(tmp_path)
    await run("login", "--issuer", issuer, "--client-id", "my-cli", home=tmp_path, more=more)
    await run("logout", home=tmp_path)
    path = tmp_path / "tokens" / "default.settings"
    document = json.loads(path.read_text())
    document["settings"]["port"] = "any"
    path.write_text(json.dumps(document))
    assert (await run("login", home=tmp_path, more=more)).exit_code == 0
    await run("logout", home=tmp_path)
    path.write_text("[")
    assert (await run("login", home=tmp_path, more=more)).exit_code == 2


async def test_a_machine_profile_that_was_signed_out_mints_nothing_until_it_is_signed_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = json_answer(
        {"access_token": "minted", "token_type": "Bearer", "expires_in": 3600}
    )
    where = ("--token-endpoint", server.url("/token"), "--client-id", "my-app")
    how = ("--flow", "client-credentials", "--client-secret-stdin")
    signed_in = await run("login", "m", *where, *how, home=tmp_path, stdin=SECRET)
    assert signed_in.exit_code == 0, signed_in.stderr
    await run("logout", "m", home=tmp_path)
    ended = await run("token", "m", "--json", home=tmp_path)
    assert ended.exit_code == 4
    assert "loopback-auth login m;" in ended.error["fix"]
    assert (await run("login", "m", home=tmp_path)).exit_code == 0
    assert (await run("token", "m", home=tmp_path)).stdout == "minted\n"


async def test_who_has_signed_out_of_a_profile_still_has_its_name_in_a_repository(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    stored(home, server, profile="acme")
    await run("logout", "acme", home=home)
    shown = await run("config", "show", "acme", "--json", home=home)
    assert shown.document["profile"] == "acme"


async def test_the_profile_that_is_meant_without_a_name_is_said(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server)
    done = await run("profiles", "rename", "default", "main", home=tmp_path)
    assert done.stderr.endswith("Note: a command without a profile still means default.\n")
