"""
Markdown as `help` has it, drawn by rich with parts of our own where its own break words or cut.

Code keeps its lines whole, to be copied; lists do not crop; a row of a table is a term with what is
said of it, which reads well on forty columns, too.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.markdown import CodeBlock, Heading, ListItem, Markdown, Paragraph, TableElement
from rich.segment import Segment
from rich.text import Text

from .lines import GLUE, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import MarkdownElement


_PAIR = 2
"""Columns of a table whose terms, if they are short, stand beside what is said of them."""


class _Paragraph(Paragraph):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from lines_of(self.text, options.max_width)


class _Code(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [line.partition("  # ") for line in str(self.text).rstrip().split("\n")]
        column = max((len(command.rstrip()) for command, _, remark in rows if remark), default=0)
        remarks = [remark.lstrip() for _, _, remark in rows]
        # Beside the commands, or above them all: a command is then copied alone.
        fits = all(column + cell_len(each) + 6 <= options.max_width for each in remarks)
        for (command, _, _), remark in zip(rows, remarks, strict=True):
            shown = Text(f"  {command.rstrip()}", "bold cyan", no_wrap=True, overflow="ignore")
            if remark and fits:
                shown.pad_right(column + 2 - len(command.rstrip()))
                shown.append(f"# {remark}", "not bold dim default")
            elif remark:
                above = Text(f"  #{GLUE}{remark}", "dim")
                yield from lines_of(above, options.max_width, indent="  # ")
            yield shown


class _Title(Heading):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        title = Text(str(self.text), "bold underline" if self.tag == "h1" else "bold")
        yield from lines_of(title, options.max_width)


class _Item(ListItem):
    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._marked("* ", console, options)

    def render_number(
        self, console: Console, options: ConsoleOptions, number: int, _: int
    ) -> RenderResult:
        return self._marked(f"{number}. ", console, options)

    def _marked(self, mark: str, console: Console, options: ConsoleOptions) -> RenderResult:
        within = options.update(width=options.max_width - len(mark))
        # Not `render_lines`, which crops.
        lines = Segment.split_lines(console.render(self.elements, within))
        for number, line in enumerate(lines):
            yield Segment(" " * len(mark) if number else mark)
            yield from line
            yield Segment.line()


class _Rows(TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [[cell.content for cell in row.cells] for row in self.body.rows] if self.body else []
        top = self.header.row if self.header else None
        head = [cell.content for cell in top.cells] if top else []
        column = max((cell_len(row[0].plain) for row in rows), default=0) + 2
        is_short = all(len(row) == _PAIR for row in rows) and column < options.max_width // 4
        for term, *said in rows:
            if is_short:
                term.pad_right(column - cell_len(term.plain))
                yield from lines_of(term.append_text(*said), options.max_width, indent=" " * column)
                continue
            yield from lines_of(term, options.max_width)
            for name, text in zip(head[1:], said, strict=True):
                # Of several it has to be said which is which.
                label = Text(f"{name.plain}: " if len(said) > 1 else "", "dim")
                line = Text.assemble("    ", label, text)
                yield from lines_of(line, options.max_width, indent="    ")


class Page(Markdown):
    """One page of `help`."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "code_block": _Code,
        "fence": _Code,
        "paragraph_open": _Paragraph,
        "heading_open": _Title,
        "list_item_open": _Item,
        "table_open": _Rows,
    }

    def __init__(self, markup: str) -> None:
        super().__init__(markup, justify="default", hyperlinks=False)
