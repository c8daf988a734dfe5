"""ST: the token files, whole or damaged, old or from the future."""

from __future__ import annotations

import ast
import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import loopback_auth
from loopback_auth.edge.files.file_lock import lock_file
from loopback_auth.edge.files.private_folder import open_private_folder
from loopback_auth.edge.store.document import VERSION
from loopback_auth.edge.store.file_store import FileStore, check_profile_name
from loopback_auth.errors import StoreDamaged, StoreNewer, StoreUnsafe, StoreUnwritable, UsageError

from ...support.children import posix, run, unprivileged


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(str(tmp_path / "home"))


def document(value: str = "a-token", **members: Any) -> dict[str, Any]:
    return {"version": VERSION, "access_token": value, "token_type": "Bearer", **members}


def files(store: FileStore) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in Path(store.folder).iterdir()
        if path.suffix != ".lock"
    }


def plant(store: FileStore, profile: str, content: bytes, *, mode: int = 0o600) -> None:
    store.save(profile, document())
    Path(store.path(profile)).write_bytes(content)
    Path(store.path(profile)).chmod(mode)


def test_what_is_saved_is_loaded_and_listed(store: FileStore) -> None:
    assert (store.load("work"), store.profiles(), store.remove("work")) == (None, [], False)
    store.save("work", document(extra={"ü": "東", "n": [1.5, None, True]}))
    store.save("home", document("other"))
    assert store.load("work") == document(extra={"ü": "東", "n": [1.5, None, True]})
    assert store.profiles() == ["home", "work"]
    assert store.remove("work")
    assert (store.load("work"), store.profiles()) == (None, ["home"])


def test_nothing_is_made_for_looking(store: FileStore, tmp_path: Path) -> None:
    assert (store.load("work"), store.profiles(), store.remove("work")) == (None, [], False)
    assert list(tmp_path.iterdir()) == []


