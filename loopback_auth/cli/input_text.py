"""Text that somebody pasted: as words, in a file, through a pipe or on the terminal, unseen."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress

from ..edge.files.config_file import decoded
from ..errors import Cancelled, UsageError
from ..explain.report import PASTE_CHARACTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO, TextIO

    from .console import Console


PATH_CHARACTERS = 1024
"""What is longer is no name of a file."""

ANSWER_CHARACTERS = 64 * 1024
"""The most that is read of an answer on standard input."""

_MOST_OCTETS = 64 * 1024 * 1024
"""So far a log is read for its end; a pipe may have none."""


def pasted(words: Sequence[str], console: Console) -> str:
    """
    Return what *words* say, or name: @FILE, or - and nothing for standard input.

    Return "" where nothing is there, or standard input may not be read.

    Raises:
        UsageError: The file cannot be read.
    """
    if len(words) == 1 and words[0].startswith("@"):
        return _file(words[0][1:])
    if len(words) == 1 and _is_path(words[0]):
        return _file(words[0])
    if words and list(words) != ["-"]:
        return " ".join(words)
    if console.no_input or console.stdin is None:
        return ""
    if console.stdin.isatty() and (console.json or console.quiet):
        # Nobody would know that something is waited for.
        return ""
    return (
        _paste(console, console.stdin)
        if console.stdin.isatty()
        else decoded(_ends(console.stdin.buffer))
    )


@contextmanager
def asking_first(console: Console) -> Iterator[None]:
    """Have a no and Ctrl-C in the block, which asks before anything is done, change nothing."""
    before, console.nothing_sent = console.nothing_sent, True
    yield
    # Not after an error: what ends the command looks at it.
    console.nothing_sent = before


def _is_path(word: str) -> bool:
    """Return whether *word* is a file that was dragged here, or the one that browsers download."""
    looks_so = "/" in word or "\\" in word or word.startswith("authorize")
    return looks_so and len(word) < PATH_CHARACTERS and "\0" not in word and os.path.isfile(word)


def _file(path: str) -> str:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            return decoded(_ends(file))
    except OSError as error:
        raise UsageError(
            f"the file cannot be read: {error.strerror}",
            cause="@FILE explains what is in that file.",
            fix="check the file's name: ls -l; or paste what it holds: `loopback-auth explain`",
        ) from None


def _ends(file: BinaryIO) -> bytes:
    """Return what *file* holds, or its beginning and its end where that is more."""
    octets = PASTE_CHARACTERS * 4
    head, tail = file.read(octets), b""
    for _ in range(_MOST_OCTETS // octets):
        chunk = file.read(octets)
        if not chunk:
            break
        tail = (tail + chunk)[-octets:]
    return head + tail


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe, too, at once: one that nobody writes into is empty."""
    if sys.platform == "win32":
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def _paste(console: Console, stdin: TextIO) -> str:
    """Read a paste: up to an empty line that nothing follows, or the end of input."""
    from ..edge.interaction.typed_ahead import paste_goes_on

    lines: list[str] = []
    try:
        console.say("Paste what the server or the browser said, then an empty line:")
        while len(lines) < PASTE_CHARACTERS and (line := stdin.readline()):
            if not line.strip() and any(lines) and not paste_goes_on(stdin.fileno()):
                break
            lines.append(line if line.strip() else "\n" * bool(lines))
    except KeyboardInterrupt:
        # The terminal has shown the key.
        console.prompt("\n")
        console.nothing_sent = True
        raise
    return "".join(lines)


def refuse_secret_argument(text: str, command: str) -> None:
    """
    Refuse *text*, an argument of *command*, where it is an address; it is not repeated.

    Raises:
        UsageError: It is.
    """
    if not ("://" in text or "code=" in text or "state=" in text or "%" in text):
        return
    raise UsageError(
        "the answer cannot be given on the command line",
        cause="It would stay in the shell's history, and every process of this computer could"
        " read it.",
        fix="paste the address when asked, or pipe it in: `loopback-auth {command} {profile}`",
        command=command,
        # What was given as the profile is not shown.
        profile="",
    )


def check_terminal(console: Console, command: str, target: str | None) -> None:
    """
    Check that *command*, of *target*, can ask the person, whatever standard input is.

    Raises:
        UsageError: It cannot.
    """
    is_forbidden = console.no_input or console.json or console.quiet
    with suppress(OSError):
        if console.terminal and not is_forbidden:
            with terminal_of(console):
                return
    raise UsageError(
        f"{command} asks you before it opens anything, and there is no terminal to ask on",
        cause="It needs a terminal, without --no-input, --json and --quiet.",
        fix="run it in a terminal: `loopback-auth {command} [{target}]`",
        command=command,
        target=target,
    )


@contextmanager
def terminal_of(console: Console) -> Iterator[TextIO]:
    """Yield the terminal for an answer, also where standard input is none; raise `OSError`."""
    if console.stdin is not None and console.stdin.isatty():
        yield console.stdin
        return
    name = "CONIN$" if sys.platform == "win32" else "/dev/tty"
    with open(name, encoding="utf-8", errors="replace") as terminal:
        yield terminal


def answer_unseen(question: str, console: Console, *, command: str) -> str:
    """
    Return what is typed or pasted at *question*, unseen; without a terminal, standard input.

    Raises:
        Cancelled: The person stops at the question.
        UsageError: Nothing is given to *command*.
    """
    if console.stdin is None or console.no_input or console.json or not console.interactive:
        return _answer_from_stdin(console, command)
    with asking_first(console):
        return typed(question, console, what="the question for the answer")


def typed(question: str, console: Console, *, what: str, is_seen: bool = False) -> str:
    """
    Return what is typed at *question* on the terminal, and what was pasted below its first line.

    That line alone is shown, and if *is_seen*.

    Raises:
        Cancelled: The person stopped at *what*, with Ctrl-C or the end of the input.
    """
    from ..edge.interaction.terminal import line_typed

    shown = ""

    def show(text: str) -> None:
        nonlocal shown
        text = "".join(filter(str.isprintable, text))
        kept = shown if text.startswith(shown) else ""
        console.echo("\b \b" * len(shown[len(kept) :]) + text[len(kept) :])
        shown = text

    descriptor = console.stdin.fileno() if console.stdin else 0
    try:
        return line_typed(lambda: console.prompt(question), descriptor, show if is_seen else None)
    except (EOFError, KeyboardInterrupt):
        raise Cancelled(f"stopped at {what}") from None
    finally:
        console.echo("\n")


def piped(stdin: TextIO, *, errors: str = "replace") -> str:
    """Return what comes on *stdin*, as far as an answer or a secret may go."""
    # Not as the terminal's encoding has it: PowerShell and editors write others.
    buffer = getattr(stdin, "buffer", None)
    if buffer is None:
        return stdin.read(ANSWER_CHARACTERS)
    return decoded(buffer.read(ANSWER_CHARACTERS), errors=errors)


def _answer_from_stdin(console: Console, command: str) -> str:
    stdin = None if console.no_input else console.stdin
    # From a terminal it would be read in plain view, and without a word that it is waited for.
    text = piped(stdin) if stdin and not stdin.isatty() else ""
    if not text.strip():
        raise UsageError(
            "no answer was given",
            cause="There is no terminal to ask on, and standard input is empty or may not be read.",
            fix="pipe the address in: `loopback-auth {command} {profile} < FILE`",
            command=command,
        )
    return text
