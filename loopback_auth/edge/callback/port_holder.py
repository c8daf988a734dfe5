"""The process that holds a port, as far as the operating system says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import NamedTuple

from ..process.child import inheritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TOOL_TIMEOUT_S = 2.0
"""The time limit of the system's own tool, whose answer only improves an error message."""

_LISTEN = "0A"


class PortHolder(NamedTuple):
    """A process that listens on a port; *pid* 0: the system does not say which."""

    program: str
    pid: int = 0

    def __str__(self) -> str:
        if not self.program:
            return f"the process with pid {self.pid}"
        return f"{self.program} (pid {self.pid})" if self.pid else self.program


def holder(port: int) -> PortHolder:
    """Return the process that listens on *port*."""
    found = None
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        if sys.platform.startswith("linux"):
            found = next(_linux(port), None)
        elif sys.platform == "win32":
            found = _windows(port)
        else:
            found = _lsof(port)
    return found or PortHolder("another program")


def _linux(port: int) -> Iterator[PortHolder]:
    inodes = set(_listening_inodes(port))
    for pid in filter(str.isdigit, os.listdir("/proc")):
        # The descriptors of other users' processes cannot be read.
        with suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{descriptor}") in inodes:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
                        yield PortHolder(name.read().strip(), int(pid))


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                _, local, _, state, *_ = fields = line.split()
                if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                    yield f"socket:[{fields[9]}]"


def _lsof(port: int) -> PortHolder | None:
    lsof = shutil.which("lsof") or "/usr/sbin/lsof"
    output = _output_of([lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"])
    fields = {line[0]: line[1:] for line in output.splitlines() if line}
    return PortHolder(fields["c"], int(fields["p"])) if {"c", "p"} <= fields.keys() else None


def _windows(port: int) -> PortHolder | None:
    for line in _output_of(["netstat", "-ano", "-p", "TCP"]).splitlines():
        match line.split():
            case [_, local, _, "LISTENING", pid] if local.endswith(f":{port}"):
                return PortHolder("", int(pid))
    return None


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
