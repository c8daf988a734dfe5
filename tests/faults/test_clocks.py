"""
RF-07: clocks that are wrong, and laptops that sleep: one refresh a command at the most, and never a
loop.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ..support.children import TIMEOUT_S, posix
from ..support.command import environment, token_file
from ..support.keyrings import ROOT
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, stored
from ..support.strace import run
from .scene import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.scripted_server import Connection
    from ..support.strace import Ended

pytestmark = [pytest.mark.slow, posix]

DAY_S = 86400

# Whatever Python runs is under another clock, children too; the system's own stays as it is.
SITECUSTOMIZE = """
import datetime, os, time
by_s, real = float(os.environ["SHIFTED_BY_S"]), time.time
time.time = lambda: real() + by_s
time.time_ns = lambda: int(time.time() * 1e9)
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
datetime.datetime = Shifted
"""


def token_at(by_s: float, home: Path) -> Ended:
    """Run `token` on a machine whose clock differs by so many seconds."""
    (home / "sitecustomize.py").write_text(SITECUSTOMIZE, "utf-8")
    path = os.pathsep.join((str(home), str(ROOT)))
    return run(TOKEN, home, {"PYTHONPATH": path, "SHIFTED_BY_S": str(by_s)})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
        yield running


@pytest.mark.parametrize("by_s", [-DAY_S, -3600, -200, 200, 3600, DAY_S])
def test_rf_07_a_clock_that_is_wrong_from_now_on_costs_one_refresh(
    server: ScriptedServer, tmp_path: Path, by_s: float
) -> None:
    """
    RF-07: what was stored under the right clock is refreshed once at the most, and then the
    commands agree with themselves.
    """
    home = tmp_path / "home"
    stored(home, server, lasts_s=3000)
    ended = [token_at(by_s, home) for _ in range(3)]
    assert [each.status for each in ended] == [0, 0, 0], ended
    assert len(server.asked("/token")) == (1 if by_s < -600 or by_s > 2999 else 0)
    assert len({each.stdout for each in ended}) == 1


@pytest.mark.parametrize("by_s", [-DAY_S, DAY_S])
def test_rf_07_a_clock_that_is_set_right_again_costs_one_refresh(
    server: ScriptedServer, tmp_path: Path, by_s: float
) -> None:
    """RF-07: tokens obtained tomorrow, or yesterday, by the clock of then."""
    home = tmp_path / "home"
    stored(home, server)
    assert token_at(by_s, home).stdout == "the-new-token\n"
    assert len(server.asked("/token")) == 1
    for _ in range(3):
        assert run(TOKEN, home).stdout == "the-new-token\n"
    assert len(server.asked("/token")) == 2


def test_rf_07_a_clock_that_jumps_to_and_fro_costs_one_refresh_a_command_at_the_most(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-07: every command ends with a token, whatever the one before it believed."""
    home = tmp_path / "home"
    stored(home, server)
    for count, by_s in enumerate((DAY_S, -DAY_S, 0, DAY_S, -DAY_S), 1):
        assert token_at(by_s, home).stdout == "the-new-token\n"
        assert len(server.asked("/token")) <= count


def test_rf_07_rb_08_a_laptop_that_sleeps_through_the_life_of_the_new_token_makes_one_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RF-07, RB-08: asked before the lid was closed, answered meanwhile; what is read after it is
    opened is stored and handed out.
    """
    home = tmp_path / "home"
    stored(home, server)
    asked, asleep = threading.Event(), threading.Event()

    def answer(connection: Connection) -> None:
        asked.set()
        asleep.wait(TIMEOUT_S)
        connection.socket.sendall(
            json_answer({**NEW, "expires_in": 1, "refresh_token": "the-next"})
        )

    server.answers["/token"] = answer
    with subprocess.Popen(
        TOKEN,
        cwd="/",
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert asked.wait(TIMEOUT_S)
        process.send_signal(signal.SIGSTOP)
        asleep.set()
        # Nothing tells that time has passed but the clock.
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, stdout, stderr) == (0, "the-new-token\n", "")
    assert [each.form["refresh_token"] for each in server.asked("/token")] == [OLD["refresh_token"]]
    assert token_file(home)["refresh_token"] == "the-next"
