"""
What version 0.1.0 left in a home and in a keyring loads, is refreshed and signed out of
(`make_0_1_0.py` had it made).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.settings.config_toml import load_config

from ..support.command import Outcome, run_process
from ..support.keyrings import Person, new_person, use
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..support.scripted_server import Connection

MADE: dict[str, Any] = json.loads(Path(__file__).with_name("0.1.0.json").read_text("utf-8"))
ADDRESS = "127.0.0.1:49999"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that rotates: the answer to CANARY-refresh-2 is CANARY-refresh-3."""

    def rotate(connection: Connection) -> None:
        number = int(connection.request.form["refresh_token"].rpartition("-")[2]) + 1
        renewed = {
            "access_token": f"CANARY-access-{number}",
            "refresh_token": f"CANARY-refresh-{number}",
        }
        connection.socket.sendall(
            json_answer({**renewed, "token_type": "Bearer", "expires_in": 3600})
        )

    with ScriptedServer() as running:
        running.answers["/token"] = rotate
        running.answers["/revocation"] = plain_answer(b"")
        yield running


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = new_person(tmp_path)
    use(person, monkeypatch)
    return person


def here(text: str, server: ScriptedServer) -> str:
    """
    Give *text* with the address of *server* in place of the one it was made with, which
    is as long.
    """
    address = server.url("").removeprefix("http://")
    assert len(address) == len(ADDRESS)
    return text.replace(ADDRESS, address)


def put(person: Person, server: ScriptedServer, file: str | None, profile: str = "work") -> None:
    folder = person.home / "tokens"
    folder.mkdir(mode=0o700, exist_ok=True)
    if file is not None:
        path = folder / f"{profile}.json"
        path.touch(mode=0o600)
        path.write_text(here(file, server), "utf-8")


def put_keyring(person: Person, server: ScriptedServer, kept: dict[str, str]) -> None:
    for service, text in kept.items():
        name = urlsafe_b64encode(f"{service}\nwork".encode()).decode()
        (person.folder / "keyring" / name).write_text(here(text, server), "utf-8")


def loaded(person: Person, profile: str = "work") -> dict[str, Any]:
    document = FileStore(str(person.home)).load(profile)
    assert document
    return document


async def command(person: Person, *words: str) -> Outcome:
    return await run_process(*words, home=person.home, more=person.environment())


def sent(server: ScriptedServer, path: str) -> list[str]:
    names = {"/token": "refresh_token", "/revocation": "token"}
    return [request.form[names[path]] for request in server.asked(path)]


# --- the token file


@pytest.mark.parametrize("profile", MADE["files"])
async def test_a_token_file_loads_is_refreshed_and_signed_out_of(
    person: Person, server: ScriptedServer, profile: str
) -> None:
    put(person, server, MADE["files"][profile], profile)
    old = loaded(person, profile)
    assert old == json.loads(here(MADE["files"][profile], server))
    number = int(old["refresh_token"][-1])

    token = await command(person, "token", "-p", profile, "--refresh")
    assert token.stdout == f"CANARY-access-{number + 1}\n", token
    new = loaded(person, profile)
    assert new["refresh_token"] == f"CANARY-refresh-{number + 1}"
    changed = {
        "access_token",
        "refresh_token",
        "obtained_at",
        "expires_at",
        "rotates",
        "scope",
        "extra",
    }
    assert {name for name in {*old, *new} if old.get(name) != new.get(name)} <= changed
    assert new["extra"]["instance_url"] == "https://ada.example"

    out = await command(person, "logout", "-p", profile, "--json")
    assert (out.exit_code, out.document["revocation"]) == (0, "revoked"), out
    assert sent(server, "/revocation")[0] == f"CANARY-refresh-{number + 1}"
    assert person.file(profile) is None


# --- the configuration


async def test_a_configuration_is_read_as_before(person: Person, server: ScriptedServer) -> None:
    """Its default profile, its settings, and every line that the person wrote."""
    path = person.home / "config.toml"
    path.write_text(here(MADE["config"], server), "utf-8")
    put(person, server, MADE["files"]["work"])
    config = load_config(str(person.home))
    assert (config.default_profile, sorted(config.profiles)) == ("work", ["sandbox", "work"])
    assert config.profile("work")["token_endpoint"][0] == server.url("/token")
    assert (await command(person, "token")).stdout.startswith("CANARY-access-")
    assert (await command(person, "refresh")).exit_code == 0
    assert (await command(person, "logout")).exit_code == 0
    assert path.read_text("utf-8") == here(MADE["config"], server)


