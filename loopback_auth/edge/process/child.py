"""
A fresh interpreter that does one thing, and goes on with it when this process has ended.

It gets its work through a pipe, since arguments and environment are there for others to read, and
answers through another. Nothing heavy is imported here: its parent only waits.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import ExitStack, suppress

from .event_loop import readable
from .frozen import as_started, bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

# Before anything else it is on its own: no signal of the terminal reaches it, and it holds no file
# of anybody else's open.
_BEGINNING = """
import gc, json, os, signal, sys
gc.disable()  # It lives for a moment.
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(signal.Signals[name], signal.SIG_IGN)
os.setsid()
ours = [int(number) for number in sys.argv[2:]]
for number in map(int, os.listdir("/dev/fd")):
    if number > 2 and number not in ours:
        try:
            os.close(number)
        except OSError:
            pass  # That of the list itself.
with open(ours[0], "rb", closefd=False) as pipe:
    work = json.loads(pipe.readline())
sys.path[:] = work["path"]
from importlib import import_module
import_module(sys.argv[1]).main(work, *ours)
"""


def inheritable(
    environ: Mapping[str, str], *, withheld: Iterable[str | None] = ()
) -> dict[str, str]:
    """
    Return what of *environ* a program may inherit that we start for our own ends, such as a
    browser.

    Nothing of ours: tokens and a client's secret are among it. Nor the variables that *withheld*
    names. And where a bundle runs us, as it was before.
    """
    secret = {name.upper() for name in withheld if name}
    return {
        name: value
        for name, value in as_started(environ, bundle()).items()
        if not (name.upper().startswith("LOOPBACK_AUTH_") or name.upper() in secret)
    }


def can_outlive_us() -> bool:
    """
    Tell whether this process can have a child that goes on when it ends: the first of a container
    takes all others along.
    """
    return (
        hasattr(os, "posix_spawn")
        and bool(sys.executable)
        # There the executable is the program itself.
        and not getattr(sys, "frozen", False)
        # Nor does an init that has one program to run outlive it.
        and 1 not in (os.getpid(), os.getppid())
    )


class Child:
    """
    An interpreter that runs `main(work, work_pipe, answer_pipe, *files)` of *module* with the open
    *files*.

    *orphan*: it is nobody's child, so that this process can become another program, which would not
    expect one. Raises `OSError` where none can be started.
    """

    def __init__(
        self, module: str, *, files: Iterable[int], environ: Mapping[str, str], orphan: bool = False
    ) -> None:
        self._buffer = b""
        with ExitStack() as theirs, ExitStack() as ours:
            work, self._work = _pipe(reader=theirs, writer=ours)
            self._answers, answers = _pipe(reader=ours, writer=theirs)
            self._process = _spawn(module, (work, answers, *files), environ, orphan=orphan)
            # Started: from here on `close` closes ours.
            ours.pop_all()
        if orphan:
            self.reap()

    def send(self, work: Mapping[str, Any]) -> None:
        """Give it its *work*, as JSON; one that is gone is noticed when it is asked."""
        line = json.dumps({**work, "path": sys.path}).encode() + b"\n"
        with suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._work, line) :]

    async def answer(self) -> dict[str, Any] | None:
        """
        Return the next thing it says; `None` when it has ended. Waits in or without an
        event loop.
        """
        while b"\n" not in self._buffer:
            await readable(self._answers)
            if not self._read():
                return None
        return self._next()

    def answer_within(self, seconds: float) -> dict[str, Any] | None:
        """
        Return the next thing it says, `None` when it has ended or says nothing in that time;
        blocks.
        """
        from select import select

        from .clock import running_s

        deadline = running_s() + seconds
        while b"\n" not in self._buffer:
            if (
                not select([self._answers], [], [], max(deadline - running_s(), 0))[0]
                or not self._read()
            ):
                return None
        return self._next()

    def hang_up(self) -> None:
        """Let it know that nobody waits any more."""
        if self._work >= 0:
            os.close(self._work)
            self._work = -1

    def reap(self) -> None:
        """Wait for its end, which is near."""
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)

    def close(self) -> None:
        """Close our ends of the pipes."""
        self.hang_up()
        if self._answers >= 0:
            os.close(self._answers)
            self._answers = -1

    def _read(self) -> bool:
        piece = os.read(self._answers, 65536)
        self._buffer += piece
        return bool(piece)

    def _next(self) -> dict[str, Any]:
        line, _, self._buffer = self._buffer.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said


def _pipe(*, reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    """Return the two ends of a pipe, which *reader* and *writer* close."""
    ends = os.pipe()
    for stack, end in zip((reader, writer), ends, strict=True):
        stack.callback(os.close, end)
    return ends


def _spawn(module: str, files: Iterable[int], environ: Mapping[str, str], *, orphan: bool) -> int:
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    import fcntl

    passed: list[int] = []
    try:
        for file in files:
            # Copies that are inherited, and none of them in the place of a standard stream that was
            # closed.
            passed.append(fcntl.fcntl(file, fcntl.F_DUPFD, 3))  # noqa: PERF401 - those there are have to be closed
        words = [sys.executable, *_switches(), "-P", "-c", _BEGINNING, module, *map(str, passed)]
        if orphan:
            # The shell's end leaves its own child to the system, which clears up after it.
            words = ["/bin/sh", "-c", '"$@" &', "sh", *words]
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        return os.posix_spawn(words[0], words, environ, file_actions=nowhere)
    finally:
        for copy in passed:
            os.close(copy)


def _switches() -> list[str]:
    """Give the switches of this interpreter that decide what the other imports."""
    switches = {
        "-I": sys.flags.isolated,
        "-E": sys.flags.ignore_environment,
        "-s": sys.flags.no_user_site,
        "-S": sys.flags.no_site,
    }
    return [switch for switch, is_on in switches.items() if is_on]
