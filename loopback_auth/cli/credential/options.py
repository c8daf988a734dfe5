"""
What the commands that hand out a token share: their options, and the token that the environment
hands over. Nothing heavy is here.
"""

from __future__ import annotations

from ... import errors
from ...flows.tokens.freshness import MIN_TTL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

    from ..arguments import Parser
    from ..context import Context


def token_arguments(parser: Parser) -> None:
    """Add how long the token lasts, and what becomes of a refresh token that is handed over."""
    parser.add_argument(
        "--min-ttl",
        metavar="TIME",
        type=_seconds,
        default=MIN_TTL_S,
        help="refresh a token that does not last so long, such as 90s or 5m (default: 1m)",
    )
    parser.add_argument(
        "--store",
        metavar="DIR",
        help="with LOOPBACK_AUTH_REFRESH_TOKEN: keep the sign-in in that folder for the next"
        " command",
    )
    parser.add_argument(
        "--on-rotate",
        metavar="COMMAND",
        help="with LOOPBACK_AUTH_REFRESH_TOKEN: the command that gets a new one on its standard"
        " input",
    )


_LOGIN_AS_USUAL = {
    "bind": None,
    "device": False,
    "if_needed": False,
    "no_browser": False,
    "paste": False,
    "preflight": None,
    "refresh_metadata": False,
    "storage": None,
    "switch_account": False,
}
"""What the options of `login` are where the command has only `--login`."""


def login_argument(parser: Parser) -> None:
    """Add `--login`."""
    parser.add_argument(
        "--login",
        action="store_true",
        help="where a sign-in is needed, sign in first, as login does, and go on",
    )
    parser.set_defaults(**_LOGIN_AS_USUAL)


def _seconds(text: str) -> float:
    from ...settings.kinds import seconds

    return seconds(text)


def output_arguments(parser: Parser) -> None:
    """Add the file that a secret goes to."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write it there, for your eyes only, and not on standard output",
    )
    parser.add_argument("--force", action="store_true", help="overwrite that file")
    parser.add_argument(
        "--even-in-git", action="store_true", help="write it even where git would track it"
    )


def check_output(arguments: Namespace, *, suffix: str = "") -> None:
    """Refuse a file for `--output`, or that with *suffix*, which git would track unasked."""
    if arguments.output and not arguments.even_in_git:
        # Late: most secrets are printed.
        from ...edge.project.tracked import refuse_tracked

        refuse_tracked(arguments.output + suffix)


def write_output(text: str, context: Context, document: Mapping[str, Any], *, force: bool) -> None:
    """Write *text* to the file of `--output`, and say so; *document* is about it, for programs."""
    # Late, as above.
    from ...edge.files.private_file import write_private_file

    path, console = context.arguments.output, context.console
    write_private_file(path, (text.removesuffix("\n") + "\n").encode(), overwrite=force)
    console.say(f"Wrote {path}. It is a secret.")
    if console.json:
        console.document({**document, "path": path})


def given_token(environ: Mapping[str, str]) -> str | None:
    """
    Return the token that the environment hands over, which takes the place of all that is stored.

    Raises:
        UsageError: It has what no access token can hold (RFC 6749 appendix A.12).
    """
    token = environ.get("LOOPBACK_AUTH_TOKEN", "").strip(" \t\r\n")
    if not (token.isascii() and token.isprintable()):
        raise errors.UsageError(
            "LOOPBACK_AUTH_TOKEN does not hold an access token",
            cause="A token is one line of printable ASCII characters.",
            fix="set it again, or unset LOOPBACK_AUTH_TOKEN to use the stored sign-in",
        )
    return token or None