# --- the keyring

STATES = {state["made_by"]: state for state in MADE["keyrings"]}
SIGNED_IN = [name for name, state in STATES.items() if state["loads"]]
SIGNED_OUT = [name for name, state in STATES.items() if not state["loads"]]


@pytest.fixture
def state(request: pytest.FixtureRequest, person: Person, server: ScriptedServer) -> dict[str, Any]:
    """Put a state of the old version's into the home and the keyring of *person*."""
    found: dict[str, Any] = STATES[request.param]
    put(person, server, found["file"])
    put_keyring(person, server, found["keyring"])
    return found


def kept(person: Person) -> dict[str, str]:
    """Give what the keyring holds, but for a probe, which is no secret."""
    return {name: text for name, text in person.entries().items() if not name.endswith("/probe")}


@pytest.mark.parametrize("state", STATES, indirect=True)
def test_each_state_of_a_keyring_loads_as_it_did(person: Person, state: dict[str, Any]) -> None:
    """Two slots, of which the newest whole one counts; on the way in, and on the way out."""
    before = (person.entries(), person.file())
    document = FileStore(str(person.home)).load("work")
    assert (document and document["access_token"]) == state["loads"]
    if document:
        assert document["refresh_token"][-1] == document["access_token"][-1]
        assert document["extra"]["word"] == "ünïcode"
        assert not {"storage", "entry", "backend"} & document.keys()
    assert (person.entries(), person.file()) == before


@pytest.mark.parametrize("state", STATES, indirect=True)
@pytest.mark.parametrize("storage", ["keyring", "file"])
def test_the_next_save_leaves_nothing_of_an_older_state(
    person: Person, state: dict[str, Any], storage: str
) -> None:
    """Wherever it goes: what was kept is replaced, and no copy is left."""
    store = FileStore(str(person.home), storage=storage)
    store.save(
        "work",
        {"version": 1, "profile": "work", "access_token": "CANARY-new", "token_type": "Bearer"},
    )
    assert loaded(person)["access_token"] == "CANARY-new"
    in_keyring = storage == "keyring"
    assert person.secrets("CANARY-new") == {
        "keyring": int(in_keyring),
        "files": int(not in_keyring),
    }
    assert person.secrets("CANARY-access", "CANARY-refresh") == {"keyring": 0, "files": 0}
    assert len(kept(person)) == int(in_keyring)


@pytest.mark.slow_cases
@pytest.mark.parametrize("state", SIGNED_IN, indirect=True)
async def test_each_state_with_a_sign_in_is_refreshed_and_signed_out_of(
    person: Person, server: ScriptedServer, state: dict[str, Any]
) -> None:
    number = int(state["loads"][-1])
    assert (await command(person, "refresh", "-p", "work")).exit_code == 0
    assert sent(server, "/token") == [f"CANARY-refresh-{number}"]
    assert loaded(person)["refresh_token"] == f"CANARY-refresh-{number + 1}"
    assert person.secrets("CANARY-refresh-1", f"CANARY-refresh-{number}") == {
        "keyring": 0,
        "files": 0,
    }
    assert sum(person.secrets(f"CANARY-refresh-{number + 1}").values()) == 1

    out = await command(person, "logout", "-p", "work", "--json")
    assert (out.exit_code, out.document["revocation"]) == (0, "revoked"), out
    assert sent(server, "/revocation")[0] == f"CANARY-refresh-{number + 1}"
    assert (kept(person), person.file()) == ({}, None)


@pytest.mark.slow_cases
@pytest.mark.parametrize("state", SIGNED_OUT, indirect=True)
async def test_a_state_without_a_sign_in_is_reported_as_that(
    person: Person, state: dict[str, Any]
) -> None:
    """Killed while it was made or removed; what is there does not count."""
    for words, status in ((("token", "-p", "work"), 4), (("logout", "-p", "work"), 0)):
        assert (await command(person, *words)).exit_code == status
    FileStore(str(person.home)).remove("work")
    assert (kept(person), person.file()) == ({}, None)


def test_every_state_is_tried() -> None:
    """The tables above are not empty: 21 states with a sign-in, and 9 without."""
    assert (len(SIGNED_IN), len(SIGNED_OUT)) == (21, 9)
