"""ST-11: a process that dies with tokens in its memory leaves no picture of it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..support.command import COMMAND, environment
from ..support.scripted_server import ScriptedServer, hang
from ..support.stored import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the limits of a process"),
]


def wanting_dumps() -> None:
    # As root; others get what they may have.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    most = resource.RLIM_INFINITY if os.geteuid() == 0 else hard
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def aborted(
    command: Sequence[str], home: Path, until: Callable[[subprocess.Popen[bytes]], object]
) -> bool:
    """
    Start *command*, abort it when *until* is over, and tell whether the system dumped
    its memory.
    """
    process = subprocess.Popen(
        command,
        cwd=home,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=wanting_dumps,  # noqa: PLW1509 - no threads here
    )
    with process:
        until(process)
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def core_limit(process: subprocess.Popen[bytes]) -> str:
    limits = Path(f"/proc/{process.pid}/limits").read_text("ascii")
    return next(
        line for line in limits.splitlines() if line.startswith("Max core file size")
    ).split()[4]


@pytest.mark.parametrize("command", [("token",), ("refresh",), ("logout",)])
def test_st_11_a_command_that_is_aborted_leaves_no_core_dump(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """ST-11: while it waits for the server, with the refresh token in its memory."""
    with ScriptedServer() as server:
        server.answers["*"] = hang
        stored(tmp_path, server, "revocation")
        limits: list[str] = []

        def waiting(process: subprocess.Popen[bytes]) -> None:
            server.wait_for("/revocation" if command == ("logout",) else "/token")
            limits.append(core_limit(process))

        assert not aborted((*COMMAND, *command), tmp_path, waiting)
    assert limits[0] in ("0", "1")
    assert [path for path in tmp_path.iterdir() if "core" in path.name] == []


def test_st_11_another_program_would_have_left_one(tmp_path: Path) -> None:
    """ST-11: else the test above tells nothing."""
    other = (sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()")

    def started(process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        process.stdout.readline()

    if not aborted(other, tmp_path, started):
        pytest.skip("this machine makes no core dumps of anything")
