"""A text of rich's, wrapped as a person wants to copy from it."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.text import Text

GLUE = "\N{NO-BREAK SPACE}"
"""A blank at which no line ends; it is drawn as any other."""


def lines_of(text: Text, width: int, *, indent: str = "") -> list[Text]:
    """
    Return *text* in lines of at most *width* columns, but for words that are wider.

    After the first line, each begins with *indent*. rich itself breaks such words, cuts them, or
    wraps nothing.
    """
    breaks, column = list[int](), 0
    for word in re.finditer(r"[ \n]*[^ \n]+[ \n]*", text.plain):
        if column and column + cell_len(word[0].rstrip()) > width:
            breaks.append(word.start())
            column = len(indent)
        column += cell_len(word[0])
    first, *others = text.divide(breaks)
    lines = [first, *(Text(indent, text.style).append_text(line) for line in others)]
    for line in lines:
        line.plain = line.plain.replace(GLUE, " ")
        line.rstrip()
        line.no_wrap, line.overflow = True, "ignore"
    return lines
