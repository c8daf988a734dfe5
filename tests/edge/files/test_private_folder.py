"""ST-03, ST-04: a folder that is the user's own, and links and strangers in it."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.file_lock import lock_file
from loopback_auth.edge.files.private_folder import (
    FILE_OCTETS,
    create_private_folder,
    open_private_folder,
)
from loopback_auth.errors import StoreError, StoreUnsafe, StoreUnwritable

from ...support.children import as_root, posix, run, start, unprivileged

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.stopwatch import Stopwatch

pytestmark = posix

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "tokens").mkdir(mode=0o700)
    return folder


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's that has nothing to do with the store."""
    path = tmp_path / "victim"
    path.write_bytes(b"do not touch")
    path.chmod(0o644)
    return path


def untouched(victim: Path) -> bool:
    return victim.read_bytes() == b"do not touch" and stat.S_IMODE(victim.stat().st_mode) == 0o644


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def save(home: Path, content: bytes = b"new") -> None:
    with create_private_folder(str(home / "tokens")) as folder:
        assert folder
        with lock_file(folder, "a.lock"):
            folder.replace("a.json", content, temporary=".a~1.tmp")


def load(home: Path) -> bytes | None:
    with open_private_folder(str(home / "tokens")) as folder:
        return folder.read("a.json") if folder else None


def test_st_02_a_file_is_replaced_whole_and_nothing_is_left_beside_it(home: Path) -> None:
    save(home, b"one")
    save(home, b"two")
    assert load(home) == b"two"
    assert sorted(os.listdir(home / "tokens")) == ["a.json", "a.lock"]


def test_what_is_not_there_is_none_and_nothing_is_made_for_looking(tmp_path: Path) -> None:
    assert load(tmp_path / "nowhere") is None
    assert list(tmp_path.iterdir()) == []


def test_st_01_every_folder_on_the_way_is_made_private_under_any_umask(tmp_path: Path) -> None:
    script = "os.umask(0)\nwith create_private_folder(sys.argv[1]): pass"
    assert run(script, tmp_path / "a" / "b" / "tokens") == (0, "")
    assert [mode(path) for path in (tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/tokens")] == [
        0o700
    ] * 3


def test_st_01_a_folder_or_file_that_others_can_read_is_made_private(home: Path) -> None:
    save(home)
    (home / "tokens").chmod(0o755)
    (home / "tokens/a.json").chmod(0o644)
    (home / "tokens/a.lock").chmod(0o644)
    assert load(home) == b"new"
    save(home)
    assert mode(home / "tokens") == 0o700
    assert {mode(path) for path in (home / "tokens").iterdir()} == {0o600}


@pytest.mark.parametrize("bits", [0o702, 0o777, 0o1777])
@pytest.mark.parametrize("which", ["tokens", "."])
def test_st_03_a_folder_that_others_can_write_is_refused(home: Path, which: str, bits: int) -> None:
    save(home)
    (home / which).chmod(bits)
    for act in (save, load):
        with pytest.raises(StoreUnsafe, match="can be written by other users") as refused:
            act(home)
        assert refused.value.fix.endswith(f"o-w {home / which}")
    assert (home / "tokens/a.json").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["a.json", "a.lock"])
@pytest.mark.parametrize("bits", [0o602, 0o666])
def test_st_03_a_file_that_others_can_write_is_refused(home: Path, name: str, bits: int) -> None:
    save(home)
    (home / "tokens" / name).chmod(bits)
    with pytest.raises(StoreUnsafe, match=name):
        load(home) if name == "a.json" else save(home)
    assert mode(home / "tokens" / name) == bits


@as_root
@pytest.mark.parametrize("which", [".", "tokens", "tokens/a.json"])
def test_st_03_what_a_group_can_write_is_refused_unless_it_is_the_users_own(
    home: Path, which: str
) -> None:
    """
    ST-03: root is alone in the group of that name; who else is in another one, nobody
    here knows.
    """
    save(home)
    (home / which).chmod(0o770)
    assert load(home) == b"new"
    os.chown(home / which, -1, NOBODY)
    (home / which).chmod(0o770)
    with pytest.raises(StoreUnsafe, match="can be written by other users") as refused:
        load(home)
    assert refused.value.fix == f"chmod g-w {home / which}"


