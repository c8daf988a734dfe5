"""
What is drawn with rich: errors, checks, facts, tables, and the pages of `help`.

It is loaded once a sign-in has shown its address, and by a command that hands out a token only for
an error.
"""

from __future__ import annotations

from io import StringIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console as Canvas
from rich.text import Text
from rich.theme import Theme

from ...explain.fix import after_command, ended, pieces
from .lines import GLUE, lines_of
from .wrap import COMFORTABLE, NARROW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

UNBOUNDED = 100_000
"""Columns of what has none: colored lines for a pipe."""

_VERDICTS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "bold red"),
    "skipped": ("-", "dim"),
}


class Sheet:
    """
    Draws texts for a terminal of *columns*, 0 for none; *encoding* is that of its stream.

    No word is broken and nothing is cut: an address or a command that is wider than the terminal is
    left to it, on a line of its own, so that it can be copied whole. *shorten* makes of what is
    said the words that a person types, before lines are made of it.
    """

    def __init__(
        self,
        columns: int,
        *,
        color: bool,
        encoding: str = "utf-8",
        shorten: Callable[[str], str] = str,
    ) -> None:
        self.width = columns or UNBOUNDED
        self._shorten = shorten
        self._encoding = encoding
        self._canvas = Canvas(
            file=StringIO(),
            width=self.width,
            force_terminal=True,
            color_system="standard" if color else None,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            # Its own code stands on black, also on a light terminal.
            theme=Theme({"markdown.code": "bold cyan"}),
            # What it would read by itself: `columns` and `color` have been found already.
            _environ={},
        )

    def error(self, code: str, message: str, cause: str, fix: str) -> str:
        """Return an error: what happened, why, and what to do, each command on its own line."""
        head = Text.assemble((f"error[{code}]:", "bold red"), " ", self._shorten(message))
        return self._explained(head, "  ", cause, fix)

    def explanation(
        self, title: str, cause: str, fix: str, *, read: str = "", more: Sequence[str] = ()
    ) -> str:
        """Return what an error means: *read* is what was understood, and *more* ends it."""
        return self._explained(Text(title, "bold"), "  ", cause, fix, read=read, more=more)

    def check(self, verdict: str, name: str, seen: str, *, cause: str, fix: str) -> str:
        """Return one check of the doctor's."""
        sign, style = _VERDICTS[verdict]
        gap = " " * (4 if self.width < NARROW else 17)
        head = Text.assemble((f"{self._sign(sign, verdict)} ", style), (name, "bold"))
        if self.width >= NARROW:
            head.pad_right(max(len(gap) - head.cell_len, 1))
        head.append(" " * (self.width < NARROW) + self._shorten(seen))
        return self._explained(head, gap, cause, fix)

    def done(self, text: str) -> str:
        """Return a line that says that something worked."""
        tick = self._sign("✓", "")
        head = Text.assemble(
            (f"{tick} " if tick else "", "bold green"), (self._shorten(text), "bold")
        )
        return self._drawn(self._hanging("  ", head))

    def aside(self, text: str) -> str:
        """Return what need not be read."""
        return self._drawn(self._hanging("", Text(self._shorten(text), "dim")))

    def facts(self, rows: Iterable[tuple[str, str]]) -> str:
        """Return names with their values, side by side where there is room; ("", "") parts them."""
        rows = list(rows)
        column = max((len(name) for name, _ in rows), default=0) + 2
        lines: list[Text] = []
        is_wide = any(column + len(value) > self.width for _, value in rows)
        for name, value in rows:
            if not name:
                lines.append(Text(""))
            elif self.width < (max(NARROW, 2 * column) if is_wide else column):
                lines += [Text(name, "bold"), *self._hanging("  ", Text(f"  {value}"))]
            else:
                text = Text.assemble((name.ljust(column), "bold"), value)
                lines += self._hanging(" " * column, text)
        return self._drawn(lines)

    def table(self, rows: Sequence[Sequence[str]]) -> str:
        """Return *rows*, the first of which is the head; one under the other where too wide."""
        head, *rest = rows
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        if sum(widths) + 2 * len(head) <= self.width:
            lines = ["  ".join(map(set_cell_size, row, widths)).rstrip() for row in rows]
            return self._drawn([Text(lines[0], "bold"), *map(Text, lines[1:])])
        names = [name.capitalize() for name in head]
        blocks = (
            self.facts([pair for pair in zip(names, row, strict=True) if pair[1]]) for row in rest
        )
        return "\n\n".join(blocks)

    def page(self, markdown: str) -> str:
        """Return a page of `help`."""
        # Late: a parser of Markdown and one of colors for code take longer than all else here.
        from .page import Page

        with self._canvas.capture() as captured:
            self._canvas.print(Page(markdown), width=min(self.width, COMFORTABLE), crop=False)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def _explained(
        self,
        head: Text,
        gap: str,
        cause: str,
        fix: str,
        *,
        read: str = "",
        more: Iterable[str] = (),
    ) -> str:
        said = [
            Text.assemble(gap, (f"{name}: ", "dim"), self._shorten(words))
            for name, words in (("read", read), ("cause", cause))
            if words
        ]
        deeper = f"{gap}  "
        return self._drawn(
            [
                *self._hanging(gap, head),
                *self._hanging(deeper, *said),
                *self._fix(gap, fix),
                *self._hanging(deeper, *(Text(gap + each) for each in more)),
            ]
        )

    def _fix(self, gap: str, fix: str) -> list[Text]:
        """Return the lines of a fix: its sentences wrapped, each command alone and whole."""
        lines: list[Text] = []
        begun = Text.assemble(gap, ("fix: ", "bold green"))
        for piece, is_command in _own_lines(fix):
            text = self._shorten(piece)
            if is_command:
                lines += [begun] if not lines else []
                lines.append(Text(f"{gap}    {text}", "bold cyan"))
            else:
                lines += self._hanging(f"{gap}  ", begun.append(text))
            begun = Text(f"{gap}  ")
        return lines

    def _hanging(self, rest: str, *texts: Text) -> list[Text]:
        """Return *texts* wrapped, the second line of each and all after it indented by *rest*."""
        return [line for text in texts for line in lines_of(text, self.width, indent=rest)]

    def _drawn(self, lines: Iterable[Text]) -> str:
        with self._canvas.capture() as captured:
            for line in lines:
                # rich is to neither wrap nor crop what has been wrapped here.
                self._canvas.print(line, soft_wrap=True)
        return captured.get().removesuffix("\n")

    def _sign(self, sign: str, word: str) -> str:
        try:
            sign.encode(self._encoding)
        except (UnicodeError, LookupError):
            return word
        return sign


def _own_lines(fix: str) -> list[tuple[str, bool]]:
    """
    Return the parts of *fix*, and which of them is a command with a line of its own.

    A single word, and a command in brackets, stay in their sentence.
    """
    lines: list[tuple[str, bool]] = []
    sentence = ""
    for piece, is_command in pieces(fix):
        if not is_command:
            sentence += piece
        elif " " not in piece or sentence.count("(") > sentence.count(")"):
            sentence += piece.replace(" ", GLUE)
        else:
            lines += [*_prose(sentence, follows=bool(lines)), (piece, True)]
            sentence = ""
    return lines + _prose(ended(sentence) if lines else sentence, follows=bool(lines))


def _prose(text: str, *, follows: bool) -> list[tuple[str, bool]]:
    """Return the lines of *text*; of a recipe of several, those that are indented are commands."""
    # A sentence begins in capitals wherever it stands; a name, or a recipe, as it is.
    begins = follows or text.partition(" ")[0].isalpha()
    lines = (after_command(text) if begins else text).split("\n")
    return [
        (line.strip(), True) if line.startswith("  ") else (line, False)
        for line in lines
        if line.strip()
    ]
