"""
Strikes a command, or the child that refreshes for it, at one system call: `strace` kills it there,
or has the system say no.

A first run, undisturbed, tells the calls of the main thread that reach below a folder, each with
its number among the calls of its name. A later run is struck at that number; its log must show that
it was the same call.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .command import COMMAND, TIMEOUT_S, environment
from .servers.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

# Those that exist under other names on other machines have a "?", with which strace does not mind.
# What only moves a file's own pointer (lseek) cannot fail and changes nothing.
CALLS = (
    *(
        "open",
        "openat",
        "read",
        "write",
        "pwrite64",
        "ftruncate",
        "fallocate",
        "fsync",
        "fdatasync",
        "close",
    ),
    *("stat", "lstat", "fstat", "newfstatat", "statx", "chmod", "fchmod", "fchmodat", "flock"),
    *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "getdents64"),
)

WORKERS = 3
"""Of two processors: a command that waits for its server leaves room for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """
    The call of that *name* and *number*, on *what*: its arguments in words that are the same in
    every run.
    """

    name: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.name}#{self.number} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    status: int
    stdout: str
    stderr: str


# The command, whose children are started by way of a program that traces them.
WITH_TRACED_CHILDREN = """
import sys
sys.executable = sys.argv.pop(1)
from loopback_auth.__main__ import main
main()
"""

KILLED = Ended(status=-signal.SIGKILL, stdout="", stderr="")


def points(
    command: Callable[[Path], Sequence[str]],
    prepared: Callable[[Path], object],
    folder: Path,
    *,
    child: bool = False,
) -> list[Point]:
    """
    Run *command* in a home below *folder*, *prepared* for that, and list its calls, or its
    *child*'s, that reach there.
    """
    need("strace")
    homes = [folder / "warm", folder / "undisturbed"]
    log = _log(homes[1])
    for home in homes:
        # The first time Python may have to compile what it imports.
        prepared(home)
        options = ["-e", "trace=" + ",".join(f"?{name}" for name in CALLS)]
        ended = _run(options, command(home), home, child=child)
        assert ended.status == 0, ended
    return list(_read(log, homes[1]))


def kill_at(point: Point, command: Sequence[str], home: Path, *, child: bool = False) -> Ended:
    """
    Run *command* and kill it, or its *child*, as it makes that call, before the call has done
    anything.
    """
    return _struck(point, "signal=KILL", command, home, child=child)


def fail_at(
    point: Point,
    error: str,
    command: Sequence[str],
    home: Path,
    *,
    for_good: bool = False,
    child: bool = False,
) -> Ended:
    """
    Run *command*; that call, its own or its *child*'s, does nothing and says *error*; *for_good*:
    and so does every later one of its name.
    """
    return _struck(
        point, f"error={error}", command, home, until="+" if for_good else "", child=child
    )


def stop_at(
    point: Point,
    command: Sequence[str],
    home: Path,
    meanwhile: Callable[[], object],
    *,
    child: bool = False,
) -> Ended:
    """
    Run *command*, and stop it, or its *child*, at that call, as Ctrl-Z does; it goes on when
    *meanwhile* has been called.
    """
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(_struck, point, "signal=STOP", command, home, child=child)
        deadline = time.monotonic() + TIMEOUT_S
        while not (_log(home).exists() and "stopped by SIGSTOP" in _log(home).read_text("utf-8")):
            assert not ended.done(), ended.result()
            assert time.monotonic() < deadline, f"{point} was not reached"
            time.sleep(0.01)
        try:
            meanwhile()
        finally:
            os.kill(_traced_by(_log(home)), signal.SIGCONT)
        return ended.result()


def _traced_by(log: Path) -> int:
    """Return the process that the strace traces which writes to *log*."""
    for status in Path("/proc").glob("[0-9]*/status"):
        # Others may end meanwhile.
        with suppress(OSError):
            tracer = re.search(r"^TracerPid:\t([1-9]\d*)$", status.read_text(), re.MULTILINE)
            if tracer and str(log).encode() in Path("/proc", tracer[1], "cmdline").read_bytes():
                return int(status.parent.name)
    raise AssertionError(f"nothing is traced into {log}")


def run(command: Sequence[str], home: Path, more: Mapping[str, str] | None = None) -> Ended:
    """Run *command* undisturbed."""
    done = subprocess.run(
        command,
        # A folder that nobody changes: Python looks there for modules, again after each change.
        cwd="/",
        env=environment(home, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return Ended(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def each(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do *work* for all *items*, some at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, items))


def _struck(
    point: Point, how: str, command: Sequence[str], home: Path, *, until: str = "", child: bool
) -> Ended:
    options = [
        "-e",
        f"trace={point.name}",
        "-e",
        f"inject={point.name}:{how}:when={point.number}{until}",
    ]
    ended = _run(options, command, home, child=child)
    found = [each for each in _read(_log(home), home) if each.number == point.number]
    assert found == [point], f"{point} was meant, and {found} was struck"
    return ended


def _run(options: Sequence[str], command: Sequence[str], home: Path, *, child: bool) -> Ended:
    # Not its children: strace counts the calls of each process, and would strike each.
    strace = ["strace", "-y", "-o", str(_log(home)), *options]
    return run(with_traced_child(command, home, strace) if child else [*strace, *command], home)


def with_traced_child(command: Sequence[str], home: Path, strace: Sequence[str]) -> list[str]:
    """Return *command* in other words, with which its child runs under *strace*."""
    python = home.parent / f"{home.name}.python"
    python.write_text(f'#!/bin/sh\nexec {shlex.join([*strace, sys.executable])} "$@"\n', "utf-8")
    python.chmod(0o700)
    return [sys.executable, "-c", WITH_TRACED_CHILDREN, str(python), *command[len(COMMAND) :]]


def _log(home: Path) -> Path:
    return home.parent / f"{home.name}.strace"


def _read(log: Path, home: Path) -> Iterator[Point]:
    counts = dict[str, int]()
    for line in log.read_text("utf-8", "replace").splitlines():
        name, _, arguments = line.partition("(")
        if name not in CALLS:
            continue
        counts[name] = counts.get(name, 0) + 1
        if re.search(rf"{re.escape(str(home))}[/\">]", arguments):
            yield Point(name=name, number=counts[name], what=_what(name, arguments, home))


def _what(call: str, arguments: str, home: Path) -> str:
    """
    Give the names in *arguments*: an absolute one or an open file's, and after a folder's the one
    in it.
    """
    has_data = call in ("read", "write", "pwrite64")
    quoted = arguments.partition(",")[0] if has_data else arguments.rpartition(" = ")[0]
    names = re.findall(rf"{re.escape(str(home))}(/[^\">]*)?[\">](?:, \"([^\"/]+)\")?", quoted)
    what = " ".join(f"{folder or '/'}{file and '/'}{file}" for folder, file in names)
    # Random names, process ids.
    return re.sub(r"~(probe-)?\w+", r"~\1", what)


def outcome(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a process and return its output and exit status."""
    stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    return Ended(status=process.returncode, stdout=stdout, stderr=stderr)