@posix
def test_st_01_files_are_0600_in_a_0700_folder(store: FileStore) -> None:
    store.save("work", document())
    folder = Path(store.folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_st_08_a_save_leaves_one_file_with_a_token_and_an_empty_lock(store: FileStore) -> None:
    store.check_writable("work")
    store.save("work", document("canary"))
    left = {path.name: path.read_bytes() for path in Path(store.folder).iterdir()}
    assert left.keys() == {"work.json", "work.lock"}
    assert left["work.lock"] == b""
    assert b"canary" in left["work.json"]


def test_rb_03_a_proof_does_all_that_a_save_does_and_changes_nothing(store: FileStore) -> None:
    store.save("work", document())
    before = files(store)
    store.check_writable("work")
    store.check_writable("new")
    assert files(store) == before
    assert store.profiles() == ["work"]


# --- names


@pytest.mark.parametrize(
    "name", ["default", "a", "A1", "jane@example.com", "team-1_x+y", "x" * 64, "v1.2", "_x"]
)
def test_a_profile_may_have_any_name_that_can_be_a_files(store: FileStore, name: str) -> None:
    store.save(name, document(name))
    assert store.load(name) == document(name)
    assert store.profiles() == [name]


BAD_NAMES = [
    "",
    "..",
    ".",
    ".hidden",
    "-x",
    "a/b",
    "../a",
    "a\\b",
    "a b",
    "a:b",
    "a~b",
    "a\n",
    "ü",
    "a\x00b",
    "x" * 65,
]


@pytest.mark.parametrize("name", [*BAD_NAMES, "con", "NUL", "com1", "Lpt9", "aux.txt", "nul.json"])
def test_a_profile_may_not_have_a_name_that_leads_elsewhere(
    store: FileStore, tmp_path: Path, name: str
) -> None:
    for act in (
        store.load,
        store.remove,
        store.check_writable,
        store.path,
        check_profile_name,
        lambda n: store.save(n, document()),
    ):
        with pytest.raises(UsageError):
            act(name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("secret", ["hunter2/", "a client secret", "00D5g!AQcAQH0d", "x1" * 40])
def test_cl_02_what_is_no_name_is_not_shown(secret: str) -> None:
    """CL-02: it may be a secret in the wrong place."""
    with pytest.raises(UsageError, match="cannot be a profile name") as refused:
        check_profile_name(secret)
    assert secret[:5] not in f"{refused.value} {refused.value.cause} {refused.value.fix}"


# --- ST-05

DAMAGES: dict[str, bytes] = {
    "emptied": b"",
    "cut off": json.dumps(document("canary")).encode()[:-5],
    "zeroed": bytes(300),
    "overwritten": b"\xff\xfe\x00garbage canary",
    "two documents in one": json.dumps(document()).encode() * 2,
    "another kind of JSON": b"[1, 2, 3]",
    "without a version": b'{"access_token": "canary"}',
    "with a version that is none": b'{"version": "one", "access_token": "canary"}',
    "with a version that is true": b'{"version": true, "access_token": "canary"}',
    "without a token": b'{"version": 1, "token_type": "Bearer"}',
    "with a token that is none": b'{"version": 1, "access_token": ["canary"]}',
    "with a client that is none": json.dumps(document(client=["canary"])).encode(),
    "with a server that is none": json.dumps(document(server="canary")).encode(),
    "with settings that are none": json.dumps(document(settings=[["a", "b"]])).encode(),
    "with a time that is none": json.dumps(document(expires_at=17)).encode(),
    "nested without end": b'{"version": 1, "x":' + b"[" * 100_000,
    "a page of HTML": b"<html>canary</html>",
}


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
def test_st_05_a_damaged_file_is_reported_and_set_aside_and_its_bytes_are_kept(
    store: FileStore, content: bytes
) -> None:
    store.save("other", document("other"))
    plant(store, "work", content)
    with pytest.raises(StoreDamaged) as failed:
        store.load("work")
    kept = [
        path for path in Path(store.folder).iterdir() if path.name.startswith("work.json.damaged-")
    ]
    assert [path.read_bytes() for path in kept] == [content]
    assert str(kept[0]) in str(failed.value)
    assert failed.value.exit_code == 4
    assert "canary" not in str(failed.value)
    assert os.name != "posix" or stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    assert store.load("other") == document("other")
    assert store.profiles() == ["other"]
    assert store.load("work") is None


@posix
def test_st_05_a_damaged_file_that_others_could_read_is_set_aside_in_private(
    store: FileStore,
) -> None:
    plant(store, "work", b"canary", mode=0o644)
    with pytest.raises(StoreDamaged):
        store.load("work")
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(store.folder).iterdir()} == {0o600}


def test_st_05_every_damage_is_kept_even_when_they_come_in_one_second(store: FileStore) -> None:
    contents = {f"damage {number}".encode() for number in range(5)}
    for content in contents:
        plant(store, "work", content)
        with pytest.raises(StoreDamaged):
            store.load("work")
    assert set(files(store).values()) == contents


def test_st_05_a_save_keeps_the_bytes_of_a_damaged_file_that_it_replaces(store: FileStore) -> None:
    plant(store, "work", b"damaged canary")
    store.save("work", document("new"))
    assert store.load("work") == document("new")
    assert b"damaged canary" in files(store).values()


def test_st_05_a_file_that_another_process_replaces_meanwhile_is_not_taken_for_damaged(
    store: FileStore,
) -> None:
    plant(store, "work", b"damaged")
    outcome: list[object] = []
    reader = threading.Thread(target=lambda: outcome.append(store.load("work")))
    with open_private_folder(store.folder) as folder:
        assert folder
        with lock_file(folder, "work.lock"):
            reader.start()
            # Time to find the damage; whatever is read after this is good.
            reader.join(0.2)
            folder.replace(
                "work.json", json.dumps(document("good")).encode(), temporary=".work~1.tmp"
            )
    reader.join(10)
    assert outcome == [document("good")]
    assert files(store).keys() == {"work.json"}


@posix
def test_st_05_a_damaged_file_in_a_folder_that_cannot_be_written_is_reported_where_it_is(
    store: FileStore,
) -> None:
    plant(store, "work", b"damaged")
    script = """
try:
    FileStore(sys.argv[1]).load("work")
except LoopbackAuthError as error:
    print(error.code, error)
"""
    Path(store.folder, "work.lock").unlink()
    Path(store.folder).chmod(0o500)
    try:
        _, words = run(script, Path(store.folder).parent, under=unprivileged())
    finally:
        Path(store.folder).chmod(0o700)
    assert words.startswith("store-damaged ")
    assert store.path("work") in words
    assert files(store) == {"work.json": b"damaged"}


# --- ST-06, ST-07


def test_st_06_nothing_in_the_package_reads_anything_but_json_and_toml() -> None:
    banned = {"pickle", "shelve", "marshal", "dill", "yaml", "jsonpickle", "dbm", "runpy", "code"}
    for path in Path(loopback_auth.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {alias.name.partition(".")[0] for alias in node.names}
                names |= (
                    {(node.module or "").partition(".")[0]}
                    if isinstance(node, ast.ImportFrom) and not node.level
                    else set()
                )
                assert not names & banned, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}, path


@pytest.mark.parametrize("version", [VERSION + 1, 99, 10**30])
def test_st_07_a_file_of_a_later_version_is_refused_and_left_as_it_is(
    store: FileStore, version: int
) -> None:
    content = json.dumps({"version": version, "tokens": {"sealed": "canary"}}).encode()
    plant(store, "work", content)
    before = os.stat(store.path("work"))
    for act in (store.load, store.check_writable, lambda name: store.save(name, document())):
        with pytest.raises(StoreNewer, match="later version"):
            act("work")
    after = os.stat(store.path("work"))
    assert files(store) == {"work.json": content}
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_st_07_members_that_are_not_known_come_back(store: FileStore) -> None:
    store.save("work", document(later={"x": [1]}))
    assert store.load("work") == document(later={"x": [1]})


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udcffb", "\U0001f600", "\x00\x7f\x85", "\u2028", 'quote " \\ slash']
)
def test_any_text_that_json_can_carry_is_stored_as_valid_utf8_and_comes_back(
    store: FileStore, text: str
) -> None:
    store.save("work", document(extra={"odd": text, text: 1}))
    assert store.load("work") == document(extra={"odd": text, text: 1})
    json.loads(files(store)["work.json"].decode("utf-8"))


