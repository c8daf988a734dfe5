"""`env`: the token as environment variables, quoted for who will read them."""

from __future__ import annotations

from ...errors import OutputFailed, UsageError, ValueUnquotable
from ...export import FORMATS, environment_text, github_environment, github_masks
from ..credential.options import check_output, output_arguments, token_arguments, write_output
from ..variables import filled_variables, set_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...oauth.secret import Secret
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


_OTHER_NAMES = {"bash": "sh", "zsh": "sh", "pwsh": "powershell"}
"""Shells by their programs' names."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument(
        "--format",
        choices=FORMATS,
        type=lambda name: _OTHER_NAMES.get(name, name),
        default="sh",
        help=f"who will read it: {', '.join(FORMATS)} (default: sh)",
    )
    set_argument(parser)
    output_arguments(parser)
    token_arguments(parser)


def run(context: Context) -> int:
    """Print the variables, or hand them to the steps that follow."""
    arguments, console = context.arguments, context.console
    if arguments.output and arguments.format == "github":
        raise UsageError(
            "--format github takes no --output",
            cause="It hands the variables to the steps that follow, in the file GITHUB_ENV.",
            fix="use only one of them, or `loopback-auth env {profile} --format dotenv`",
        )
    check_output(arguments)
    filled = filled_variables(context)
    if arguments.output:
        document = {"format": arguments.format, "variables": list(filled)}
        text = environment_text(arguments.format, filled)
        write_output(text, context, document, force=arguments.force)
    elif console.json:
        console.document({"environment": {name: value.reveal() for name, value in filled.items()}})
    elif arguments.format == "github":
        _for_github(filled, console)
    else:
        if console.shows_result:
            how = _HOW.get(arguments.format, "")
            text = f"This is a secret. To set it in this shell: {'' if how else 'redirect it.'}"
            console.say(text.rstrip(), command=how.format(_again(context)))
        console.raw(_encodable(environment_text(arguments.format, filled), console))
    return 0


_HOW = {
    "sh": 'eval "$({})"',
    "fish": "{} --format fish | source",
    "powershell": "{} --format powershell | Out-String | Invoke-Expression",
}


def _again(context: Context) -> str:
    """Return the command as it is typed again: what it is about, and in which variables."""
    # Late: nothing that a program reads needs it.
    from shlex import quote

    given = vars(context.arguments)
    named = given["profile_option"] or given["profile"]
    fields = [word for each in given["set"] or () for word in ("--set", each)]
    return " ".join(["loopback-auth env", *map(quote, ([named] if named else [])), *fields])


def _for_github(filled: Mapping[str, Secret], console: Console) -> None:
    """Hide the values in the log, then hand them to the steps that follow."""
    file = console.environ.get("GITHUB_ENV")
    if not file:
        raise UsageError(
            "GITHUB_ENV is not set",
            cause="A step of a GitHub workflow has it: the file that hands variables to the steps"
            " that follow.",
            fix="run this in a step of a workflow, or choose another --format",
        )
    from secrets import token_hex

    text = github_environment(filled, delimiter=f"EOF-{token_hex(16)}")
    console.raw(_encodable(github_masks(filled), console))
    try:
        with open(file, "a", encoding="utf-8", newline="\n") as variables_file:
            # An empty line is skipped; whoever wrote before may have left out the end of theirs.
            variables_file.write(f"\n{text}\n")
    except OSError as error:
        raise OutputFailed(f"GITHUB_ENV could not be written: {error.strerror}") from error


def _encodable(text: str, console: Console) -> str:
    """
    Return *text* if standard output can say it as it is: elsewhere an escape would do, but here it
    would be another value.
    """
    encoding = (console.stdout and console.stdout.encoding) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        raise ValueUnquotable(
            "a value cannot be written in the encoding of standard output",
            cause=f"Standard output is {encoding} here, and the value has other characters.",
            fix="set PYTHONIOENCODING=utf-8 or a UTF-8 locale, or choose --format json",
        ) from None
    return text
