"""The options of the commands that hand out a token; nothing heavy is here."""

from __future__ import annotations

from ...flows.tokens.freshness import MIN_TTL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser


def min_ttl_argument(parser: Parser) -> None:
    """Add `--min-ttl`."""
    parser.add_argument(
        "--min-ttl",
        metavar="TIME",
        type=_seconds,
        default=MIN_TTL_S,
        help="refresh a token that does not last so long, such as 90s or 5m (default: 1m)",
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


def handed_over_arguments(parser: Parser) -> None:
    """Add what becomes of a refresh token that the environment hands over."""
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
