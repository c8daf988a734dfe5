"""ST-01, ST-02, ST-09, RB-01, RB-02: the store under knives, full disks and rivals."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore

from ...support.children import posix, run, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = posix


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def document(token: str, size: int = 0) -> dict[str, Any]:
    return {
        "version": 1,
        "access_token": token,
        "token_type": "Bearer",
        "extra": {"padding": token[:1] * size},
    }


def tokens(home: Path) -> list[Path]:
    return sorted(path for path in (home / "tokens").iterdir() if path.suffix != ".lock")


# --- ST-01

SAVE_OFTEN = """
os.umask(0)
store = FileStore(sys.argv[1])
for turn in range(int(sys.argv[2])):
    store.check_writable("work")
    store.save("work", document("abcdefgh"[turn % 8], 200_000))
"""


def seen_modes(folder: Path) -> Iterator[tuple[str, int]]:
    """Look at every file that is there at this moment."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
    except FileNotFoundError:
        # Renamed between the listing and the look.
        return


def test_st_01_no_file_is_open_to_others_at_any_moment_under_umask_000(home: Path) -> None:
    seen: dict[str, set[int]] = {}
    with start(SAVE_OFTEN, home, 60) as child:
        while child.poll() is None:
            for name, mode in seen_modes(home / "tokens"):
                seen.setdefault(re.sub(r"~.*", "~", name), set()).add(mode)
        assert child.returncode == 0
    assert {".work~", "work.json", "work.lock"} <= seen.keys()
    assert set().union(*seen.values()) == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home, home / "tokens")} == {0o700}


@pytest.mark.skipif(
    not shutil.which("strace"),
    reason="strace is not installed; the poller above looks at the same modes",
)
def test_st_01_st_02_every_system_call_is_the_one_that_was_meant(
    home: Path, tmp_path: Path
) -> None:
    log = tmp_path / "strace.log"
    calls = "openat,mkdir,mkdirat,chmod,fchmod,fchmodat,rename,renameat,renameat2,fsync,unlinkat"
    tracer = ("strace", "-f", "-y", "-e", f"trace={calls}", "-o", str(log))
    status, _ = run(
        "os.umask(0)\nFileStore(sys.argv[1]).save('work', document('a'))", home, under=tracer
    )
    assert status == 0
    lines = [
        line
        for line in log.read_text("utf-8").splitlines()
        if str(home) in line and "ENOENT" not in line
    ]
    made = [line for line in lines if "O_CREAT" in line or "mkdir" in line]
    assert len(made) == 4
    assert all(re.search(r"0[67]00\)", line) for line in made)
    assert not [line for line in lines if "chmod" in line]
    (written,) = [line for line in made if ".tmp" in line]
    assert "O_EXCL" in written
    assert all("O_NOFOLLOW" in line for line in made if "openat" in line)
    order = [re.search(r"(fsync|rename)\w*\(", line) for line in lines]
    assert [found[1] for found in order if found] == ["fsync", "rename", "fsync"]


# --- ST-02

READ_OFTEN = """
store, seen = FileStore(sys.argv[1]), set()
print("reading", flush=True)
while not os.path.exists(sys.argv[2]):
    found = store.load("work")
    assert found["extra"]["padding"] == found["access_token"] * 200_000
    seen.add(found["access_token"])
print(len(seen))
"""


def test_st_02_a_reader_sees_one_whole_document_or_another(home: Path, tmp_path: Path) -> None:
    FileStore(str(home)).save("work", document("a", 200_000))
    with start(READ_OFTEN, home, tmp_path / "over") as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "reading\n"
        assert run(SAVE_OFTEN, home, 40)[0] == 0
        (tmp_path / "over").touch()
        assert int(reader.stdout.read()) > 2
        assert reader.wait(30) == 0
    assert [path.name for path in tokens(home)] == ["work.json"]


SAVE_AS = """
store = FileStore(sys.argv[1])
for turn in range(25):
    store.save("work", document(sys.argv[2], 50_000))
    store.save("own-" + sys.argv[2], document(sys.argv[2]))
"""


