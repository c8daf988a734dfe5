"""`help TOPIC`: the long texts, which travel with the program; `help COMMAND`: its options."""

from __future__ import annotations

from ...errors import UsageError
from ...resources import names, read
from ..views import show_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "topic",
        nargs="?",
        metavar="TOPIC",
        help="what to read about, or a command; none lists the topics",
    )


def run(context: Context) -> int:
    """Print the topic, or list the topics."""
    arguments, console = context.arguments, context.console
    topics = names("help", ".md")
    if not arguments.topic:
        titles = {name: _text(name).partition("\n")[0].lstrip("# ") for name in topics}
        show_facts(titles.items(), {"topics": titles}, console)
        return 0
    if arguments.topic in topics:
        text = _text(arguments.topic).rstrip()
        shown = "" if console.json else _page(text, console)
    elif arguments.topic in context.commands:
        shown = text = context.parser_of(arguments.topic).format_help().rstrip()
    else:
        raise _unknown(arguments.topic, topics, context.commands)
    console.result(shown, {"topic": arguments.topic, "text": text})
    return 0


def _page(markdown: str, console: Console) -> str:
    # Late, as the parser of Markdown is.
    from ..terminal.screen import page_sheet

    return page_sheet(console.stdout, console.stderr, console.environ).page(markdown)


def _unknown(topic: str, topics: Sequence[str], commands: Iterable[str]) -> UsageError:
    from ...explain.spelling import meant

    near = meant(topic[:40].lower(), [*topics, *commands])
    return UsageError(
        f"there is no help topic {topic[:40]!r}",
        cause=f"The topics are: {', '.join(topics)}.",
        fix="did you mean this one? `loopback-auth help {topic}`"
        if near
        else "what they are about: `loopback-auth help`; the commands: `loopback-auth --help`",
        topic=near or "",
    )


def _text(topic: str) -> str:
    return read(f"help/{topic}.md").decode()
