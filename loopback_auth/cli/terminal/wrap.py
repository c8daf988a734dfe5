"""Lines wrapped to a terminal's width, without a module that the address would wait for."""

from __future__ import annotations

COMFORTABLE = 100
"""Columns; longer lines are hard to read on any terminal."""

NARROW = 60
"""Below so many columns what would stand side by side stands one under the other."""


def wrapped(text: str, width: int) -> str:
    """
    Return *text* with its lines wrapped to *width* columns; 0: as they are.

    What follows of a line is indented as it is, as its second column, or as the words of a step. No
    word is broken, so that an address that is too long stands on a line of its own; a command,
    which is indented, stays whole.
    """
    if not width or all(len(line) <= width for line in text.split("\n")):
        return text
    import re
    from textwrap import wrap

    lines: list[str] = []
    for line in text.split("\n"):
        if re.match(r"    | +loopback-auth ", line):
            lines.append(line)
            continue
        column = re.match(r" *(\S+  +|\d\. |- )?", line)
        indent = " " * (column.end() if column and column.end() < width // 2 else 2)
        lines += wrap(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)