@as_root
@pytest.mark.parametrize("which", [".", "tokens", "tokens/a.json", "tokens/a.lock"])
def test_st_03_what_belongs_to_another_user_is_refused_and_stays_as_it_is(
    home: Path, which: str
) -> None:
    save(home)
    os.chown(home / which, NOBODY, NOBODY)
    for act in (save, load):
        if (which, act) in (("tokens/a.json", save), ("tokens/a.lock", load)):
            continue
        with pytest.raises(StoreUnsafe, match=f"uid {NOBODY}") as refused:
            act(home)
        assert "sudo" in refused.value.cause
    assert (home / which).stat().st_uid == NOBODY
    assert (home / "tokens/a.json").read_bytes() == b"new"


@pytest.mark.parametrize("bits", [0o775, 0o777, 0o1777])
def test_st_03_a_home_may_be_made_in_a_folder_that_others_can_write(
    tmp_path: Path, bits: int
) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config").chmod(bits)
    save(tmp_path / ".config/loopback-auth")
    assert mode(tmp_path / ".config/loopback-auth") == 0o700


@as_root
def test_st_03_under_sudo_the_users_home_is_refused_before_anything_is_made_in_it(
    tmp_path: Path,
) -> None:
    config = tmp_path / ".config"
    config.mkdir()
    os.chown(config, NOBODY, NOBODY)
    for home in (config, config / "loopback-auth", config / "a" / "b"):
        with pytest.raises(StoreUnsafe):
            save(home)
    assert list(config.iterdir()) == []


# --- ST-04: links


@pytest.mark.parametrize("name", ["a.json", "a.lock"])
@pytest.mark.parametrize("target", ["victim", "nowhere", "tokens"])
def test_st_04_a_link_in_place_of_a_file_is_not_followed(
    home: Path, victim: Path, name: str, target: str
) -> None:
    link = home / "tokens" / name
    link.symlink_to(
        {"victim": victim, "nowhere": victim.with_name("made"), "tokens": home / "tokens"}[target]
    )
    with pytest.raises(StoreUnsafe, match="symbolic link"):
        load(home) if name == "a.json" else save(home)
    assert untouched(victim)
    assert not victim.with_name("made").exists()


def test_st_04_a_save_replaces_a_link_and_leaves_its_target_alone(home: Path, victim: Path) -> None:
    (home / "tokens/a.json").symlink_to(victim)
    save(home)
    assert untouched(victim)
    assert not (home / "tokens/a.json").is_symlink()


def test_st_04_a_link_planted_in_place_of_the_temporary_file_is_not_followed(
    home: Path, victim: Path
) -> None:
    (home / "tokens/.a~1.tmp").symlink_to(victim)
    with pytest.raises(StoreError):
        save(home)
    assert untouched(victim)


def test_st_04_a_folder_behind_a_link_of_the_users_own_is_used(tmp_path: Path, home: Path) -> None:
    (home / "tokens").rename(tmp_path / "elsewhere")
    (home / "tokens").symlink_to(tmp_path / "elsewhere")
    save(home)
    assert (tmp_path / "elsewhere/a.json").read_bytes() == b"new"


def test_st_04_a_folder_behind_a_link_must_be_private_too(tmp_path: Path, home: Path) -> None:
    (home / "tokens").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o777)
    (home / "tokens").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnsafe):
        save(home)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@as_root
