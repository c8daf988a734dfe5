"""
`--storage`, and `storage` in config.toml: where the tokens are, from the sign-in to the sign-out,
seen from outside.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import ConfigError, KeyringUnavailable, UsageError
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import from_settings, resolve
from loopback_auth.settings.storage import chosen_storage
from loopback_auth.testing import AuthorizationServer, Browser, Client
from tests.support.keyrings import Person, new_person, use

from ..support.command import Outcome, login, run_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.stopwatch import Stopwatch

SECRETS = ("access_token", "refresh_token", "id_token")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Give somebody whose keyring this process can look into."""
    person = new_person(tmp_path)
    use(person, monkeypatch)
    return person


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="my-cli"),)) as running:
        yield running


async def sign_in(
    person: Person, server: AuthorizationServer, *arguments: str, backend: str = "Kept", **more: str
) -> Outcome:
    flags = ("--issuer", server.issuer, "--client-id", "my-cli", "--scope", "openid offline_access")
    surroundings = person.environment(backend, **more)
    async with login(
        *flags, *arguments, "--no-browser", home=person.home, more=surroundings
    ) as under_way:
        await asyncio.to_thread(Browser().visit, await under_way.open_page())
        return await under_way.outcome()


async def command(person: Person, *words: str, backend: str = "Kept", **more: str) -> Outcome:
    return await run_process(*words, home=person.home, more=person.environment(backend, **more))


def held(person: Person) -> dict[str, Any]:
    document = FileStore(str(person.home)).load("default")
    assert document
    return document


def where(person: Person) -> dict[str, int]:
    """Count the places that hold a token of the stored sign-in."""
    document = held(person)
    return person.secrets(*(document[name] for name in SECRETS if document[name]))


async def test_st_10_a_sign_in_lives_in_the_keyring_from_login_to_logout(
    person: Person, server: AuthorizationServer
) -> None:
    """
    ST-10: login, token, refresh, status, profiles, logout; at no time does a file hold
    a token.
    """
    signed_in = await sign_in(person, server, "--storage", "keyring")
    assert (signed_in.exit_code, signed_in.document["storage"]) == (0, "keyring"), signed_in
    assert signed_in.document["backend"] == "stand_in.Kept"
    assert where(person) == {"keyring": 1, "files": 0}
    first = held(person)

    assert (await command(person, "token")).stdout.strip() == first["access_token"]
    refreshed = await command(person, "refresh", "--json")
    assert refreshed.exit_code == 0, refreshed
    assert held(person)["access_token"] != first["access_token"]
    assert where(person) == {"keyring": 1, "files": 0}
    assert person.secrets(first["access_token"]) == {"keyring": 0, "files": 0}

    report = (await command(person, "status", "--json")).document
    assert (report["storage"], report["backend"], report["refreshable"]) == (
        "keyring",
        "stand_in.Kept",
        True,
    )
    assert "Stored in     the keyring (stand_in.Kept)" in (await command(person, "status")).stdout
    (row,) = (await command(person, "profiles", "--json")).document["profiles"]
    assert (row["profile"], row["signed_in"], row["storage"]) == ("default", True, "keyring")

    last = held(person)
    signed_out = await command(person, "logout", "--json")
    assert (signed_out.exit_code, signed_out.document["revocation"]) == (0, "revoked"), signed_out
    assert person.entries() == {}
    assert person.secrets(*(last[name] for name in SECRETS)) == {"keyring": 0, "files": 0}
    assert (await command(person, "token")).exit_code == 4


@pytest.mark.slow
async def test_st_10_a_later_login_without_the_option_stays_in_the_keyring(
    person: Person, server: AuthorizationServer
) -> None:
    """
    ST-10: the choice is remembered beside the tokens, and nobody falls back to a file
    unasked.
    """
    await sign_in(person, server, "--storage", "keyring")
    again = await sign_in(person, server)
    assert (again.exit_code, again.document["storage"]) == (0, "keyring")
    assert where(person) == {"keyring": 1, "files": 0}
    assert "storage" not in held(person)["settings"]

    moved = await sign_in(person, server, "--storage", "file")
    assert (moved.exit_code, moved.document["storage"]) == (0, "file")
    assert where(person) == {"keyring": 0, "files": 1}
    assert person.entries() == {}