def test_rf_09_processes_that_save_at_once_lose_nothing_and_mix_nothing(home: Path) -> None:
    children = [start(SAVE_AS, home, name) for name in "abcd"]
    for child in children:
        with child:
            assert child.wait(30) == 0
    store = FileStore(str(home))
    last = store.load("work")
    assert last
    assert last["extra"]["padding"] == last["access_token"] * 50_000
    for name in "abcd":
        assert store.load(f"own-{name}") == document(name)
    assert [path.name for path in tokens(home)] == [
        *(f"own-{name}.json" for name in "abcd"),
        "work.json",
    ]


# --- RB-01, RB-02: at each step of a save

AT_EACH_STEP = """
import errno
home, which, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
steps = []

def hook(event, arguments):
    # Every call of a save that reaches the file system announces itself here first.
    if event.partition(".")[0] not in ("open", "os", "fcntl") or not steps:
        return
    steps.append(event)
    if len(steps) - 1 == which:
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(getattr(errno, what), os.strerror(getattr(errno, what)))

store, new = FileStore(home), document("new", 1000)
sys.addaudithook(hook)
steps.append("begin")
try:
    store.save("work", new)
    outcome = "saved"
except LoopbackAuthError as error:
    outcome = error.code
except BaseException as error:
    outcome = repr(error)
count = len(steps) - 1
steps.clear()
print(json.dumps({"outcome": outcome, "steps": count}))
"""


def steps_of_a_save(home: Path) -> int:
    FileStore(str(home)).save("work", document("old", 1000))
    result = json.loads(run(AT_EACH_STEP, home, 10_000, "kill")[1])
    assert result["outcome"] == "saved"
    steps: int = result["steps"]
    assert steps > 5
    return steps


def test_rb_01_st_09_a_process_killed_at_any_step_leaves_one_whole_file_and_the_next_save_cleans_up(
    home: Path,
) -> None:
    store, leftovers = FileStore(str(home)), 0
    for step in range(1, steps_of_a_save(home) + 1):
        store.save("work", document("old", 1000))
        assert run(AT_EACH_STEP, home, step, "kill") == (-signal.SIGKILL, "")
        assert store.load("work") in (document("old", 1000), document("new", 1000))
        leftovers += len(tokens(home)) - 1
        store.save("work", document("after"))
        assert store.load("work") == document("after")
        assert [path.name for path in tokens(home)] == ["work.json"]
    # Else no kill struck between the writing and the renaming, which is what this is about.
    assert leftovers >= 1


@pytest.mark.slow_cases
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS", "EMFILE", "EACCES", "ENOLCK"])
def test_rb_02_a_system_that_says_no_at_any_step_leaves_the_old_file_and_no_other(
    home: Path, error: str
) -> None:
    store = FileStore(str(home))
    steps = steps_of_a_save(home)
    failed = 0
    for step in range(1, steps + 1):
        store.save("work", document("old", 1000))
        status, words = run(AT_EACH_STEP, home, step, error)
        outcome = json.loads(words)["outcome"]
        assert status == 0
        assert outcome in ("store-unwritable", "saved"), (step, outcome)
        assert store.load("work") == document(
            "old" if outcome == "store-unwritable" else "new", 1000
        )
        failed += outcome == "store-unwritable"
        if step < steps - 1:
            assert [path.name for path in tokens(home)] == ["work.json"], step
    assert failed >= 5


FILL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
store = FileStore(sys.argv[1])
new = document("new", 1000)
for act in (lambda: store.check_writable("work"), lambda: store.save("work", new)):
    try:
        act()
        print("done")
    except LoopbackAuthError as error:
        print(error.code, error)
"""


@pytest.mark.parametrize(
    ("room", "proved"), [(0, "store-unwritable"), (100, "done"), (900, "done")]
)
def test_rb_02_rb_03_a_disk_that_is_full_leaves_the_old_file_whole(
    home: Path, room: int, proved: str
) -> None:
    store = FileStore(str(home))
    store.save("work", document("old", 1000))
    _, words = run(FILL, home, room)
    first, second = words.splitlines()
    assert first.startswith(proved)
    assert second.startswith("store-unwritable ")
    assert "work.json" in second
    assert store.load("work") == document("old", 1000)
    assert [path.name for path in tokens(home)] == ["work.json"]
