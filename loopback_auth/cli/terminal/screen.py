"""What a stream can show: how wide it is, and whether anything is drawn on it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from .sheet import Sheet


def columns_of(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """Return the width of the terminal that *stream* is; 0 for none, or one not known."""
    if stream is None or not stream.isatty() or environ.get("TERM") == "dumb":
        return 0
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0


def wraps_at(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    """
    Return how wide the lines on *stream* may be; 0: as wide as they are.

    In VS Code a terminal may be a task's, whose lines its problem matchers read.
    """
    is_task = environ.get("TERM_PROGRAM") == "vscode" and not _is_a_shells(stream)
    return 0 if is_task else columns_of(stream, environ)


def _is_a_shells(stream: TextIO | None) -> bool:
    """Return whether *stream* is a terminal where a shell has each command as a job of its own."""
    if stream is None or sys.platform == "win32":
        return False
    try:
        # A task's program, or the `sh -c` around it, leads the session itself.
        return os.tcgetpgrp(stream.fileno()) != os.getsid(0)
    except (OSError, ValueError):
        return False


def fitted(
    text: str, stream: TextIO | None, environ: Mapping[str, str], *, command: str = ""
) -> str:
    """Return *text* as *stream* takes it: wrapped, and the *command* that ends it on its own."""
    if not (width := wraps_at(stream, environ)):
        return f"{text} {command}" if command else text
    from .wrap import wrapped

    return wrapped(f"{text}\n    {command}" if command else text, width)


def page_columns(stdout: TextIO | None, stderr: TextIO | None, environ: Mapping[str, str]) -> int:
    """
    Return how wide a page on *stdout* may be; 0: no terminal is known.

    What goes through a pager ends on the terminal that *stderr* is.
    """
    return wraps_at(stdout, environ) or wraps_at(stderr, environ)


def sheet_for(
    stream: TextIO | None, environ: Mapping[str, str], shorten: Callable[[str], str] = str
) -> Sheet | None:
    """
    Return what draws on *stream*, with *shorten* as `Sheet` has it; `None` for plain lines.

    `NO_COLOR` leaves out colors. `FORCE_COLOR` has them where no terminal is, too.
    """
    width = wraps_at(stream, environ)
    if stream is None or not (width or environ.get("FORCE_COLOR")):
        return None
    return _sheet(width, stream, color=not environ.get("NO_COLOR"), shorten=shorten)


def page_sheet(stdout: TextIO | None, stderr: TextIO | None, environ: Mapping[str, str]) -> Sheet:
    """Return what draws a page on *stdout*; on none but a terminal it draws plain text."""
    width = page_columns(stdout, stderr, environ)
    is_drawn = bool(wraps_at(stdout, environ) or environ.get("FORCE_COLOR"))
    return _sheet(width, stdout, color=is_drawn and not environ.get("NO_COLOR"))


def _sheet(
    width: int, stream: TextIO | None, *, color: bool, shorten: Callable[[str], str] = str
) -> Sheet:
    # Late: nothing that hands out a token draws.
    from .sheet import Sheet

    encoding = getattr(stream, "encoding", None) or "utf-8"
    return Sheet(width, color=color, encoding=encoding, shorten=shorten)