CHOICES = {
    "for all": ('storage = "keyring"\n', {}),
    "for the profile": ('[profiles.default]\nstorage = "keyring"\n', {}),
    "for the profile and not for all": (
        'storage = "file"\n[profiles.default]\nstorage = "keyring"\n',
        {},
    ),
    "in the environment": (
        '[profiles.default]\nstorage = "file"\n',
        {"LOOPBACK_AUTH_STORAGE": "keyring"},
    ),
    "beside settings of another server": (
        (
            '[profiles.default]\nissuer = "https://other.example"\nclient_id = "x"\n'
            'storage = "keyring"\n'
        ),
        {},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES)
async def test_st_10_a_choice_in_the_settings_is_followed_by_login_and_by_the_next_refresh(
    person: Person, server: AuthorizationServer, choice: str
) -> None:
    """
    ST-10: a refresh moves what an earlier sign-in left in a file, and a new sign-in goes there at
    once.
    """
    text, more = CHOICES[choice]
    await sign_in(person, server)
    assert where(person) == {"keyring": 0, "files": 1}
    old = held(person)
    (person.home / "config.toml").write_text(text, "utf-8")
    assert (await command(person, "token", **more)).exit_code == 0
    assert where(person) == {"keyring": 0, "files": 1}

    assert (await command(person, "refresh", **more)).exit_code == 0
    assert where(person) == {"keyring": 1, "files": 0}
    assert person.secrets(*(old[name] for name in ("access_token", "refresh_token"))) == {
        "keyring": 0,
        "files": 0,
    }

    await command(person, "logout")
    (person.home / "config.toml").write_text(text, "utf-8")
    assert (await sign_in(person, server, **more)).document["storage"] == "keyring"
    assert where(person) == {"keyring": 1, "files": 0}


WRONG = [
    ('storage = "clouds"\n', "1:1"),
    ('storage = ["keyring"]\n', "1:1"),
    ('[profiles.a]\n\nstorage = "clouds"\n', "3:1"),
    ("[profiles.a]\nstorage = true\n", "2:1"),
]


@pytest.mark.parametrize(("text", "position"), WRONG)
def test_a_storage_that_there_is_not_is_reported_with_its_position(
    text: str, position: str
) -> None:
    with pytest.raises(
        ConfigError, match=f':{position}: error: storage must be "file" or "keyring"'
    ):
        parse_config("config.toml", text)


def test_the_storage_is_shown_with_where_it_was_chosen() -> None:
    config = parse_config("config.toml", 'storage = "keyring"\n[profiles.a]\nstorage = "file"\n')
    assert config.profile("a")["storage"] == ("file", "config.toml:3")
    assert config.profile("b")["storage"] == ("keyring", "config.toml:1")
    profile = resolve(
        "b",
        flags={},
        environ={"LOOPBACK_AUTH_STORAGE": "file"},
        config=config,
        stored=None,
        find_provider=pytest.fail,
    )
    assert (profile.settings["storage"].value, profile.settings["storage"].source) == (
        "file",
        "LOOPBACK_AUTH_STORAGE",
    )
    assert from_settings("c", storage="keyring").get("storage") == "keyring"


def test_a_configuration_that_cannot_be_used_leaves_no_storage_to_a_refresh(tmp_path: Path) -> None:
    """Only one that is not there leaves the tokens where they are; a refresh does not guess."""
    home = str(tmp_path)
    assert chosen_storage(home, "a", {}) is None
    for broken in (
        'storage = "keyring"\n[',
        'storage = "clouds"\n',
        '[profiles.a]\nstorage = "keyring"\nx = 1\n',
    ):
        (tmp_path / "config.toml").write_text(broken, "utf-8")
        with pytest.raises(ConfigError, match=r"config\.toml:\d"):
            chosen_storage(home, "a", {})
        assert chosen_storage(home, "a", {"LOOPBACK_AUTH_STORAGE": "file"}) == "file"
    assert chosen_storage(home, "a", {"LOOPBACK_AUTH_STORAGE": "keyring"}) == "keyring"
    with pytest.raises(UsageError, match="LOOPBACK_AUTH_STORAGE must be"):
        chosen_storage(home, "a", {"LOOPBACK_AUTH_STORAGE": "clouds"})


# --- out of reach


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "words", [("token",), ("status",), ("refresh",), ("logout",), ("logout", "--all")]
)
@pytest.mark.parametrize("backend", ["Locked", "Talkative"])
async def test_st_10_a_keyring_out_of_reach_is_an_error_of_every_command(
    person: Person, server: AuthorizationServer, words: tuple[str, ...], backend: str
) -> None:
    """ST-10: exit status 1, what is wrong and what to do; nothing is lost by it."""
    await sign_in(person, server, "--storage", "keyring")
    before = held(person)
    outcome = await command(person, *words, "--json", backend=backend)
    assert outcome.exit_code == 1
    if words != ("logout", "--all"):
        assert outcome.error["code"] == "keyring-unavailable"
        assert "loopback-auth login default --storage file" in outcome.error["fix"]
    assert not any(before[name] in outcome.stdout + outcome.stderr for name in SECRETS)
    assert held(person) == before


