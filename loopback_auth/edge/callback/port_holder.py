"""The process that holds a port, as far as the operating system says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress

from ..process.child import inheritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TOOL_TIMEOUT_S = 2.0
"""The time limit of the system's own tool, whose answer only improves an error message."""

_LISTEN = "0A"


def holder(port: int) -> str:
    """
    Return the process that listens on *port*, as `program (pid 123)`.

    It is `another program` if the system does not say.
    """
    found = ""
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        if sys.platform.startswith("linux"):
            found = next(_linux(port), "")
        elif sys.platform == "win32":
            found = _windows(port)
        else:
            found = _lsof(port)
    return found or "another program"


def _linux(port: int) -> Iterator[str]:
    inodes = set(_listening_inodes(port))
    for pid in filter(str.isdigit, os.listdir("/proc")):
        # The descriptors of other users' processes cannot be read.
        with suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{descriptor}") in inodes:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
                        yield f"{name.read().strip()} (pid {pid})"


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                _, local, _, state, *_ = fields = line.split()
                if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                    yield f"socket:[{fields[9]}]"


def _lsof(port: int) -> str:
    lsof = shutil.which("lsof") or "/usr/sbin/lsof"
    output = _output_of([lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"])
    fields = {line[0]: line[1:] for line in output.splitlines() if line}
    return f"{fields['c']} (pid {fields['p']})" if {"c", "p"} <= fields.keys() else ""


def _windows(port: int) -> str:
    for line in _output_of(["netstat", "-ano", "-p", "TCP"]).splitlines():
        match line.split():
            case [_, local, _, "LISTENING", pid] if local.endswith(f":{port}"):
                return f"the process with pid {pid}"
    return ""


def _output_of(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - fixed words and a number
        command,
        env=inheritable(os.environ),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TOOL_TIMEOUT_S,
        check=False,
    )
    return done.stdout
