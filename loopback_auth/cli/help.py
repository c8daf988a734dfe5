"""`help TOPIC`: the long texts, which travel with the program."""

from __future__ import annotations

from pathlib import Path

from .. import help as topics
from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from .arguments import Parser
    from .console import Console


def arguments(parser: Parser) -> None:
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="what to read about; none lists the topics")


def run(arguments: Namespace, console: Console) -> int:
    pages = {page.stem: page for page in sorted(Path(next(iter(topics.__path__))).glob("*.md"))}
    if not arguments.topic:
        titles = {
            name: page.read_text("utf-8").partition("\n")[0].lstrip("# ") for name, page in pages.items()
        }
        console.result("\n".join(f"{name:<18} {title}" for name, title in titles.items()), {"topics": titles})
        return 0
    if arguments.topic not in pages:
        raise UsageError(
            f"there is no help topic {arguments.topic[:40]!r}",
            cause=f"The topics are: {', '.join(pages)}.",
            fix="loopback-auth help   lists them; loopback-auth COMMAND --help tells a command's options",
        )
    text = pages[arguments.topic].read_text("utf-8").rstrip()
    console.result(text, {"topic": arguments.topic, "text": text})
    return 0
