"""
A child interpreter that does one thing, and finishes it even if this process ends.

It gets its work through a pipe, since other users can read arguments and environments, and answers
through another pipe. Nothing heavy is imported here: the parent only waits.
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

# First it leaves its parent: it takes no signal of the terminal and keeps no file of others open.
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
    Return the variables of *environ* for a program that we start ourselves, such as a browser.

    Ours are left out, since tokens and a client secret may be among them, and so are those that
    *withheld* names. Those that PyInstaller changed have their former values.
    """
    secret = {name.upper() for name in withheld if name}
    return {
        name: value
        for name, value in as_started(environ, bundle()).items()
        if not (name.upper().startswith("LOOPBACK_AUTH_") or name.upper() in secret)
    }


def can_outlive_us() -> bool:
    """Return whether a child of this process would go on after its end."""
    return (
        hasattr(os, "posix_spawn")
        and bool(sys.executable)
        # In a bundle the executable is no interpreter.
        and not getattr(sys, "frozen", False)
        # The end of a container's first process ends all others, and an init that runs one program
        # ends with it.
        and 1 not in (os.getpid(), os.getppid())
    )


class Child:
    """
    An interpreter that runs `main(work, work_pipe, answer_pipe, *files)` of *module*.

    It inherits the descriptors *files*. As an *orphan* it is not this process's child, which then
    can become another program, one that expects no child.

    Raises:
        OSError: No process can be started.
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
        """Send it its *work*, as JSON; if it has ended, `answer` shows it."""
        line = json.dumps({**work, "path": sys.path}).encode() + b"\n"
        with suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._work, line) :]

    async def answer(self) -> dict[str, Any] | None:
        """Return its next answer; `None` when it has ended. Needs no running event loop."""
        while b"\n" not in self._buffer:
            await readable(self._answers)
            if not self._read():
                return None
        return self._next()

    def answer_within(self, seconds: float) -> dict[str, Any] | None:
        """Block, and return its next answer; `None` if it has ended or *seconds* have passed."""
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
        """Tell it, by the end of its work pipe, that nobody waits any more."""
        if self._work >= 0:
            os.close(self._work)
            self._work = -1

    def reap(self) -> None:
        """Wait for its end, which must be near."""
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

    with ExitStack() as copies:
        passed: list[int] = []
        for file in files:
            # Copies can be inherited, and none has the number of a standard stream that is closed.
            copy = fcntl.fcntl(file, fcntl.F_DUPFD, 3)
            copies.callback(os.close, copy)
            passed.append(copy)
        words = [sys.executable, *_switches(), "-P", "-c", _BEGINNING, module, *map(str, passed)]
        if orphan:
            # When the shell has ended, its child belongs to the init process.
            words = ["/bin/sh", "-c", '"$@" &', "sh", *words]
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        return os.posix_spawn(words[0], words, environ, file_actions=nowhere)


def _switches() -> list[str]:
    """Return the switches of this interpreter that decide where the other imports from."""
    switches = {
        "-I": sys.flags.isolated,
        "-E": sys.flags.ignore_environment,
        "-s": sys.flags.no_user_site,
        "-S": sys.flags.no_site,
    }
    return [switch for switch, is_on in switches.items() if is_on]
