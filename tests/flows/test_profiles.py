"""A profile gets another name, or goes: all that is stored under it, at any moment of a kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.files.client_secrets import write_client_secret
from loopback_auth.edge.files.pending_logins import PendingSignIns
from loopback_auth.edge.process.single_flight import SingleFlight
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.edge.store.remembered import remembered
from loopback_auth.errors import KeyringUnavailable, UsageError
from loopback_auth.flows.profiles import rename
from loopback_auth.oauth.secret import Secret
from loopback_auth.settings.config_toml import load_config

from ..support.children import killed_at, posix, start
from ..support.keyrings import Person, new_person, use

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# mine
[profiles.work]  # the one
issuer = "https://id.example.com"
client_id = "x"
client_secret_file = "{secret}"

[profiles.work.parameters]
audience = "api"
# the other
[profiles.home]
client_id = "y"
"""


def document(name: str = "work", **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "profile": name,
        "access_token": f"at-{name}",
        "refresh_token": "the-only-one",
        "token_type": "Bearer",
        "client": {"client_id": "x"},
        "server": {"token_endpoint": "https://id.example.com/token"},
        "settings": {"issuer": "https://id.example.com"},
        **more,
    }


def furnish(home: Path, storage: str = "file") -> FileStore:
    """Have all that a profile may have."""
    store = FileStore(str(home), storage=storage)
    secret = write_client_secret(str(home), "work", Secret("s3cret"))
    client = {"client_id": "x", "client_secret_file": secret}
    with store.locked("work") as locked:
        locked.save(document(client=client))
        locked.remember(document(client=client))
    texts = dict.fromkeys(("state", "code_verifier", "redirect_uri", "scope"), "t")
    PendingSignIns(str(home)).save("work", {**document(), **texts, "until": 1})
    (home / "config.toml").write_text(CONFIG.format(secret=secret))
    return FileStore(str(home))


def moved(home: Path, old: str = "work", new: str = "job") -> None:
    asyncio.run(rename(old, new, store=FileStore(str(home))))


def check_moved(home: Path) -> None:
    store, secret = FileStore(str(home)), str(home / "client-secrets" / "job")
    found = store.load("job")
    assert found
    assert (found["profile"], found["refresh_token"]) == ("job", "the-only-one")
    assert found["client"]["client_secret_file"] == secret
    settings, pending = remembered(store.folder, "job"), PendingSignIns(str(home)).load("job")
    assert settings
    assert settings["profile"] == "job"
    assert pending
    assert pending["profile"] == "job"
    expected = CONFIG.format(secret=secret).replace("profiles.work", "profiles.job")
    assert (home / "config.toml").read_text() == expected
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if path.name.startswith((".", "work"))]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_st_02_all_that_a_profile_has_gets_the_name_and_the_text_stays_as_it_was(
    home: Path,
) -> None:
    furnish(home)
    moved(home)
    check_moved(home)


def test_a_profile_of_config_toml_alone_is_renamed_and_one_of_the_store_alone(home: Path) -> None:
    (home / "config.toml").write_text('[profiles]\nwork = {client_id = "x"}\n')
    moved(home)
    assert load_config(str(home)).profiles == ["job"]
    FileStore(str(home)).save("mine", document("mine"))
    moved(home, "mine", "yours")
    assert FileStore(str(home)).profiles() == ["yours"]


@pytest.mark.parametrize("new", ["home", "held", "work", "signed-out", "a/b"])
def test_a_name_that_is_taken_or_none_is_refused_and_nothing_is_touched(
    home: Path, new: str
) -> None:
    store = furnish(home)
    store.save("held", document("held"))
    with store.locked("signed-out") as locked:
        locked.remember(document("signed-out"))
    with pytest.raises(UsageError):
        moved(home, "work", new)
    assert store.load("work")
    assert (home / "client-secrets" / "work").exists()
    with pytest.raises(UsageError, match="there is no profile nobody"):
        moved(home, "nobody", "job")


async def test_rf_02_a_refresh_and_a_sign_in_are_waited_for(home: Path) -> None:
    store, flight = furnish(home), SingleFlight(str(home), "work")
    assert flight.begin()
    with store.locked("work") as locked:
        task = asyncio.create_task(rename("work", "job", store=store))
        await asyncio.sleep(0.15)
        flight.end()
        await asyncio.sleep(0.15)
        assert not task.done()
        found = locked.load()
        assert found
        locked.save({**found, "refresh_token": "the-new-one"})
    await task
    after = store.load("job")
    assert after
    assert after["refresh_token"] == "the-new-one"
    assert store.load("work") is None


