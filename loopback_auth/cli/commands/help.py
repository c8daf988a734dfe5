"""`help TOPIC`: the long texts, which travel with the program."""

from __future__ import annotations

from ...errors import UsageError
from ...resources import names, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "topic", nargs="?", metavar="TOPIC", help="what to read about; none lists the topics"
    )


def run(context: Context) -> int:
    """Print the topic, or list the topics."""
    arguments, console = context.arguments, context.console
    topics = names("help", ".md")
    if not arguments.topic:
        titles = {name: _text(name).partition("\n")[0].lstrip("# ") for name in topics}
        console.result(
            "\n".join(f"{name:<18} {title}" for name, title in titles.items()), {"topics": titles}
        )
        return 0
    if arguments.topic not in topics:
        raise UsageError(
            f"there is no help topic {arguments.topic[:40]!r}",
            cause=f"The topics are: {', '.join(topics)}.",
            fix="what they are about: `loopback-auth help`; the commands: `loopback-auth --help`",
        )
    text = _text(arguments.topic).rstrip()
    console.result(text, {"topic": arguments.topic, "text": text})
    return 0


def _text(topic: str) -> str:
    return read(f"help/{topic}.md").decode()
