"""The pages of `pages.toml`, and the shapes that they take on their way to a terminal."""

from __future__ import annotations

import html
import re
import textwrap
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DATA = tomllib.loads(Path(__file__).with_name("pages.toml").read_text(encoding="utf-8"))

WHOLE_PAGES: list[tuple[str, str]] = [(page["code"], page["text"]) for page in _DATA["pages"]]
SOURCES: list[str] = [page["source"] for page in _DATA["pages"]]
NO_ERRORS: dict[str, str] = {page["what"]: page["text"] for page in _DATA["strangers"]}


def _each_line(change: Callable[[str], str], text: str) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


def _between_words(line: str) -> str:
    lines = textwrap.wrap(line, 80, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _within_words(line: str) -> str:
    return "\n".join(line[at : at + 72] for at in range(0, len(line), 72))


SHAPES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "with the line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "wrapped between words": lambda text: _each_line(_between_words, text),
    "with doubled blanks": lambda text: text.replace(" ", "  "),
    "with blanks that do not break": lambda text: text.replace(" ", "\xa0 "),
    "with narrow blanks": lambda text: text.replace(" ", "\u202f"),
    "quoted in a mail": lambda text: _each_line("> {}".format, text),
    "indented": lambda text: _each_line("    {}".format, text),
    "with curly quotes": lambda text: text.replace("'", "\u2019"),
    "with quotes in pairs": lambda text: re.sub(r"'([^'\n]*)'", "\u2018\\1\u2019", text),
    "with straight quotes": lambda text: text.replace("\u2019", "'"),
    "with a byte order mark": lambda text: f"\ufeff{text}",
    "with words around it": lambda text: f"Hi, I get this:\n\n{text}\nAny idea?\n",
}


def broken_within_words(text: str) -> str:
    """Return *text* as a terminal of 72 columns breaks it."""
    return _each_line(_within_words, text)


def source_of_a_page(text: str) -> str:
    """Return *text* as a browser's view of the source shows it."""
    body = _each_line(lambda line: f"<p>{html.escape(line)}</p>", text)
    return f"<html><body>{body}</body></html>"
