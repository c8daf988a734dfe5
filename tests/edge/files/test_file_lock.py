"""RF-01, RF-02: a profile's lock while its file is removed, or its holder stands still."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.files.file_lock import FileLock
from loopback_auth.edge.files.private_folder import PrivateFolder
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import StoreBusy, StoreChanged

from ...support.children import posix, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from loopback_auth.edge.store.profile_lock import LockedProfile

pytestmark = posix

HOLD_LOCK = """
with FileStore(sys.argv[1]).locked("work") as locked:
    locked.load()
    print("held", flush=True)
    sys.stdin.readline()
    try:
        locked.save(document("of the holder"))
        print("saved", flush=True)
    except LoopbackAuthError as error:
        print(error.code, flush=True)
"""


def document(token: str) -> dict[str, object]:
    return {"version": 1, "access_token": token, "token_type": "Bearer", "extra": {"padding": ""}}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(str(tmp_path / "home"))
    store.save("work", document("first"))
    return store


@contextmanager
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that has the lock, and saves when it is given a line."""
    with start(HOLD_LOCK, tmp_path / "home") as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def go_on(process: subprocess.Popen[str]) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def remove_lock(store: FileStore) -> None:
    os.unlink(os.path.join(store.folder, "work.lock"))


def token(store: FileStore) -> str:
    found = store.load("work")
    assert found
    return str(found["access_token"])


def test_rf_01_a_lock_file_that_is_removed_lets_nobody_else_in(
    store: FileStore, tmp_path: Path
) -> None:
    """
    RF-01: two refreshes with one refresh token would be told apart by a server that
    revokes both.
    """
    with holder(tmp_path) as process:
        remove_lock(store)
        with pytest.raises(StoreBusy), store.locked("work", timeout_s=0.1):
            pass
        assert go_on(process) == "saved"
    with store.locked("work", timeout_s=1):
        assert token(store) == "of the holder"


COUNT = """
store = FileStore(sys.argv[1])
for turn in range(40):
    with store.locked("work", timeout_s=60) as locked:
        found = locked.load()
        found["extra"]["count"] = found["extra"].get("count", 0) + 1
        locked.save(found)
"""


def test_rf_01_whoever_waited_on_a_lock_file_that_was_removed_waits_again(
    store: FileStore, tmp_path: Path
) -> None:
    """RF-01: four processes count to 160 while the file goes again and again."""
    removed = 0
    with ExitStack() as stack:
        children = [stack.enter_context(start(COUNT, tmp_path / "home")) for _ in range(4)]
        while any(child.poll() is None for child in children):
            with suppress(FileNotFoundError):
                remove_lock(store)
                removed += 1
            # Without a pause, each file may be gone before whoever made it has looked at it again.
            time.sleep(0.002)
        assert [child.wait() for child in children] == [0] * 4
    found = store.load("work")
    assert found
    assert found["extra"]["count"] == 160
    assert removed > 10


class Vanishing(PrivateFolder):
    """Loses the first lock file, in the moment between its opening and its locking."""

    opened = 0

    def open_file(self, name: str, flags: int) -> int:
        descriptor = super().open_file(name, flags)
        self.opened += 1
        if self.opened == 1:
            self.remove(name)
        return descriptor


