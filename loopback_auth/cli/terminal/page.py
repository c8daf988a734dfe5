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


class _Paragraph(Paragraph):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from lines_of(self.text, options.max_width)


class _Code(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().split("\n"):
            command, gap, remark = line.partition("  # ")
            shown = Text(f"  {command}", "bold cyan", no_wrap=True, overflow="ignore")
            if remark and cell_len(line) + 2 > options.max_width:
                # Above its command, which is then copied alone.
                above = Text(f"  #{GLUE}{remark.lstrip()}", "dim")
                yield from lines_of(above, options.max_width, indent="  # ")
                shown.rstrip()
            else:
                shown.append(gap + remark, "not bold dim")
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
        for row in self.body.rows if self.body else ():
            term, *said = (cell.content for cell in row.cells)
            yield from lines_of(term, options.max_width)
            for text in said:
                yield from lines_of(Text.assemble("    ", text), options.max_width, indent="    ")


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