def test_st_04_a_link_that_somebody_else_made_is_refused(tmp_path: Path, home: Path) -> None:
    (home / "tokens").rename(tmp_path / "elsewhere")
    (home / "tokens").symlink_to(tmp_path / "elsewhere")
    os.chown(home / "tokens", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(StoreUnsafe, match="somebody else made"):
        save(home)
    assert list((tmp_path / "elsewhere").iterdir()) == []


SWAPS = 1000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.json", "a.lock"])
def test_st_04_a_file_that_turns_into_a_link_again_and_again_is_never_followed(
    home: Path, victim: Path, name: str
) -> None:
    path, over = home / "tokens" / name, threading.Event()
    link, plain = home / "link", home / "plain"

    def swap() -> None:
        for _ in range(SWAPS):
            link.symlink_to(victim)
            link.replace(path)
            plain.write_bytes(b"old")
            plain.chmod(0o600)
            plain.replace(path)
        over.set()

    swapper = threading.Thread(target=swap)
    swapper.start()
    outcomes = set()
    while not over.is_set():
        try:
            save(home)
            outcomes.add(load(home))
        except StoreUnsafe:
            outcomes.add(b"refused")
    swapper.join()
    assert outcomes <= {b"new", b"old", b"refused"}
    assert untouched(victim)


def test_st_04_work_goes_on_in_the_folder_that_was_checked_when_its_name_changes_hands(
    tmp_path: Path, home: Path
) -> None:
    with create_private_folder(str(home / "tokens")) as folder:
        assert folder
        (home / "tokens").rename(tmp_path / "checked")
        (home / "tokens").mkdir(mode=0o777)
        folder.replace("a.json", b"secret", temporary=".a~1.tmp")
    assert list((home / "tokens").iterdir()) == []
    assert (tmp_path / "checked/a.json").read_bytes() == b"secret"


# --- other things that are no files


@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a socket"])
@pytest.mark.parametrize("name", ["a.json", "a.lock"])
def test_what_is_no_plain_file_is_refused_at_once(
    home: Path, name: str, kind: str, stopwatch: Stopwatch
) -> None:
    path = home / "tokens" / name
    if kind == "a named pipe":
        os.mkfifo(path, 0o600)
    elif kind == "a folder":
        path.mkdir()
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    begun = stopwatch.seconds
    with pytest.raises(StoreError, match=name):
        load(home) if name == "a.json" else save(home)
    assert stopwatch.seconds - begun < 1


def test_a_file_of_any_size_is_read_up_to_a_bound(home: Path) -> None:
    save(home)
    os.truncate(home / "tokens/a.json", 50 * FILE_OCTETS)
    content = load(home)
    assert content
    assert len(content) == FILE_OCTETS


@pytest.mark.parametrize("wrong", [".", "tokens"])
def test_a_file_where_a_folder_should_be_is_reported(home: Path, wrong: str) -> None:
    (home / "tokens").rmdir()
    if wrong == ".":
        home.rmdir()
        home.write_bytes(b"")
    else:
        (home / "tokens").write_bytes(b"")
    with pytest.raises(StoreUnwritable, match="tokens"):
        save(home)


def test_rb_03_a_folder_that_cannot_be_written_is_reported_with_its_path(home: Path) -> None:
    script = """
try:
    with create_private_folder(sys.argv[1]) as folder, lock_file(folder, "a.lock"):
        pass
except LoopbackAuthError as error:
    print(error.code, error)
"""
    (home / "tokens").chmod(0o500)
    try:
        status, words = run(script, home / "tokens", under=unprivileged())
    finally:
        (home / "tokens").chmod(0o700)
    assert status == 0
    assert words.startswith("store-unwritable ")
    assert f"{home}/tokens/a.lock" in words
    assert list((home / "tokens").iterdir()) == []


# --- the lock

HOLD_LOCK = """
with create_private_folder(sys.argv[1]) as folder, lock_file(folder, "a.lock"):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNT = """
for _ in range(25):
    with create_private_folder(sys.argv[1]) as folder, lock_file(folder, "a.lock"):
        count = int(folder.read("count") or b"0")
        folder.replace("count", str(count + 1).encode(), temporary=f".count~{os.getpid()}.tmp")
"""


def test_rf_02_one_process_at_a_time_holds_the_lock(home: Path) -> None:
    children = [start(COUNT, home / "tokens") for _ in range(4)]
    for child in children:
        with child:
            assert child.wait(30) == 0
    assert (home / "tokens/count").read_bytes() == b"100"


def test_a_lock_that_stays_taken_is_reported_and_not_waited_for_for_ever(home: Path) -> None:
    with start(HOLD_LOCK, home / "tokens") as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        with create_private_folder(str(home / "tokens")) as folder:
            assert folder
            with (
                pytest.raises(StoreUnwritable, match=r"another process.* has held"),
                lock_file(folder, "a.lock", timeout_s=0.1),
            ):
                pytest.fail("the lock was given twice")
        child.communicate("", timeout=10)
    save(home)


def test_rf_02_a_process_that_is_killed_frees_its_lock_at_once(
    home: Path, stopwatch: Stopwatch
) -> None:
    with start(HOLD_LOCK, home / "tokens") as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        child.kill()
        child.wait(10)
    begun = stopwatch.seconds
    save(home)
    assert stopwatch.seconds - begun < 1
