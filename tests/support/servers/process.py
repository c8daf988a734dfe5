"""
Starts a real server in a process group of its own, waits until it is ready, and ends it whatever
happens.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

from . import install

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
READY_TIMEOUT_S = 60
END_TIMEOUT_S = 3


@contextmanager
def running(script: str, *arguments: str, log: Path) -> Iterator[dict[str, Any]]:
    """Run one of the start scripts here, and give what its ready line says."""
    program = install.find_node() if script.endswith(".mjs") else str(install.venv_python())
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [program, str(HERE / script), "--until-eof", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    with process:
        try:
            yield _ready(process, script, log)
        finally:
            _end(process)


def _ready(process: subprocess.Popen[bytes], script: str, log: Path) -> dict[str, Any]:
    lines: Queue[bytes] = Queue()
    assert process.stdout is not None
    threading.Thread(
        target=lambda out: lines.put(out.readline()), args=[process.stdout], daemon=True
    ).start()
    try:
        facts: dict[str, Any] = json.loads(lines.get(timeout=READY_TIMEOUT_S))
    except (Empty, ValueError):
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{script} did not get ready:\n{said}") from None
    return facts


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its stdin, which ends it, and see to it that nothing of its group stays."""
    assert process.stdin is not None
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_TIMEOUT_S)
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
