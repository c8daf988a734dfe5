"""The two streams. Everything that is printed anywhere goes through here."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager

from .. import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any, TextIO

    from ..edge.interaction.background_writer import BackgroundWriter
    from .terminal.sheet import Sheet

_ERASED = "\r\x1b[2K"
"""In place of the line that was drawn last: a countdown is worth nothing once something follows."""

FLUSH_S = 10.0
"""For talk to leave at the end, unless it goes to a terminal: a person comes back to it."""


class Console:
    """
    Prints results on stdout and talk on stderr.

    *options* are the words of the command line, not parsed yet: an error in them is reported as
    they ask for it. `--json` means one document on stdout, and one event a line on stderr.

    A stream may be closed, also by its reader: then talk is lost, and a lost result is an error.
    One may take nothing for a while: then an event loop goes on, and `flush` waits. *is_process*
    says that the streams are those of this process.
    """

    def __init__(
        self,
        options: Collection[str] = (),
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
        is_process: bool = False,
    ) -> None:
        self.json = "--json" in options
        self.quiet = "-q" in options or "--quiet" in options
        self.verbose = "-v" in options or "--verbose" in options
        self.no_input = "--no-input" in options
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.environ: Mapping[str, str] = {} if environ is None else environ
        self.is_process = is_process
        self.shorten: Callable[[str], str] = str
        """Makes a text for a person of one that names a project's profile as the store does."""
        self.nothing_sent = False
        """Whether what goes on has sent no code and written nothing yet."""
        self._line_open = False
        self._writer: BackgroundWriter | None = None

    @property
    def interactive(self) -> bool:
        """Whether there is a person: a terminal on stdin and on stderr."""
        return bool(self.stdin and self.stdin.isatty() and self.stderr and self.stderr.isatty())

    @property
    def may_ask(self) -> bool:
        """Whether to ask the person something that the command can do without."""
        return self.interactive and not (self.no_input or self.json or self.quiet)

    @property
    def terminal(self) -> bool:
        """Whether stderr is a terminal that can redraw a line."""
        return bool(self.stderr and self.stderr.isatty() and self.environ.get("TERM") != "dumb")

    @property
    def shows_result(self) -> bool:
        """Whether stdout is a terminal."""
        return bool(self.stdout and self.stdout.isatty())

    def sheet(self, stream: TextIO | None) -> Sheet | None:
        """Return what draws on *stream*; `None` for plain lines."""
        # Late, as all that a terminal alone needs.
        from .terminal.screen import sheet_for

        return sheet_for(stream, self.environ, self.shorten)

    def result(
        self,
        text: str,
        document: Mapping[str, Any],
        *,
        end: str = "\n",
        draw: Callable[[Sheet], str] | None = None,
    ) -> None:
        """
        Print a command's result: *text*, or *document* where `--json` was given.

        On a terminal it is what *draw* makes of it, if that is given.
        """
        if self.json:
            self.document(document)
            return
        sheet = self.sheet(self.stdout) if draw else None
        self.raw(draw(sheet) if draw and sheet else text, end=end)

    def document(self, members: Mapping[str, Any]) -> None:
        """Print a result that is JSON in any case."""
        self.raw(json.dumps({"version": 1, **members}, ensure_ascii=True))

    def raw(self, text: str, *, end: str = "\n") -> None:
        """Print *text* on stdout as it is."""
        with self._writing() as stdout:
            if text:
                stdout.write(text + end)
            stdout.flush()

    def octets(self, chunk: bytes) -> None:
        """Write *chunk* to stdout as it is."""
        with self._writing() as stdout:
            stdout.buffer.write(chunk)
            stdout.buffer.flush()

    @contextmanager
    def _writing(self) -> Iterator[TextIO]:
        self.erase_line()
        if self.shows_result:
            # On the same terminal one comes after the other.
            self.flush()
        if self.stdout is None:
            raise BrokenPipeError("stdout is closed")
        try:
            yield self.stdout
        except BrokenPipeError:
            # The reader has had enough: no error worth a word.
            raise
        except OSError as error:
            self.drop_stdout()
            raise errors.OutputFailed(
                f"the result could not be written: {error.strerror}"
            ) from error

    def say(
        self, text: str, *, command: str = "", draw: Callable[[Sheet], str] | None = None
    ) -> None:
        """
        Print lines for the person; nothing with `--quiet` or `--json`.

        *command* ends the text: on a terminal it has a line of its own, and is copied whole. There
        *draw* makes of the text what is printed, if that is given.
        """
        if self.quiet or self.json:
            return
        sheet = self.sheet(self.stderr) if draw else None
        said = draw(sheet) if draw and sheet else self._fitted(text, self.shorten(command))
        self._talk(f"{said}\n")

    def insist(self, text: str) -> None:
        """Print a line that `--quiet` does not silence; nothing with `--json`."""
        if not self.json:
            self._talk(text + "\n")

    def event(self, name: str, **members: object) -> None:
        """Print one event for a program; nothing without `--json`."""
        if self.json:
            self._talk(json.dumps({"event": name, **members}, ensure_ascii=True) + "\n")

    def redraw(self, text: str) -> None:
        """Put *text* in place of the line drawn before, on a terminal; as much as a line has."""
        if self.terminal and not self.quiet and not self.json:
            from .terminal.screen import columns_of

            columns = columns_of(self.stderr, self.environ)
            if columns and len(text) >= columns:
                # Of two lines only the last one could be replaced.
                text = text.partition(" (")[0][: columns - 1]
            self._talk(f"{_ERASED}{text}", line_open=True)

    def prompt(self, question: str) -> None:
        """Print *question*, for an answer on the same line."""
        words = question.rstrip(" ")
        self._talk(self._fitted(words) + question[len(words) :])

    def _fitted(self, text: str, command: str = "") -> str:
        from .terminal.screen import fitted

        # Shortened before it is wrapped.
        return fitted(self.shorten(text), self.stderr, self.environ, command=command)

    def echo(self, text: str) -> None:
        """Print *text* as it is: a part of a line, such as what is typed."""
        self._talk(text)

    def erase_line(self) -> None:
        """Take away the line that was drawn last, if one was: what it says is over."""
        if self._line_open:
            self._talk("")

    def error(self, error: errors.LoopbackAuthError) -> int:
        """Print what went wrong, why, and what to do; return the exit status."""
        self.erase_line()
        document = self.error_document(error)
        if self.json:
            self._last(json.dumps({"version": 1, "error": document}, ensure_ascii=True))
        else:
            message, cause, fix = (document[name] for name in ("message", "cause", "fix"))
            text = f"error[{error.code}]: {message}\n  cause: {cause}\n  fix: {fix}"
            if sheet := self.sheet(self.stderr):
                text = sheet.error(error.code, message, cause, error.fix)
            self._talk(f"{text}\n")
        return error.exit_code

    @staticmethod
    def error_document(error: errors.LoopbackAuthError) -> dict[str, Any]:
        """Return *error* as a member of a JSON document."""
        from ..oauth.text import one_line

        tokens = "" if error.tokens_changed is None else " The stored tokens are as before."
        if error.tokens_changed:
            tokens = " The stored tokens have changed."
            if isinstance(error, errors.RefreshRejected):
                # That is all that such an error takes away.
                tokens = " The stored refresh token was removed."
        return {
            "code": error.code,
            "message": one_line(str(error), limit=1200),
            "cause": one_line(error.cause + tokens, limit=1200),
            "fix": one_line(error.fix, limit=4000),
            "exit_code": error.exit_code,
        }

    def _last(self, text: str) -> None:
        try:
            self.raw(text)
        except (OSError, errors.OutputFailed):
            self.drop_stdout()

    def drop_stdout(self) -> None:
        """Stop writing to a stdout whose reader has gone: Python would complain at exit."""
        if self.is_process:
            _lead_nowhere(1)

    def _talk(self, text: str, *, line_open: bool = False) -> None:
        if self.stderr is None:
            return
        text = text if self.json else self.shorten(text)
        if self._line_open and not line_open:
            text = f"{_ERASED}{text}"
        self._line_open = line_open
        if self._writer is None and _event_loop_runs():
            from ..edge.interaction.background_writer import BackgroundWriter

            self._writer = BackgroundWriter.of(self.stderr)
        if self._writer is not None:
            self._writer.write(text, is_redrawn=line_open)
            if self._writer.is_broken:
                self._drop_stderr()
            return
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except OSError:
            self._drop_stderr()

    def _drop_stderr(self) -> None:
        # Nobody listens any more; the work goes on. What is still to be written would change the
        # exit status.
        if self.is_process:
            _lead_nowhere(2)
        self.stderr = None

    def flush(self) -> None:
        """Wait until all talk has left: on a terminal without a limit, else for `FLUSH_S`."""
        if self._writer is None or self.stderr is None:
            return
        if not self.stderr.isatty():
            self._writer.flush(FLUSH_S)
            return
        # In steps: on Windows no Ctrl-C ends a wait without a limit.
        while not self._writer.flush(1.0):
            pass


def _event_loop_runs() -> bool:
    if "asyncio" not in sys.modules:
        return False
    from ..edge.process.event_loop import is_running

    return is_running()


def _lead_nowhere(descriptor: int) -> None:
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)
