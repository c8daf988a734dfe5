"""Who holds a port, where the operating system tells."""

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

PATIENCE_S = 2.0
"""For the system's own tool, where one has to be asked: this is only for a better error message."""

_LISTEN = "0A"


def holder(port: int) -> str:
    """
    Name the process that listens on *port*, as `program (pid 123)`; `another program` when the
    system does not tell.
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
        # Other users' processes keep their descriptors to themselves.
        with suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{descriptor}") in inodes:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
                        yield f"{name.read().strip()} (pid {pid})"


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                (
                    _,
                    local,
                    _,
                    state,
                    *_,
                ) = fields = line.split()
                if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                    yield f"socket:[{fields[9]}]"


def _lsof(port: int) -> str:
    lsof = shutil.which("lsof") or "/usr/sbin/lsof"
    told = _ask([lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"])
    said = {line[0]: line[1:] for line in told.splitlines() if line}
    return f"{said['c']} (pid {said['p']})" if {"c", "p"} <= said.keys() else ""


def _windows(port: int) -> str:
    for line in _ask(["netstat", "-ano", "-p", "TCP"]).splitlines():
        fields = line.split()
        if len(fields) == 5 and fields[1].endswith(f":{port}") and fields[3] == "LISTENING":  # noqa: PLR2004 - netstat's columns
            return f"the process with pid {fields[4]}"
    return ""


def _ask(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - fixed words and a number
        command,
        env=inheritable(os.environ),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE_S,
        check=False,
    )
    return done.stdout