def test_rf_01_a_lock_file_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path,
) -> None:
    """RF-01: the next one would make another, and lock that."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    folder = Vanishing(str(tmp_path), descriptor)
    lock = FileLock(folder, "work.lock")
    lock.take(1)
    assert folder.opened == 2
    assert not lock.is_lost()
    lock.release()
    os.close(descriptor)


def test_rf_02_who_holds_the_lock_is_reported_and_whether_it_stands_still(
    store: FileStore, tmp_path: Path
) -> None:
    """RF-02: where the system tells."""
    with holder(tmp_path) as process:
        with pytest.raises(StoreBusy) as running, store.locked("work", timeout_s=0.1):
            pass
        remove_lock(store)
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        with pytest.raises(StoreBusy) as stopped, store.locked("work", timeout_s=0.1):
            pass
    if sys.platform == "linux":
        assert f"another process ({process.pid}) has held" in str(running.value)
        assert f"another process ({process.pid}, stopped) has held" in str(stopped.value)
        assert f"kill -KILL {process.pid}" in stopped.value.fix


def test_rf_09_a_lock_that_is_taken_over_keeps_its_old_holder_from_saving_over_the_new_one(
    store: FileStore, tmp_path: Path
) -> None:
    """RF-09: what the old holder had read is not what is there."""
    with holder(tmp_path) as process:
        with store.locked("work", timeout_s=0, take_over=True) as locked:
            locked.save(document("second"))
        assert go_on(process) == "store-changed"
    assert token(store) == "second"
    with store.locked("work", timeout_s=0):
        pass


def test_rf_09_a_lock_is_taken_over_by_one_after_the_other(
    store: FileStore, tmp_path: Path
) -> None:
    """RF-09: the second waits for the first, as for anybody."""
    with (
        holder(tmp_path),
        store.locked("work", timeout_s=0, take_over=True) as locked,
        pytest.raises(StoreBusy),
        store.locked("work", timeout_s=0),
    ):
        locked.save(document("second"))


def test_a_holder_that_lost_its_lock_saves_what_nobody_changed(
    store: FileStore, tmp_path: Path
) -> None:
    """A synchronizer of files may put another one with the same content in its place."""
    path = Path(store.path("work"))
    with store.locked("work") as locked:
        locked.load()
        remove_lock(store)
        locked.save(document("second"))
        for token_now in ("third", "fourth"):
            copy = tmp_path / "copy"
            copy.touch(mode=0o600)
            copy.write_bytes(path.read_bytes())
            copy.replace(path)
            assert locked.lock.is_lost()
            locked.save(document(token_now))
            assert not locked.lock.is_lost()
            remove_lock(store)
    assert token(store) == "fourth"


@pytest.mark.parametrize("call", ["open", "fstat", "fsync", "replace", "unlink"])
@pytest.mark.parametrize(
    "act",
    [
        lambda locked: locked.save(document("mine")),
        lambda locked: locked.reserve(5000),
        lambda locked: locked.check_writable(),
    ],
    ids=["save", "reserve", "check"],
)
def test_rf_09_a_holder_that_loses_its_lock_at_any_call_hears_that_and_of_no_full_disk(
    store: FileStore,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[LockedProfile], object],
    call: str,
) -> None:
    """RF-09: whoever takes the lock over removes its holder's temporary files, and signs in."""
    real = getattr(os, call)
    struck: list[int] = []

    def stand_still_at(number: int) -> None:
        """Act, and let another process sign in just before that call."""
        calls = count()

        def one(*arguments: Any, **more: Any) -> object:
            if next(calls) == number:
                struck.append(number)
                with store.locked("work", timeout_s=0, take_over=True) as other:
                    other.save(document("theirs"))
            return real(*arguments, **more)

        with store.locked("work") as locked:
            monkeypatch.setattr(os, call, one)
            with suppress(StoreChanged):
                act(locked)
            monkeypatch.setattr(os, call, real)
            locked.release()

    for number in count():
        store.save("work", document("first"))
        stand_still_at(number)
        if number not in struck:
            break
        assert token(store) == "theirs", number
        assert not [name for name in os.listdir(store.folder) if "~" in name], number


def test_what_was_changed_meanwhile_is_reported_once_and_then_replaced(store: FileStore) -> None:
    """A finished sign-in is newer than whatever it meets."""
    with store.locked("work") as locked:
        for number, act in enumerate((lambda: locked.save(document("mine")), locked.remove)):
            with store.locked("work", timeout_s=0, take_over=True) as other:
                other.save(document(f"theirs-{number}"))
            with pytest.raises(StoreChanged, match="work"):
                act()
            assert token(store) == f"theirs-{number}"
        locked.save(document("mine"))
    assert token(store) == "mine"


def test_rb_03_a_proof_waits_for_nobody(store: FileStore, tmp_path: Path) -> None:
    """RB-03: it replaces nothing, and a login begins with it."""
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        store.check_writable("work")
        assert not [name for name in os.listdir(store.folder) if "~" in name]


WITHOUT_INPUT = """
with FileStore(sys.argv[1]).locked("work") as locked:
    os.close(0)
    locked.save(document("second"))
    assert 0 in locked.descriptors
    locked.save(document("third"))
try:
    os.fstat(0)
except OSError:
    print("closed")
"""


def test_cl_08_a_lock_whose_descriptor_is_0_is_given_back(store: FileStore, tmp_path: Path) -> None:
    """CL-08: standard input may be closed; then that number is given to the next file."""
    with start(WITHOUT_INPUT, tmp_path / "home") as process:
        assert process.stdout
        assert process.stdout.read() == "closed\n"
    assert token(store) == "third"
