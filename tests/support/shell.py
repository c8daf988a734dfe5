"""A person's shell: bash on a terminal of its own, in a home that has nothing yet."""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT_S = 60
_READY = "READY "
_BROWSER = """\
#!/bin/sh
exec {python} -c 'from sys import argv; from loopback_auth.testing import Browser; \
Browser({person}).visit(argv[1])' "$1"
"""
_REDRAWN = re.compile(r"[^\n]*\r\x1b\[2K")
"""A line that another one took the place of."""


class Shell:
    """What a person types, and sees."""

    def __init__(self, terminal: pexpect.spawn) -> None:
        self._terminal = terminal

    def type(self, line: str, answers: Mapping[str, str] | None = None) -> str:
        """
        Type *line*, and return what it writes, colours and all.

        *answers* are what to type after a question that begins so, whenever it comes.
        """
        answers = answers or {}
        questions = [rf"(?m)^{re.escape(begin)}[^\r\n]*[:\]] $" for begin in answers]
        self._terminal.sendline(line)
        shown = ""
        while met := self._terminal.expect([_READY, *questions]):
            shown += f"{self._terminal.before or ''}{self._terminal.match[0]}\n"
            self._terminal.sendline([*answers.values()][met - 1])
        written = f"{shown}{self._terminal.before or ''}".replace("\r\n", "\n")
        return _REDRAWN.sub("", written).rstrip()

    def exit_status(self) -> int:
        """Return that of the last command."""
        return int(self.type("echo $?"))


@contextmanager
def shell(home: Path, *, columns: int = 80, person: str = "") -> Iterator[Shell]:
    """
    Run bash until the block ends, with the program and `bin` on its PATH, and *home* as its home.

    Its browser signs in at the testing servers, as *person*: arguments of `Browser`.
    """
    browser = home / "browser"
    python = shlex.quote(sys.executable)
    browser.write_text(_BROWSER.format(python=python, person=person), "utf-8")
    browser.chmod(0o700)
    terminal = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile"],
        cwd=home,
        env={
            "PATH": os.pathsep.join(
                [str(home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "HOME": str(home),
            "PS1": _READY,
            "TERM": "xterm-256color",
            "BROWSER": str(browser),
        },
        encoding="utf-8",
        dimensions=(60, columns),
        timeout=TIMEOUT_S,
        echo=False,
    )
    # Without its editing of lines the shell writes nothing of its own.
    terminal.sendline("set +o emacs +o vi")
    terminal.expect(f"{_READY}.*{_READY}")
    try:
        yield Shell(terminal)
    finally:
        terminal.close(force=True)