def test_tokens_of_both_names_are_never_taken_for_a_rename_that_was_cut_short(home: Path) -> None:
    store = furnish(home)
    # As `cp work.json job.json` leaves it.
    store.save("job", document("work"))
    with pytest.raises(UsageError, match="there is a profile job already"):
        moved(home)


# --- RB-01

KILLED_AT = """
import asyncio
from loopback_auth.flows.profiles import rename
import tomlkit, tomllib, difflib
steps, home = [], sys.argv[1]

def hook(event, arguments):
    # Every call that reaches the file system announces itself here first.
    if event.partition(".")[0] not in ("open", "os", "fcntl") or not steps:
        return
    steps.append(event)
    if len(steps) - 1 == which:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
for line in sys.stdin:
    which = int(line)
    child = os.fork()
    if not child:
        steps.append("begin")
        asyncio.run(rename("work", "job", store=FileStore(home)))
        count = len(steps) - 1
        steps.clear()
        print(count, flush=True)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        print(status, flush=True)
"""


def emptied(home: Path) -> None:
    for path in sorted(home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@posix
@pytest.mark.slow
@pytest.mark.parametrize("storage", ["file", "keyring"])
def test_rb_01_killed_at_any_step_one_name_has_the_tokens_and_the_same_command_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    person = new_person(tmp_path)
    use(person, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", person.environment()["PYTHONPATH"])
    home, store = person.home, FileStore(str(person.home))
    furnish(home, storage)
    with start(KILLED_AT, home) as process:
        steps = killed_at(100_000, process)
        check_moved(home)
        for step in range(1, steps + 1, 3 if storage == "keyring" else 1):
            for entry in (tmp_path / "keyring").iterdir():
                entry.unlink()
            emptied(home)
            furnish(home, storage)
            assert killed_at(step, process) == -signal.SIGKILL
            held = [name for name in ("work", "job") if store.load(name)]
            assert len(held) == 1, step
            found = store.load(held[0])
            assert found
            assert found["refresh_token"] == "the-only-one"
            # The secret is where the tokens and config.toml say, whichever name they have now.
            assert os.path.exists(found["client"]["client_secret_file"])
            config = load_config(str(home))
            for name in {"work", "job"} & set(config.profiles):
                assert os.path.exists(config.profile(name)["client_secret_file"][0])
            if (remembered(store.folder, "job") or {}).get("profile") != "job":
                moved(home)
            check_rest(home)
            if storage == "keyring":
                assert len(person.entries()) == 1
        assert process.stdin
        process.stdin.close()
    sys.stdout.write(f"{storage}: killed at {steps} steps, lost 0\n")


def check_rest(home: Path) -> None:
    """All is under the new name."""
    store = FileStore(str(home))
    found = store.load("job")
    assert found
    assert (found["profile"], found["refresh_token"]) == ("job", "the-only-one")
    assert load_config(str(home)).profiles == ["job", "home"]
    assert (home / "client-secrets" / "job").read_text() == "s3cret"
    assert not [path for path in home.rglob("work*") if path.is_file()]


def test_rf_03_who_signs_in_under_the_earlier_name_shares_nothing_in_the_keyring(
    person: Person,
) -> None:
    store = furnish(person.home, "keyring")
    moved(person.home)
    assert all("job" in name for name in person.entries())
    again = store.with_storage("keyring")
    again.save("work", document(access_token="another"))
    again.save("job", {**document("job"), "access_token": "mine"})
    store.remove("work")
    found = store.load("job")
    assert found
    assert found["access_token"] == "mine"


def test_st_10_a_keyring_that_fails_in_the_midst_loses_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = furnish(person.home, "keyring")
    use(person, monkeypatch, "Locked")
    with pytest.raises(KeyringUnavailable):
        moved(person.home)
    use(person, monkeypatch)
    moved(person.home)
    found = store.load("job")
    assert found
    assert json.dumps(found).count("the-only-one") == 1


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = new_person(tmp_path)
    use(person, monkeypatch)
    return person
