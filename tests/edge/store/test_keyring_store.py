"""
A credential in the keyring: whole in any keyring, in one place only, and moved without
a copy.
"""

from __future__ import annotations

import json
import os
import re
import threading
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import (
    KeyringUnavailable,
    StoreBusy,
    StoreChanged,
    StoreDamaged,
    StoreNewer,
    StoreUnwritable,
    UsageError,
)

from ...support.children import posix
from ...support.keyrings import Person, new_person, use

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.alone

OLD, NEW = "CANARY-old", "CANARY-new"


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return new_person(tmp_path)


@pytest.fixture(params=["Kept", "Windows", "Cutting"])
def keyring(request: pytest.FixtureRequest, person: Person, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let this process have a keyring that takes everything, 2560 octets, or cuts off the rest."""
    use(person, monkeypatch, request.param)
    name: str = request.param
    return name


@pytest.fixture
def any_keyring(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    use(person, monkeypatch)


def document(token: str, size: int = 0) -> dict[str, Any]:
    return {
        "version": 1,
        "profile": "work",
        "access_token": token,
        "token_type": "Bearer",
        "extra": {"padding": token[-1] * size, "word": "ünïcode \U0001f511 \ud800"},
    }


def in_keyring(person: Person, shown: dict[str, Any]) -> FileStore:
    store = FileStore(str(person.home), storage="keyring")
    store.save("work", shown)
    return FileStore(str(person.home))


SIZES = [0, 900, 1100, 1200, 1201, 5_000, 60_000]


@pytest.mark.parametrize("size", SIZES)
def test_st_10_a_credential_of_any_size_comes_back_from_a_keyring_that_takes_2560_octets(
    person: Person, keyring: str, size: int
) -> None:
    """
    ST-10: Windows takes no more in one entry; one that cuts off the rest is found out by reading
    back.
    """
    import stand_in

    store = in_keyring(person, document(OLD, size))
    assert store.load("work") == document(OLD, size)
    if keyring != "Kept":
        kept = person.entries().values()
        assert all(len(text.encode("utf-16-le")) <= stand_in.WINDOWS_OCTETS for text in kept)
    else:
        assert len(person.entries()) == 1
    store.save("work", document(NEW, size // 2))
    assert store.load("work") == document(NEW, size // 2)
    assert person.secrets(OLD)["keyring"] == 0
    assert store.remove("work")
    assert (person.entries(), person.file(), store.load("work")) == ({}, None, None)


def test_st_10_the_token_file_points_to_the_keyring_and_holds_no_token(
    person: Person, any_keyring: None
) -> None:
    """
    ST-10: the profile is listed and found without config.toml, and stays in the keyring with every
    save.
    """
    store = in_keyring(person, document(OLD))
    assert store.profiles() == ["work"]
    content = person.file()
    assert content
    assert content.keys() == {"version", "profile", "storage", "entry", "parts", "backend"}
    assert store.location("work") == {"storage": "keyring", "backend": "stand_in.Kept"}
    store.save("work", document(NEW))
    assert store.location("work")["storage"] == "keyring"
    assert person.secrets(NEW) == {"keyring": 1, "files": 0}
    assert Path(store.path("work")).stat().st_mode & 0o777 == 0o600


def test_two_homes_with_one_profile_name_have_two_entries(
    person: Person, any_keyring: None
) -> None:
    """
    A second home, for a test or a project, must not take the place of the first one's
    sign-in.
    """
    store = in_keyring(person, document(OLD))
    other = FileStore(str(person.folder / "other"), storage="keyring")
    other.save("work", document(NEW))
    assert store.load("work") == document(OLD)
    assert other.load("work") == document(NEW)


def test_a_home_that_was_deleted_and_made_again_leaves_nothing_in_the_keyring(
    person: Person, any_keyring: None
) -> None:
    store = in_keyring(person, document(OLD))
    Path(store.path("work")).unlink()
    assert store.load("work") is None
    in_keyring(person, document(NEW))
    assert person.secrets(OLD, NEW) == {"keyring": 1, "files": 0}


# --- switching


def move(person: Person, storage: str, act: Callable[[FileStore], object]) -> None:
    act(FileStore(str(person.home), storage=storage))


@pytest.mark.parametrize("size", [10, 4000])
def test_st_10_switching_to_the_keyring_leaves_no_token_in_any_file(
    person: Person, keyring: str, size: int
) -> None:
    """ST-10: neither the new one nor the old."""
    FileStore(str(person.home)).save("work", document(OLD, size))
    move(person, "keyring", lambda store: store.save("work", document(NEW, size)))
    assert FileStore(str(person.home)).load("work") == document(NEW, size)
    assert person.secrets(OLD) == {"keyring": 0, "files": 0}
    assert person.secrets(NEW) == {"keyring": 1, "files": 0}


@pytest.mark.parametrize("size", [10, 4000])
def test_st_10_switching_to_a_file_leaves_nothing_in_the_keyring(
    person: Person, keyring: str, size: int
) -> None:
    """ST-10: and the file is like any other."""
    in_keyring(person, document(OLD, size))
    move(person, "file", lambda store: store.save("work", document(NEW, size)))
    assert person.entries() == {}
    assert person.file() == document(NEW, size)
    assert FileStore(str(person.home)).location("work") == {"storage": "file"}


def test_st_10_a_proof_leaves_the_credential_where_it_is(person: Person, any_keyring: None) -> None:
    """ST-10: killed after it, the old refresh token is in the one place that counts."""
    FileStore(str(person.home)).save("work", document(OLD))
    before = person.file()
    move(person, "keyring", lambda store: store.check_writable("work"))
    assert (person.file(), person.entries()) == (before, {})


@pytest.mark.parametrize("backend", ["Locked", "Forgetful", "Talkative"])
def test_st_10_a_switch_to_a_keyring_that_cannot_be_used_changes_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """ST-10: the tokens stay in the file, which they were in already, and it is an error."""
    use(person, monkeypatch, backend)
    FileStore(str(person.home)).save("work", document(OLD))
    for act in (
        lambda store: store.check_writable("work"),
        lambda store: store.save("work", document(NEW)),
    ):
        with pytest.raises(KeyringUnavailable):
            move(person, "keyring", act)
        assert FileStore(str(person.home)).load("work") == document(OLD)
    assert person.entries() == {}
    FileStore(str(person.home)).save("work", document(NEW))
    assert person.file() == document(NEW)


def test_st_10_a_keyring_out_of_reach_can_be_left_and_its_copy_goes_when_it_is_back(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST-10: until then the file says that there is a copy."""
    use(person, monkeypatch)
    in_keyring(person, document(OLD))
    use(person, monkeypatch, "Locked")
    move(
        person,
        "file",
        lambda store: (store.check_writable("work"), store.save("work", document(NEW))),
    )
    store = FileStore(str(person.home))
    assert store.load("work") == document(NEW)
    assert store.location("work") == {"storage": "file", "copy_in_keyring": True}

    use(person, monkeypatch)
    assert person.secrets(OLD) == {"keyring": 1, "files": 0}
    store.save("work", document(NEW))
    assert (person.entries(), person.file()) == ({}, document(NEW))


@pytest.mark.parametrize("left", [True, False])
def test_a_removal_that_does_not_reach_the_keyring_forgets_what_it_can_and_names_the_rest(
    person: Person, monkeypatch: pytest.MonkeyPatch, *, left: bool
) -> None:
    """The next removal, or the next save, takes it away; nobody is signed in meanwhile."""
    use(person, monkeypatch)
    store = in_keyring(person, document(OLD))
    use(person, monkeypatch, "Locked")
    if left:
        move(person, "file", lambda store: store.save("work", document(NEW)))
    with pytest.raises(KeyringUnavailable, match="locked"):
        store.remove("work")
    assert person.secrets(NEW)["files"] == 0
    assert store.load("work") is None
    use(person, monkeypatch)
    assert person.secrets(OLD) == {"keyring": 1, "files": 0}
    assert store.remove("work")
    assert (person.entries(), person.file()) == ({}, None)


# --- damage, and later versions


def spoil(person: Person, edit: Callable[[str], str]) -> None:
    for path in (person.folder / "keyring").iterdir():
        path.write_text(edit(path.read_text("utf-8")), "utf-8")


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut": lambda text: text[: len(text) // 2],
    "foreign": lambda _: "hunter2",
    "no-token": lambda text: text.replace("access_token", "other_token"),
    "unknown-kind": lambda text: text.replace('"extra":{', '"extra":3,"x":{'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_st_05_a_damaged_entry_is_reported_and_a_new_sign_in_takes_its_place(
    person: Person, any_keyring: None, damage: str
) -> None:
    """ST-05: the other profiles are as they were."""
    store = in_keyring(person, document(OLD))
    spoil(person, DAMAGES[damage])
    store.with_storage("keyring").save("other", document(OLD))
    with pytest.raises(
        StoreDamaged, match="what the keyring holds of the profile work is damaged"
    ) as caught:
        store.load("work")
    assert (caught.value.exit_code, "login work" in caught.value.fix) == (4, True)
    assert OLD not in str(caught.value)
    store.check_writable("work")
    store.save("work", document(NEW))
    assert (store.load("work"), store.load("other")) == (document(NEW), document(OLD))
    assert len(person.entries()) == 2


def test_st_05_an_entry_that_lacks_a_part_is_damaged(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST-05: whichever it is; and a save leaves none of the others."""
    use(person, monkeypatch, "Windows")
    for part in "23":
        store = in_keyring(person, document(OLD, 3000))
        (path,) = [path for path in (person.folder / "keyring").iterdir() if part_of(path) == part]
        path.unlink()
        with pytest.raises(StoreDamaged, match="a part of it is missing"):
            store.load("work")
        store.save("work", document(NEW))
        assert store.load("work") == document(NEW)
        assert store.remove("work")


def part_of(path: Path) -> str:
    return urlsafe_b64decode(path.name).decode().partition("\n")[0].rpartition("/")[2]


def test_st_07_an_entry_of_a_later_version_is_refused_and_left_as_it_is(
    person: Person, any_keyring: None
) -> None:
    """ST-07: neither a save nor a proof touches it."""
    store = in_keyring(person, document(OLD))
    spoil(person, lambda text: text.replace('"version":1', '"version":2'))
    before = person.entries()
    for act in (
        lambda: store.load("work"),
        lambda: store.check_writable("work"),
        lambda: store.save("work", document(NEW)),
        lambda: store.with_storage("file").save("work", document(NEW)),
    ):
        with pytest.raises(StoreNewer):
            act()
    assert person.entries() == before


def test_st_07_a_pointer_of_a_later_version_is_refused_and_left_as_it_is(
    person: Person, any_keyring: None
) -> None:
    """ST-07: what it points to, only the later version knows."""
    store = in_keyring(person, document(OLD))
    path = Path(store.path("work"))
    path.write_text(path.read_text("utf-8").replace('"version": 2', '"version": 3'), "utf-8")
    for act in (lambda: store.save("work", document(NEW)), lambda: store.load("work")):
        with pytest.raises(StoreNewer):
            act()
    assert person.secrets(OLD) == {"keyring": 1, "files": 0}


def test_a_pointer_that_points_nowhere_is_a_damaged_file(person: Person, any_keyring: None) -> None:
    store = in_keyring(person, document(OLD))
    Path(store.path("work")).write_text(json.dumps({"version": 1, "storage": "keyring"}), "utf-8")
    with pytest.raises(StoreDamaged, match="no access_token"):
        store.load("work")


def test_a_member_named_storage_in_a_file_of_tokens_is_nothing_special(person: Person) -> None:
    """A server may say anything in its token answer; the keyring is not asked."""
    store, content = FileStore(str(person.home)), document(OLD)
    content["extra"]["storage"] = "keyring"
    content["extra"]["entry"] = "x"
    store.save("work", content)
    assert store.load("work") == content
    assert store.location("work") == {"storage": "file"}


def test_only_file_and_keyring_are_storages(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such storage"):
        FileStore(str(tmp_path), storage="clouds")


# --- the lock


@posix
def test_rf_03_two_homes_that_point_to_one_entry_have_one_lock(
    person: Person, any_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RF-03: wherever HOME, XDG_CONFIG_HOME and LOOPBACK_AUTH_HOME point."""
    store = in_keyring(person, document(OLD))
    twin = person.folder / "twin"
    (twin / "tokens").mkdir(mode=0o700, parents=True)
    (twin / "tokens" / "work.json").write_bytes(Path(store.path("work")).read_bytes())
    other = FileStore(str(twin))
    with store.locked("work"):
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOOPBACK_AUTH_HOME"):
            monkeypatch.setenv(name, str(twin))
        with pytest.raises(StoreBusy, match="keyring-"), other.locked("work", timeout_s=0.1):
            pass
    other.save("work", document(NEW))
    assert store.load("work") == document(NEW)
    assert [
        path.name
        for path in person.locks.iterdir()
        if not re.fullmatch(r"keyring-\w+\.(lock|json)", path.name)
    ] == []


def test_rf_03_a_token_file_from_a_backup_finds_the_sign_in_that_has_moved_on(
    person: Person, any_keyring: None
) -> None:
    """RF-03: the entry that it names was removed when a refresh took its place."""
    store = in_keyring(person, document(OLD))
    path = Path(store.path("work"))
    backup = path.read_bytes()
    store.save("work", document(NEW))
    path.write_bytes(backup)
    assert store.load("work") == document(NEW)
    assert store.remove("work")
    assert person.entries() == {}
    path.write_bytes(backup)
    path.chmod(0o600)
    assert store.load("work") is None
    in_keyring(person, document(NEW))
    assert person.secrets(NEW) == {"keyring": 1, "files": 0}


@posix
def test_a_place_for_locks_that_cannot_be_made_is_reported(
    person: Person, any_keyring: None
) -> None:
    (person.folder / "passwd-home" / ".local").write_bytes(b"in the way")
    with pytest.raises(StoreUnwritable, match=r"\.local") as caught:
        in_keyring(person, document(OLD))
    assert "loopback-auth login work --storage file" in caught.value.fix
    assert person.entries() == {}


@posix
def test_a_user_whom_the_system_does_not_know_has_the_locks_at_home(
    person: Person, any_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container that runs under a bare number."""
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setenv("HOME", str(person.folder / "container"))
    in_keyring(person, document(OLD))
    assert list((person.folder / "container").rglob("keyring-*.lock"))


# --- readers without the lock


def test_a_reader_sees_one_whole_credential_or_another(person: Person, keyring: str) -> None:
    """
    The keyring deletes and adds, and a credential may have parts; a reader never waits
    for a lock.
    """
    store = in_keyring(person, document(OLD, 3000))
    over, seen, wrong = threading.Event(), set(), []

    def read() -> None:
        while not over.is_set():
            found = store.load("work")
            token = found["access_token"] if found else ""
            (seen.add if found == document(token, 3000) else wrong.append)(token)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(30):
        store.save("work", document(f"CANARY-{number}", 3000))
    over.set()
    reader.join()
    assert wrong == []
    assert len(seen) > 2


def test_a_reader_puts_no_parts_of_two_credentials_together(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its looks at two parts, two saves come and go."""
    import keyring.core

    use(person, monkeypatch, "Windows")
    import stand_in

    store = in_keyring(person, document(OLD, 3000))
    saves = [document(f"CANARY-{number}", 3000) for number in "34"]

    class Meddled(stand_in.Windows):
        priority = 5

        def get_password(self, service: str, username: str) -> str | None:
            while service.endswith("/2") and saves:
                monkeypatch.setattr(keyring.core, "_keyring_backend", stand_in.Windows())
                store.save("work", saves.pop(0))
            return super().get_password(service, username)

    monkeypatch.setattr(keyring.core, "_keyring_backend", Meddled())
    assert store.load("work") == document("CANARY-4", 3000)
    assert saves == []


@pytest.mark.slow
def test_a_reader_finds_a_credential_that_goes_from_the_keyring_to_the_file_meanwhile(
    person: Person, any_keyring: None
) -> None:
    store = in_keyring(person, document(OLD))
    over, wrong = threading.Event(), []

    def read() -> None:
        while not over.is_set():
            if store.load("work") is None:
                wrong.append("nobody is signed in")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(20):
            store.with_storage("keyring" if number % 2 else "file").save("work", document(NEW))
    finally:
        over.set()
        reader.join()
    assert wrong == []


def test_a_file_profile_loads_nothing_of_the_keyring(person: Person) -> None:
    """`token` pays nothing for what it does not use."""
    import subprocess
    import sys

    program = (
        "import sys\nfrom loopback_auth.edge.store.file_store import FileStore\n"
        "store = FileStore(sys.argv[1])\n"
        "store.save('work', {'version': 1, 'access_token': 't', 'token_type': 'Bearer'})\n"
        "store.load('work')\n"
        "print([name for name in sys.modules if 'keyring' in name])"
    )
    environment = {**os.environ, **person.environment()}
    done = subprocess.run(
        [sys.executable, "-c", program, str(person.home)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


# --- a keyring that fails in the middle of a save


class Trouble(Exception):
    """What a keyring raises that worked a moment ago."""


def failing(base: type, monkeypatch: pytest.MonkeyPatch, at: int, *, for_good: bool) -> list[str]:
    """
    Let the keyring be a *base* whose call number *at* fails, or that one and all after it; return
    what is called.
    """
    import keyring.core

    calls: list[str] = []

    def called(name: str) -> None:
        calls.append(name)
        if len(calls) == at or (for_good and len(calls) > at):
            raise Trouble(name)

    class Failing(base):  # type: ignore[misc]  # whichever stand-in it is
        priority = 5

        def get_password(self, service: str, username: str) -> Any:
            called("get")
            return super().get_password(service, username)

        def set_password(self, service: str, username: str, password: str) -> None:
            called("set")
            super().set_password(service, username, password)

        def delete_password(self, service: str, username: str) -> None:
            called("delete")
            super().delete_password(service, username)

    monkeypatch.setattr(keyring.core, "_keyring_backend", Failing())
    return calls


def start_over(
    person: Person, monkeypatch: pytest.MonkeyPatch, backend: str, before: str
) -> FileStore:
    import shutil

    use(person, monkeypatch, backend)
    for name in ("home", "keyring"):
        shutil.rmtree(person.folder / name)
        (person.folder / name).mkdir(mode=0o700)
    FileStore(str(person.home), storage=before).save("work", document(OLD, 3000))
    return FileStore(str(person.home), storage="keyring")


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize("before", ["keyring", "file"])
@pytest.mark.parametrize("backend", ["Kept", "Windows"])
@pytest.mark.parametrize("only_copy", [False, True], ids=["repeatable", "only-copy"])
def test_st_10_rf_05_a_keyring_that_fails_at_any_call_costs_no_sign_in(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    before: str,
    *,
    only_copy: bool,
    for_good: bool,
) -> None:
    """
    ST-10, RF-05: the old one stays whole, or the new one is stored; the only copy of tokens is
    never lost.
    """
    import stand_in

    outcomes = set()
    for at in range(1, 100):
        store = start_over(person, monkeypatch, backend, before)
        calls = failing(getattr(stand_in, backend), monkeypatch, at, for_good=for_good)
        refused = None
        with store.locked("work") as locked:
            try:
                refused = locked.save(document(NEW, 3000), is_only_copy=only_copy)
                outcome, token = "held" if refused else "saved", NEW
            except KeyringUnavailable:
                outcome, token = "refused", OLD
        outcomes.add(outcome)
        use(person, monkeypatch, backend)
        assert store.load("work") == document(token, 3000), at
        if refused:
            location = store.location("work")
            assert (location["storage"], location["awaits_keyring"]) == ("file", True)
            assert Path(store.path("work")).stat().st_mode & 0o777 == 0o600
        # The next save leaves one copy, in the keyring.
        store.save("work", document("CANARY-after"))
        assert person.secrets(OLD, NEW) == {"keyring": 0, "files": 0}, at
        assert person.secrets("CANARY-after") == {"keyring": 1, "files": 0}
        assert len(person.entries()) == 1
        if len(calls) < at:
            break
    assert outcomes == ({"held", "saved"} if only_copy else {"refused", "saved"})


def test_rf_09_a_load_that_loses_its_lock_returns_the_sign_in_that_took_it(
    person: Person, any_keyring: None
) -> None:
    """RF-09: the entry that the file named is gone, and the file names another one."""
    import keyring.core

    store = in_keyring(person, document(OLD))
    backend = keyring.core.get_keyring()

    class Slow(type(backend)):  # type: ignore[misc]  # the stand-in
        priority = 5

        def get_password(self, service: str, username: str) -> str | None:
            keyring.core.set_keyring(backend)
            with store.locked("work", timeout_s=0, take_over=True) as other:
                other.save(document("CANARY-sign-in"))
            found: str | None = super().get_password(service, username)
            return found

    with store.locked("work") as locked:
        keyring.core.set_keyring(Slow())
        assert locked.load() == document("CANARY-sign-in")


def test_rf_09_a_save_that_lost_its_lock_leaves_no_entry_that_no_file_names(
    person: Person, any_keyring: None
) -> None:
    """
    RF-09: while it wrote to the keyring, a sign-in took the lock over, and removed what the file
    named.
    """
    import keyring.core

    store = in_keyring(person, document(OLD))
    backend = keyring.core.get_keyring()

    class Slow(type(backend)):  # type: ignore[misc]  # the stand-in
        priority = 5

        def set_password(self, service: str, username: str, password: str) -> None:
            keyring.core.set_keyring(backend)
            with store.locked("work", timeout_s=0, take_over=True) as other:
                other.save(document("CANARY-sign-in"))
            super().set_password(service, username, password)

    keyring.core.set_keyring(Slow())
    with store.locked("work") as locked, pytest.raises(StoreChanged):
        locked.save(document(NEW), is_only_copy=True)
    assert store.load("work") == document("CANARY-sign-in")
    assert (len(person.entries()), person.secrets(NEW)) == (1, {"keyring": 0, "files": 0})
