"""
CL-07, RF-05: a command that is stopped, in whatever way, while its refresh is under way: the tokens
are as before or the refreshed ones.
"""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from loopback_auth.cli.background.parent import GOES_ON, UNKNOWN
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import StoreBusy

from ..support.children import as_root, posix
from ..support.command import COMMAND, environment, token_file
from ..support.rows import all_in_threads
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer
from ..support.servers.needs import need
from ..support.sockets import first_words, silent_server
from ..support.stored import NEW, OLD, stored
from ..support.strace import Ended, outcome, run, with_traced_child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..support.scripted_server import Connection
    from ..support.stopwatch import Stopwatch

pytestmark = [pytest.mark.alone, posix]

TOKEN = (*COMMAND, "token")
ROTATED = {**NEW, "refresh_token": "the-next"}
SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
SECRETS = ("the-client-secret", OLD["refresh_token"], OLD["access_token"])


class SlowServer(ScriptedServer):
    """Answers when it is let: `may_answer`; or after ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()
        self.answers["/token"] = self.late

    def late(self, connection: Connection) -> None:
        self.may_answer.wait(10)
        connection.socket.sendall(json_answer(ROTATED))

    def __exit__(self, *why: object) -> None:
        self.may_answer.set()
        super().__exit__(*why)  # type: ignore[arg-type]  # what `with` gives


@pytest.fixture
def server() -> Iterator[SlowServer]:
    with SlowServer() as running:
        yield running


def begin(*command: str, home: Path, **more: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd="/",
        env=environment(home, more),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def is_locked(home: Path) -> bool:
    try:
        with FileStore(home).locked("default", timeout_s=0):
            return False
    except StoreBusy:
        return True


def unlocked(home: Path, within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while is_locked(home):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def relatives(home: Path) -> dict[int, Path]:
    """Give the processes of this test's command: those whose environment has its home."""
    found = {}
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and f"HOME={home}".encode() in (
                (process / "environ").read_bytes().split(b"\0")
            ):
                found[int(process.name)] = process
    return found


linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of processes")


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", SIGNALS)
def test_cl_07_a_refresh_that_was_sent_is_finished_in_the_background(
    server: SlowServer, tmp_path: Path, name: str, stopwatch: Stopwatch
) -> None:
    """
    CL-07: the command ends at once and says so; the profile stays locked until the tokens are
    saved; the next one waits for them.
    """
    stored(tmp_path, server)
    command = begin(*TOKEN, home=tmp_path)
    server.wait_for("/token")
    began = stopwatch.seconds
    command.send_signal(signal.Signals[name])
    ended = outcome(command)
    assert stopwatch.seconds - began < 2
    assert (ended.status, ended.stdout) == (SIGNALS[name], "")
    assert "finishes in the background" in ended.stderr
    assert "stored tokens are" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert is_locked(tmp_path)

    waiting = begin(*TOKEN, home=tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    server.may_answer.set()
    assert outcome(waiting) == Ended(status=0, stdout="the-new-token\n", stderr="")
    assert token_file(tmp_path)["refresh_token"] == "the-next"
    assert len(server.asked("/token")) == 1
    assert sorted(path.name for path in (tmp_path / "tokens").iterdir()) == [
        "default.json",
        "default.lock",
    ]


def test_cl_07_a_command_that_is_killed_leaves_its_refresh_to_be_finished(
    server: SlowServer, tmp_path: Path
) -> None:
    """CL-07: SIGKILL of the command, as a machine out of memory sends it."""
    stored(tmp_path, server)
    command = begin(*TOKEN, home=tmp_path)
    server.wait_for("/token")
    command.kill()
    outcome(command)
    server.may_answer.set()
    unlocked(tmp_path)
    assert token_file(tmp_path)["refresh_token"] == "the-next"


COMMANDS = {
    "refresh": ("refresh",),
    "env": ("env",),
    "exec": ("exec", "--", "true"),
    "token --refresh": ("token", "--refresh"),
    "api": ("api", "/me"),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("command", COMMANDS)
def test_cl_07_every_command_leaves_its_refresh_to_be_finished(
    server: SlowServer, tmp_path: Path, command: str, stopwatch: Stopwatch
) -> None:
    """CL-07: also that of `api` after a 401, with an event loop running."""
    server.answers["/me"] = plain_answer(b"", status=401)
    lasts_s = 3000 if command == "api" else -1
    stored(tmp_path, server, "userinfo", lasts_s=lasts_s)
    path = server.url("/me") if command == "api" else None
    words = ("api", path) if path else COMMANDS[command]
    process = begin(*COMMAND, *words, home=tmp_path)
    server.wait_for("/token")
    began = stopwatch.seconds
    process.send_signal(signal.SIGINT)
    ended = outcome(process)
    assert stopwatch.seconds - began < 2
    assert ended.status == 130
    assert "finishes in the background" in ended.stderr
    server.may_answer.set()
    unlocked(tmp_path)
    assert token_file(tmp_path)["refresh_token"] == "the-next"


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_cl_07_a_refresh_of_which_nothing_was_sent_is_given_up(
    server: SlowServer, tmp_path: Path, name: str, stopwatch: Stopwatch
) -> None:
    """
    CL-07: there is a connection and no TLS yet; the profile is free soon, and its tokens are as
    before.
    """
    with silent_server() as listener:
        port = listener.getsockname()[1]
        endpoints = {
            "authorization_endpoint": server.url("/a"),
            "token_endpoint": f"https://127.0.0.1:{port}/token",
        }
        stored(tmp_path, server, server=endpoints)
        before = token_file(tmp_path)
        command = begin(*TOKEN, home=tmp_path)
        with first_words(listener) as hello:
            assert hello.startswith(b"\x16\x03")
            began = stopwatch.seconds
            command.send_signal(signal.Signals[name])
            ended = outcome(command)
            unlocked(tmp_path)
            assert stopwatch.seconds - began < 2
    assert token_file(tmp_path) == before
    if name == "SIGINT":
        assert ended.status == 130
        assert "The stored tokens are as before." in ended.stderr
    assert sorted(path.name for path in (tmp_path / "tokens").iterdir()) == [
        "default.json",
        "default.lock",
    ]


def test_a_limit_from_outside_ends_a_script_at_once(
    server: SlowServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    RF-05: `timeout 2 sh -c 'x=$(loopback-auth token)'`: nobody waits for the child, which holds no
    pipe of the script's.
    """
    stored(tmp_path, server)
    script = 'x=$("$@"); echo "got $x"'
    began = stopwatch.seconds
    limited = begin("timeout", "2", "sh", "-c", script, "sh", *TOKEN, home=tmp_path)
    ended = outcome(limited)
    assert stopwatch.seconds - began < 4
    assert (ended.status, ended.stdout) == (124, "")
    server.may_answer.set()
    unlocked(tmp_path)
    assert token_file(tmp_path)["refresh_token"] == "the-next"


@linux
@pytest.mark.slow
def test_cl_07_during_the_save(server: SlowServer, tmp_path: Path, stopwatch: Stopwatch) -> None:
    """CL-07: the disk takes its time; what is said of the tokens is so, and they are stored."""
    need("strace")
    home = tmp_path / "home"
    stored(home, server)
    slow = ("strace", "-o", "/dev/null", "-e", "inject=fsync:delay_enter=400000:when=3+")
    command = begin(*with_traced_child(TOKEN, home, slow), home=home)
    server.wait_for("/token")
    server.may_answer.set()
    time.sleep(0.2)
    began = stopwatch.seconds
    command.send_signal(signal.SIGINT)
    ended = outcome(command)
    assert stopwatch.seconds - began < 2
    assert (ended.status, ended.stdout) == (130, "")
    changed, going_on = "The stored tokens have changed." in ended.stderr, GOES_ON in ended.stderr
    assert changed or going_on or UNKNOWN in ended.stderr
    assert not changed or token_file(home)["refresh_token"] == "the-next"
    unlocked(home)
    assert token_file(home)["refresh_token"] == "the-next"


def test_a_stopped_command_holds_up_nobody(server: SlowServer, tmp_path: Path) -> None:
    """
    RF-02: Ctrl-Z while the refresh is under way; the child saves and goes, and the lock goes with
    it.
    """
    stored(tmp_path, server)
    command = begin(*TOKEN, home=tmp_path)
    server.wait_for("/token")
    command.send_signal(signal.SIGSTOP)
    server.may_answer.set()
    assert run(TOKEN, tmp_path).stdout == "the-new-token\n"
    command.send_signal(signal.SIGCONT)
    assert outcome(command) == Ended(status=0, stdout="the-new-token\n", stderr="")


@linux
def test_the_child_has_a_folder_of_its_own_and_shows_no_secret(
    server: SlowServer, tmp_path: Path
) -> None:
    """
    CL-02, CL-06: its arguments, environment and open files; it is nobody's group; and it leaves no
    zombie.
    """
    stored(tmp_path, server, client={"client_id": "the-client", "client_secret_env": "ACME_SECRET"})
    with (
        open(tmp_path / "inherited", "w") as inherited,
        subprocess.Popen(
            TOKEN,
            cwd="/",
            env=environment(
                tmp_path, {"ACME_SECRET": "the-client-secret", "LOOPBACK_AUTH_CLIENT_SECRET": "no"}
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[inherited.fileno()],
            text=True,
        ) as command,
    ):
        (request,) = server.wait_for("/token")
        [child] = (path for pid, path in relatives(tmp_path).items() if pid != command.pid)
        said = (child / "cmdline").read_bytes() + (child / "environ").read_bytes()
        opened = {number.name: os.readlink(number) for number in (child / "fd").iterdir()}
        limits = (child / "limits").read_text("ascii")
        pid = int(child.name)
        group, session = os.getpgid(pid), os.getsid(pid)
        server.may_answer.set()
        assert outcome(command).stdout == "the-new-token\n"
    assert request.form["client_secret"] == "the-client-secret"
    for secret in SECRETS:
        assert secret.encode() not in said
    assert b"LOOPBACK_AUTH_CLIENT_SECRET" not in said
    assert {opened.get(number) for number in "012"} == {os.devnull}
    assert str(tmp_path / "inherited") not in opened.values()
    assert str(tmp_path / "tokens" / "default.lock") in opened.values()
    assert (group, session) == (pid, pid)
    assert next(line for line in limits.splitlines() if "core file" in line).split()[4] in (
        "0",
        "1",
    )
    assert relatives(tmp_path) == {}


@linux
@pytest.mark.slow
def test_exec_leaves_no_zombie_to_the_command_that_it_runs(
    server: SlowServer, tmp_path: Path
) -> None:
    """
    RF-05: the old token is good for a moment, so the command runs, as the same process; the child
    is not its.
    """
    stored(tmp_path, server, lasts_s=40)
    began = time.monotonic()
    command = begin(*COMMAND, "exec", "--", "sleep", "3", home=tmp_path)
    server.wait_for("/token")
    while Path(f"/proc/{command.pid}/comm").read_text("ascii") != "sleep\n":
        assert time.monotonic() - began < 9
        time.sleep(0.05)
    server.may_answer.set()
    unlocked(tmp_path)
    time.sleep(0.2)
    states = [
        path.read_text("ascii").rpartition(") ")[2].split()[:2]
        for path in Path("/proc").glob("[0-9]*/stat")
    ]
    assert [state for state, parent in states if parent == str(command.pid)] == []
    assert outcome(command).status == 0
    assert token_file(tmp_path)["refresh_token"] == "the-next"


@pytest.mark.slow
def test_a_token_that_is_still_good_is_printed_while_a_slow_refresh_goes_on(
    server: SlowServer, tmp_path: Path
) -> None:
    """
    RF-05: five seconds are enough for what is not needed yet; what was sent is stored
    all the same.
    """
    stored(tmp_path, server, lasts_s=40)
    began = time.monotonic()
    ended = run(TOKEN, tmp_path)
    assert 4 < time.monotonic() - began < 8
    assert (ended.status, ended.stdout) == (0, OLD["access_token"] + "\n")
    assert "not refreshed yet" in ended.stderr
    assert is_locked(tmp_path)
    server.may_answer.set()
    unlocked(tmp_path)
    assert token_file(tmp_path)["refresh_token"] == "the-next"
    assert len(server.asked("/token")) == 1


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii"))


INIT = ("sh", "-c", '"$@"; exit $?', "sh")
"""The first process of a container that has another one to run, and ends with it."""


@linux
@as_root
async def test_cl_07_the_first_process_of_a_container_waits_for_the_answer(tmp_path: Path) -> None:
    """
    CL-07: with it everything ends, a child too; it says what it waits for, and stores
    what comes. So does one under an init.
    """

    def check(init: tuple[str, ...]) -> None:
        home = tmp_path / f"{len(init)}"
        with SlowServer() as server:
            stored(home, server)
            command = begin("unshare", "--pid", "--fork", "--kill-child", *init, *TOKEN, home=home)
            server.wait_for("/token")
            first = child_of(command.pid)
            os.kill(child_of(first) if init else first, signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                command.wait(2.5)
            server.may_answer.set()
            ended = outcome(command)
        assert ended.status == 143
        assert "is waited for" in ended.stderr
        assert "The stored tokens have changed." in ended.stderr
        assert token_file(home)["refresh_token"] == "the-next"

    await all_in_threads(check, [(), INIT])


@linux
@as_root
def test_cl_07_the_first_process_of_a_container_ends_at_the_second_signal(
    server: SlowServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CL-07: the person has been told what it costs."""
    stored(tmp_path, server)
    command = begin("unshare", "--pid", "--fork", "--kill-child", *TOKEN, home=tmp_path)
    server.wait_for("/token")
    first = child_of(command.pid)
    began = stopwatch.seconds
    for _ in range(2):
        os.kill(first, signal.SIGTERM)
        time.sleep(0.5)
    assert outcome(command).status == 143
    assert stopwatch.seconds - began < 3


@pytest.mark.slow
def test_cl_07_at_many_moments(tmp_path: Path, stopwatch: Stopwatch) -> None:
    """CL-07: whenever the signal comes, what is stored is what the server takes next."""
    ends = set()
    for number in range(24):
        home = tmp_path / str(number)
        home.mkdir()
        name = list(SIGNALS)[number % 3]
        with ScriptedServer() as server:
            used: list[str] = []

            def rotate(connection: Connection, used: list[str] = used) -> None:
                used.append(connection.request.form["refresh_token"])
                time.sleep(0.1)
                connection.socket.sendall(
                    json_answer({**NEW, "refresh_token": f"next-{len(used)}"})
                )

            server.answers["/token"] = rotate
            stored(home, server)
            command = begin(*TOKEN, home=home)
            time.sleep(0.03 * number)
            began = stopwatch.seconds
            command.send_signal(signal.Signals[name])
            ended = outcome(command)
            assert stopwatch.seconds - began < 2
            unlocked(home)
            expected = f"next-{len(used)}" if used else OLD["refresh_token"]
            assert token_file(home)["refresh_token"] == expected, (number, ended)
            assert ended.status in (SIGNALS[name], 0, -signal.Signals[name], 1)
            ends.add((ended.status == 0, bool(used)))
    assert {(False, False)} < ends


# The command, in an interpreter that cannot be started a second time.
WITHOUT_CHILDREN = """
import sys
sys.executable = sys.argv.pop(1)
from loopback_auth.__main__ import main
main()
"""


async def test_where_no_child_can_be_had_the_command_refreshes_itself(tmp_path: Path) -> None:
    """
    RF-05: a program that has Python within itself, a system without memory; and Ctrl-C does not cut
    the answer off.
    """

    def check(interpreter: str) -> None:
        home = tmp_path / f"home{interpreter.replace('/', '-')}"
        words = (sys.executable, "-c", WITHOUT_CHILDREN, interpreter, "token")
        with SlowServer() as server:
            stored(home, server)
            command = begin(*words, home=home)
            server.wait_for("/token")
            command.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                command.wait(2)
            server.may_answer.set()
            ended = outcome(command)
            assert (ended.status, ended.stdout) == (130, "")
            assert token_file(home)["refresh_token"] == "the-next"
            stored(home, server)
            again = outcome(begin(*words, home=home))
            assert again == Ended(status=0, stdout="the-new-token\n", stderr="")

    await all_in_threads(check, ["", "/nonexistent", "/bin/false"])


def test_standard_streams_that_are_closed_are_not_taken_for_the_childs_pipes(
    server: SlowServer, tmp_path: Path
) -> None:
    """CL-08: what the command opens next has their numbers."""
    server.may_answer.set()
    for closed in ("<&-", "2>&-", "<&- 2>&-"):
        stored(tmp_path, server)
        ended = outcome(begin("sh", "-c", f'exec "$@" {closed}', "sh", *TOKEN, home=tmp_path))
        assert (ended.status, ended.stdout) == (0, "the-new-token\n"), closed


@pytest.mark.parametrize("how", ["SSL_CERT_FILE", "ca_bundle"])
def test_ds_03_the_child_trusts_whom_the_command_does(tmp_path: Path, how: str) -> None:
    """
    DS-03: a company's CA from the environment or from the sign-in, though aiohttp is loaded without
    any; and nobody without.
    """
    company = trustme.CA()
    bundle = str(tmp_path / "company.pem")
    company.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(tls=context) as server:
        server.answers["/token"] = json_answer(ROTATED)
        settings = {"ca_bundle": bundle} if how == "ca_bundle" else {}
        stored(tmp_path, server, settings=settings)
        environ = {"SSL_CERT_FILE": bundle} if how == "SSL_CERT_FILE" else {}
        assert outcome(begin(*TOKEN, home=tmp_path, **environ)).stdout == "the-new-token\n"
        stored(tmp_path, server)
        refused = outcome(begin(*TOKEN, home=tmp_path))
        assert (refused.status, refused.stdout) == (7, "")
        assert "error[certificate-" in refused.stderr
