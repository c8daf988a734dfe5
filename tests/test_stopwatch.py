"""The stopwatch measures what is waited for, and nothing while the machine stands still."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .support.children import posix

if TYPE_CHECKING:
    from .support.stopwatch import Stopwatch

ROOT = Path(__file__).resolve().parent.parent
STOPPED = """
import os, signal
from tests.support.stopwatch import Stopwatch
with Stopwatch() as stopwatch:
    os.kill(os.getpid(), signal.SIGSTOP)
    print(stopwatch.seconds)
"""


def test_what_is_slept_is_counted(stopwatch: Stopwatch) -> None:
    began = stopwatch.seconds
    time.sleep(0.3)
    # On a machine that stands still just now it is less.
    assert stopwatch.seconds - began > 0.04


@posix
def test_a_moment_in_which_nothing_runs_is_not() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        os.waitpid(process.pid, os.WUNTRACED)
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        assert process.stdout
        assert float(process.stdout.read()) < 0.5
