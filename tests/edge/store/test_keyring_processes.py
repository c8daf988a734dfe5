"""RB-01, RF-01, RF-03: a credential in the keyring under knives and rivals."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore

from ...support.children import killed_at, posix, start
from ...support.command import run_process as run_command
from ...support.keyrings import Person, new_person, use
from ...support.scripted_server import ScriptedServer, json_answer
from ...support.stored import NEW, document as signed_in

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.scripted_server import Connection

pytestmark = posix

SIZE = 3000
"""Characters of padding: four parts where 2560 octets are the limit."""

KILLED_AT = """
home = sys.argv[1]
steps = []

def hook(event, arguments):
    # Every call that reaches the file system announces itself here first: the store's, the lock's
    # and the keyring's.
    if event.partition(".")[0] not in ("open", "os", "fcntl") or not steps:
        return
    steps.append(event)
    if len(steps) - 1 == which:
        os.kill(os.getpid(), signal.SIGKILL)

store, new = FileStore(home), document("new", 3000)
moving = store.with_storage("keyring")
warm = FileStore(home + "-warm", storage="keyring")
warm.save("warm", new)
warm.with_storage("file").save("warm", new)
acts = {
    "save": lambda: store.save("work", new),
    "move in": lambda: store.with_storage("keyring").save("work", new),
    "check and move in": lambda: (moving.check_writable("work"), moving.save("work", new)),
    "move out": lambda: store.with_storage("file").save("work", new),
    "remove": lambda: store.remove("work"),
}
sys.addaudithook(hook)
# A process for every step would spend its time on imports: this one has them, and forks.
for line in sys.stdin:
    which = int(line)
    child = os.fork()
    if not child:
        steps.append("begin")
        acts[sys.argv[2]]()
        count = len(steps) - 1
        steps.clear()
        print(count, flush=True)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        print(status, flush=True)
"""


FAULT_AT = """
import errno
home, begun = sys.argv[1], []

def hook(event, arguments):
    if event.partition(".")[0] not in ("open", "os", "fcntl") or not begun:
        return
    begun.append(event)
    if len(begun) - 1 in range(which, which + lasts):
        raise OSError(errno.EIO, "Input/output error")