# --- ST-09


def test_st_09_what_a_killed_process_left_is_removed_by_the_next_save_and_nothing_else_is(
    store: FileStore,
) -> None:
    store.save("work", document())
    leftovers = [".work~0123456789abcdef.tmp", ".work~probe-17.tmp"]
    others = [
        ".other~0123456789abcdef.tmp",
        "work.json.damaged-20260101T000000Z",
        ".work.json.swp",
        "notes.txt",
    ]
    for name in (*leftovers, *others):
        Path(store.folder, name).write_bytes(b"canary")
    store.save("work", document("new"))
    assert files(store).keys() == {"work.json", *others}
    store.remove("other")
    assert ".other~0123456789abcdef.tmp" not in files(store)


def test_a_store_behind_a_planted_link_is_refused_and_reported_with_its_path(
    store: FileStore, tmp_path: Path
) -> None:
    store.save("work", document())
    Path(store.path("work")).unlink()
    (tmp_path / "theirs.json").write_text(json.dumps(document("mallory")))
    Path(store.path("work")).symlink_to(tmp_path / "theirs.json")
    with pytest.raises(StoreUnsafe, match=r"work\.json is a symbolic link"):
        store.load("work")


def test_a_save_that_fails_says_which_file(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"a file")
    with pytest.raises(StoreUnwritable, match="home") as failed:
        store.save("work", document())
    assert failed.value.exit_code == 1


def test_reading_a_stored_token_costs_no_more_than_its_file(store: FileStore) -> None:
    store.save("work", document("x" * 60_000))
    begun = time.process_time()
    for _ in range(100):
        store.load("work")
    assert time.process_time() - begun < 1
