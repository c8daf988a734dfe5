"""`token`: print a valid access token."""

from __future__ import annotations

from ... import errors
from ..access import Access
from ..credential.options import given_token, login_argument, token_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

FORMATS = ("raw", "json", "curl", "headers")
"""The forms that a token is printed in."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="raw",
        help="raw, json, curl (for curl --config -) or headers (an Authorization line)",
    )
    token_arguments(parser)
    login_argument(parser)
    parser.add_argument(
        "--refresh", action="store_true", help="refresh first, whatever the clock says"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="ask the server whether it takes the token, before printing it",
    )
    parser.add_argument(
        "--no-newline", action="store_true", help="print the token and nothing after it"
    )
    parser.add_argument(
        "--show-refresh-token",
        action="store_true",
        help="print the refresh token instead, for other programs",
    )


def run(context: Context) -> int:
    """Print the token in the form that was asked for."""
    arguments = context.arguments
    console, end = context.console, "" if arguments.no_newline else "\n"
    if given := given_token(context.environ):
        if arguments.show_refresh_token or arguments.refresh or arguments.check:
            raise errors.UsageError(
                "LOOPBACK_AUTH_TOKEN holds an access token and nothing else",
                cause="It takes the place of all that is stored,"
                " and there is nothing to refresh or to check it with.",
                fix="unset LOOPBACK_AUTH_TOKEN to use the stored sign-in",
            )
        _print(given, {"source": "LOOPBACK_AUTH_TOKEN"}, arguments, console, end)
        return 0
    access = Access(context)
    document = access.renewed() if arguments.refresh else access.document()
    if arguments.check:
        document = access.checked(document)
    if arguments.show_refresh_token:
        _print_refresh_token(access.profile, document, console, end)
        return 0
    about = {name: document.get(name) for name in ("token_type", "expires_at", "scope", "extra")}
    _print(document["access_token"], {"profile": access.profile, **about}, arguments, console, end)
    return 0


def _print(
    token: str, about: Mapping[str, Any], arguments: Namespace, console: Console, end: str
) -> None:
    _warn_of_a_secret("as you until it expires", console)
    if console.json or arguments.format == "json":
        console.document({"access_token": token, **about})
    elif arguments.format == "raw":
        console.raw(token, end=end)
    else:
        from ...export.authorization import curl_config, header

        console.raw(curl_config(token) if arguments.format == "curl" else header(token), end=end)


def _print_refresh_token(
    profile: str, document: Mapping[str, Any], console: Console, end: str
) -> None:
    token = document.get("refresh_token")
    if not token:
        raise errors.UsageError(
            f"the profile {profile} has no refresh token",
            cause="The server gave none; some give one only for the scope offline_access.",
            fix="the scopes that were granted: `loopback-auth status {profile}`",
            profile=profile,
        )
    _warn_of_a_secret("as you until it is revoked", console)
    console.result(token, {"profile": profile, "refresh_token": token}, end=end)


def _warn_of_a_secret(what_for: str, console: Console) -> None:
    if console.shows_result and not console.json:
        console.say(f"This is a secret: whoever has it can act {what_for}.")