sys.addaudithook(hook)
new, storage = document("new", 3000), sys.argv[2] or None
for line in sys.stdin:
    which, lasts = map(int, line.split())
    child = os.fork()
    if not child:
        # As a refresh does it: room is reserved before the server is asked, and the save is tried
        # twice when the answer is here.
        with FileStore(home, storage=storage).locked("work") as locked:
            locked.load()
            locked.reserve(8000)
            begun.append("begin")
            try:
                refused = locked.save(new, is_only_copy=True)
            except LoopbackAuthError:
                refused = locked.save(new, is_only_copy=True)
            count = len(begun) - 1
            begun.clear()
            locked.release()
        print(json.dumps([count, refused and refused.code]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("null", flush=True)
"""


# What is done, where the credential is before, and what may be found after a kill.
ACTS = [
    ("save", "keyring", ("old", "new")),
    ("move in", "file", ("old", "new")),
    ("check and move in", "file", ("old", "new")),
    ("move in", None, (None, "new")),
    ("move out", "keyring", ("old", "new")),
    ("remove", "keyring", ("old", None)),
]


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return new_person(tmp_path)


def document(token: str, size: int = 0) -> dict[str, Any]:
    padding = {"padding": token[:1] * size}
    return {"version": 1, "access_token": token, "token_type": "Bearer", "extra": padding}


def start_over(person: Person, before: str | None) -> None:
    for name in ("home", "keyring"):
        shutil.rmtree(person.folder / name)
        (person.folder / name).mkdir(mode=0o700)
    if before:
        FileStore(str(person.home), storage=before).save("work", document("old", SIZE))


def found(person: Person) -> str | None:
    """Give the token that is stored, once it is seen that all of its credential is."""
    stored = FileStore(str(person.home)).load("work")
    if stored is None:
        return None
    token: str = stored["access_token"]
    assert stored == document(token, SIZE)
    return token


def mine(person: Person) -> dict[str, str]:
    """Give what is kept of the profile; what a proof leaves when it is killed holds nothing."""
    found = {name: text for name, text in person.entries().items() if "/warm/" not in name}
    assert all(len(found.pop(name)) == 16 for name in list(found) if name.endswith("/probe/1"))
    return found


def go_on(person: Person, step: int) -> None:
    """Do what comes next, one thing or another, and see that nothing of the past is left."""
    store = FileStore(str(person.home))
    if step % 2:
        store.remove("work")
        assert (mine(person), person.file()) == ({}, None), step
        return
    store.with_storage("keyring" if step % 4 else "file").save("work", document("after"))
    assert person.secrets("old", "nnn", "ooo") == {"keyring": 0, "files": 0}, step
    where = person.secrets("after")
    assert (where["keyring"], where["files"]) == ((1, 0) if step % 4 else (0, 1)), step
    assert len(mine(person)) == where["keyring"], step


@pytest.mark.parametrize("backend", ["Kept", "Windows"])
@pytest.mark.parametrize(
    ("act", "before", "allowed"), ACTS, ids=[f"{row[0]} from {row[1]}" for row in ACTS]
)
@pytest.mark.slow
def test_rb_01_a_process_killed_at_any_step_leaves_one_whole_credential_and_the_next_leaves_no_copy(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    act: str,
    before: str | None,
    allowed: tuple[str | None, ...],
) -> None:
    """
    RB-01, ST-09, ST-10: between the parts of an entry, between the entries, between the keyring and
    the file.
    """
    use(person, monkeypatch, backend)
    monkeypatch.setenv("PYTHONPATH", person.environment()["PYTHONPATH"])
    start_over(person, before)
    seen, torn = set(), 0
    with start(KILLED_AT, person.home, act) as process:
        steps = killed_at(100_000, process)
        assert steps > 10
        for step in range(1, steps + 1):
            start_over(person, before)
            assert killed_at(step, process) == -signal.SIGKILL
            state = found(person)
            assert state in allowed, step
            seen.add(state)
            places = person.secrets("old", "new")
            torn += places not in ({"keyring": 1, "files": 0}, {"keyring": 0, "files": 1})
            go_on(person, step)
        assert process.stdin
        process.stdin.close()
    sys.stdout.write(f"{act} from {before}, {backend}: killed at {steps} steps, lost 0\n")
    assert seen == set(allowed)
    assert torn >= 1


@pytest.mark.parametrize("backend", ["Kept", "Windows"])
@pytest.mark.parametrize(
    ("storage", "before"), [("", "keyring"), ("keyring", "file"), ("file", "keyring")]
)
@pytest.mark.slow
def test_rf_05_a_system_that_fails_at_any_step_costs_no_rotated_refresh_token(
    person: Person, monkeypatch: pytest.MonkeyPatch, backend: str, storage: str, before: str
) -> None:
    """
    RF-05, RB-02: once, or for five calls in a row, of the store's, the lock's and the
    keyring's.
    """
    use(person, monkeypatch, backend)
    monkeypatch.setenv("PYTHONPATH", person.environment()["PYTHONPATH"])
    outcomes = set()

    def save_with_fault(step: int, lasts: int) -> int:
        start_over(person, before)
        process.stdin.write(f"{step} {lasts}\n")
        process.stdin.flush()
        steps, refused = json.loads(process.stdout.readline())
        assert found(person) == "new", (step, lasts)
        assert person.secrets("new")["keyring"] + person.secrets("new")["files"] >= 1
        outcomes.add(refused)
        return int(steps)

    with start(FAULT_AT, person.home, storage) as process:
        assert process.stdin
        assert process.stdout
        steps = save_with_fault(100_000, 1)
        assert steps > 10
        for step in range(1, steps + 1):
            for lasts in (1, 5):
                save_with_fault(step, lasts)
                go_on(person, step)
        process.stdin.close()
    sys.stdout.write(
        f"to {storage or before} from {before}, {backend}: failed at {steps} steps, lost 0\n"
    )
    assert (outcomes == {None}) == (storage == "file"), outcomes


NOTHING_MORE = """
import resource
store = FileStore(sys.argv[1])
with store.locked("work") as locked:
    locked.load()
    locked.check_writable()
    # From here on no file takes another octet: neither the store's nor the keyring's.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        locked.save(document("new", 3000), is_only_copy=True)
    except LoopbackAuthError as error:
        print(error.code)
"""


def test_rv_04_where_neither_the_keyring_nor_the_disk_takes_a_sign_in_the_old_one_stays(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RV-04: that is an error, upon which the new tokens are revoked."""
    use(person, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", person.environment()["PYTHONPATH"])
    start_over(person, "keyring")
    with start(NOTHING_MORE, person.home) as process:
        assert process.communicate(timeout=30)[0] == "store-unwritable\n"
    assert found(person) == "old"
    go_on(person, 2)


SAVE_AS = """
store = FileStore(sys.argv[1])
for turn in range(12):
    store.save("work", document(sys.argv[2], 3000))
    own = FileStore(sys.argv[1], storage="keyring")
    own.save("own-" + sys.argv[2], document(sys.argv[2], 3000))
"""


@pytest.mark.slow
def test_rf_09_processes_that_save_at_once_lose_nothing_and_mix_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RF-09: in one entry, and in entries side by side."""
    use(person, monkeypatch, "Windows")
    monkeypatch.setenv("PYTHONPATH", person.environment()["PYTHONPATH"])
    start_over(person, "keyring")
    children = [start(SAVE_AS, person.home, name) for name in "abcd"]
    for child in children:
        with child:
            assert child.wait(60) == 0
    store = FileStore(str(person.home))
    assert found(person) in set("abcd")
    for name in "abcd":
        assert store.load(f"own-{name}") == document(name, SIZE)
    assert len({name.rpartition("/")[0] for name in person.entries()}) == 5


@pytest.fixture
def server() -> Any:
    with ScriptedServer() as running:
        refreshes: list[int] = []

        def rotate(connection: Connection) -> None:
            # Long enough for the others to come and wait.
            time.sleep(0.5)
            refreshes.append(len(refreshes))
            answer = {
                **NEW,
                "refresh_token": f"refresh-{len(refreshes)}",
                "access_token": f"access-{len(refreshes)}",
            }
            connection.socket.sendall(json_answer(answer))

        running.answers["/token"] = rotate
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["Kept", "Windows"])
async def test_rf_03_processes_of_two_homes_that_share_an_entry_make_one_refresh(
    person: Person, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer, backend: str
) -> None:
    """RF-03: twelve processes, two XDG_CONFIG_HOMEs, one entry, one request, one token."""
    use(person, monkeypatch, backend)
    homes = [person.folder / name for name in ("one", "two")]
    (first, second) = (home / "loopback-auth" for home in homes)
    FileStore(str(first), storage="keyring").save(
        "default", signed_in(server, extra={"padding": "p" * SIZE})
    )
    shutil.copytree(first, second)

    def ask(home: Path) -> Any:
        surroundings = person.environment(backend, LOOPBACK_AUTH_HOME="", XDG_CONFIG_HOME=str(home))
        return run_command("token", home=home, more=surroundings)

    outcomes = await asyncio.gather(*(ask(homes[number % 2]) for number in range(12)))
    assert {(outcome.exit_code, outcome.stdout) for outcome in outcomes} == {(0, "access-1\n")}, (
        outcomes
    )
    assert len(server.asked("/token")) == 1
    for home in (first, second):
        kept = FileStore(str(home)).load("default")
        assert kept
        assert (kept["access_token"], kept["refresh_token"]) == ("access-1", "refresh-1")
        assert "access-1" not in (home / "tokens" / "default.json").read_text("utf-8")


@pytest.mark.slow
async def test_rf_01_processes_that_find_the_credential_on_its_way_to_the_keyring_make_one_refresh(
    person: Person, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    """
    RF-01, ST-10: some are told to use the keyring, some the file; the credential is in one place
    all the time.
    """
    use(person, monkeypatch)
    FileStore(str(person.home)).save("default", signed_in(server))

    def ask(storage: str) -> Any:
        more = person.environment(LOOPBACK_AUTH_STORAGE=storage)
        return run_command("token", home=person.home, more=more)

    outcomes = await asyncio.gather(
        *(ask(("keyring", "file", "")[number % 3]) for number in range(9))
    )
    assert {(outcome.exit_code, outcome.stdout) for outcome in outcomes} == {(0, "access-1\n")}, (
        outcomes
    )
    assert len(server.asked("/token")) == 1
    where = person.secrets("refresh-1")
    assert where["keyring"] + where["files"] == 1
    assert person.secrets("the-old-refresh-token") == {"keyring": 0, "files": 0}
    assert json.dumps(person.file("default"))
    assert os.listdir(person.locks) or where["files"]