@pytest.mark.slow
@pytest.mark.alone
async def test_st_10_profiles_lists_what_it_cannot_reach(
    person: Person, server: AuthorizationServer, stopwatch: Stopwatch
) -> None:
    """ST-10: ten profiles in a keyring that hangs are not ten times five seconds."""
    for number in range(3):
        await sign_in(person, server, "-p", f"p{number}", "--storage", "keyring")
    begun = stopwatch.seconds
    outcome = await command(person, "profiles", "--json", backend="Hanging")
    assert stopwatch.seconds - begun < 6
    rows = outcome.document["profiles"]
    assert [row["problem"] for row in rows] == ["keyring-unavailable"] * 3


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("backend", ["Hanging", "Locked", "Forgetful"])
async def test_st_10_login_proves_the_keyring_before_anybody_is_sent_to_a_browser(
    person: Person, backend: str, server: AuthorizationServer, stopwatch: Stopwatch
) -> None:
    """ST-10, RB-03: within 6 s, and no address was shown, no metadata asked for."""
    begun = stopwatch.seconds
    flags = ("--issuer", server.issuer, "--client-id", "my-cli", "--no-browser")
    outcome = await command(
        person, "login", *flags, "--storage", "keyring", "--json", backend=backend
    )
    assert stopwatch.seconds - begun < 6
    assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable")
    assert outcome.events_named("open_page") == []
    assert server.requests == []
    assert person.file("default") is None


@pytest.mark.slow
async def test_st_10_a_keyring_out_of_reach_can_be_left_and_that_is_reported(
    person: Person, server: AuthorizationServer
) -> None:
    """ST-10: asked for by name, and the older copy goes as soon as it can."""
    await sign_in(person, server, "--storage", "keyring")
    old = held(person)
    refused = await command(person, "login", "--no-browser", "--json", backend="Locked")
    assert (refused.exit_code, refused.error["code"]) == (1, "keyring-unavailable")

    left = await sign_in(person, server, "--storage", "file", backend="Locked")
    assert left.exit_code == 0, left
    assert (left.document["storage"], left.document["copy_in_keyring"]) == ("file", True)
    assert next(report["code"] for report in left.events_named("warning")) == "keyring-unavailable"
    report = (await command(person, "status", backend="Locked")).stdout
    assert "an older copy is still in the keyring" in report
    assert person.secrets(old["refresh_token"]) == {"keyring": 1, "files": 0}

    assert (await command(person, "refresh")).exit_code == 0
    assert person.entries() == {}
    assert (
        json.loads((person.home / "tokens" / "default.json").read_text("utf-8")).get("entry")
        is None
    )


@pytest.mark.slow
async def test_st_10_a_refresh_is_not_made_when_its_tokens_could_not_be_kept(
    person: Person, server: AuthorizationServer
) -> None:
    """
    ST-10, RF-05: a keyring that can be read and not written; the old refresh token is
    not used up.
    """
    await sign_in(person, server, "--storage", "keyring")
    before, asked = held(person), len(server.requests)
    outcome = await command(person, "refresh", "--json", backend="Forgetful")
    assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable")
    assert [request for request in server.requests[asked:] if "token" in str(request)] == []
    assert held(person) == before
    assert (await command(person, "refresh")).exit_code == 0


# --- a keyring that is there when it is proved, and not when the tokens are


def notes(outcome: Outcome) -> list[str]:
    return [
        report["message"]
        for report in outcome.events_named("warning")
        if report["code"] == "keyring-unavailable"
    ]


MEANWHILE = ["LockedMeanwhile", "HangingMeanwhile"]


@pytest.mark.slow_cases
@pytest.mark.parametrize("backend", MEANWHILE)
async def test_rf_05_st_10_a_refresh_token_that_the_keyring_does_not_take_is_in_a_file_and_reported(
    person: Person, server: AuthorizationServer, backend: str, stopwatch: Stopwatch
) -> None:
    """RF-05, ST-10: it is the only one that works; the next refresh moves it to the keyring."""
    await sign_in(person, server, "--storage", "keyring")
    old = held(person)
    begun = stopwatch.seconds
    outcome = await command(person, "token", "--refresh", "--json", backend=backend)
    assert stopwatch.seconds - begun < 8
    new = held(person)
    assert (outcome.exit_code, outcome.document["access_token"]) == (0, new["access_token"]), (
        outcome
    )
    assert new["refresh_token"] != old["refresh_token"]
    (note,) = notes(outcome)
    path = person.home / "tokens" / "default.json"
    assert (
        f"only you can read: {path}; to move them to the keyring: loopback-auth refresh default"
        in note
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert person.secrets(new["refresh_token"]) == {"keyring": 0, "files": 1}

    report = await command(person, "status", "--json", backend=backend)
    assert (report.document["storage"], report.document["awaits_keyring"]) == ("file", True)
    assert "the keyring did not take them" in (await command(person, "status")).stdout
    assert "did not take the last ones" in (await command(person, "doctor", backend=backend)).stdout

    assert (await command(person, "refresh")).exit_code == 0
    assert where(person) == {"keyring": 1, "files": 0}
    lost = (old["refresh_token"], new["refresh_token"], new["access_token"])
    assert person.secrets(*lost) == {"keyring": 0, "files": 0}
    assert len(person.entries()) == 1


@pytest.mark.slow_cases
@pytest.mark.parametrize("backend", MEANWHILE)
@pytest.mark.parametrize("before", [True, False])
async def test_rv_04_st_10_a_sign_in_that_the_keyring_does_not_take_is_in_a_file_and_reported(
    person: Person, server: AuthorizationServer, backend: str, *, before: bool
) -> None:
    """ST-10, RV-04: nobody signs in twice because a screen was locked; nothing is revoked."""
    if before:
        await sign_in(person, server, "--storage", "keyring")
    outcome = await sign_in(person, server, "--storage", "keyring", backend=backend)
    assert (outcome.exit_code, outcome.document["storage"]) == (0, "file"), outcome
    assert outcome.document["awaits_keyring"]
    assert len(notes(outcome)) == 1
    assert server.seen("revoke") == []
    assert where(person) == {"keyring": 0, "files": 1}
    assert (await command(person, "token")).stdout.strip() == held(person)["access_token"]

    assert (await command(person, "refresh")).exit_code == 0
    assert where(person) == {"keyring": 1, "files": 0}
    assert len(person.entries()) == 1


async def test_st_10_a_refresh_token_that_was_not_rotated_goes_to_no_file(
    person: Person, server: AuthorizationServer
) -> None:
    """ST-10: the keyring has it; what is lost is an access token, and that is an error."""
    server.policy = replace(server.policy, rotate_refresh_tokens=False)
    await sign_in(person, server, "--storage", "keyring")
    before = held(person)
    outcome = await command(person, "token", "--refresh", "--json", backend="LockedMeanwhile")
    assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable")
    assert "the stored sign-in still works" in outcome.error["message"]
    assert held(person) == before
    assert where(person) == {"keyring": 1, "files": 0}


async def test_what_a_removal_could_not_reach_goes_with_the_next_sign_out(
    person: Person, server: AuthorizationServer
) -> None:
    """Nobody is signed in any more, and the keyring is cleared as soon as it can be."""
    await sign_in(person, server, "--storage", "keyring")
    use_locked = FileStore(str(person.home))
    with pytest.MonkeyPatch.context() as patch:
        use(person, patch, "Locked")
        with pytest.raises(KeyringUnavailable):
            use_locked.remove("default")
    assert len(person.entries()) == 1
    outcome = await command(person, "logout", "--json")
    assert (outcome.exit_code, outcome.document["removed"]) == (0, False)
    assert (person.entries(), person.file("default")) == ({}, None)
