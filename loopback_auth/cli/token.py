"""`token`: print the stored access token."""

from __future__ import annotations

import os
import sys
import time

from ..edge.home import home
from ..edge.store import FileStore
from ..flows.access_token import stored_access_token
from .arguments import profile_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from .arguments import Parser
    from .console import Console


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    parser.add_argument("--no-newline", action="store_true", help="print the token and nothing after it")


def run(arguments: Namespace, console: Console) -> int:
    end = "" if arguments.no_newline else "\n"
    if given := os.environ.get("LOOPBACK_AUTH_TOKEN"):
        _print(given, {"source": "LOOPBACK_AUTH_TOKEN"}, console, end)
        return 0
    place = home()
    profile = profile_name(arguments, place)
    token, document = stored_access_token(profile, store=FileStore(place), at=time.time())
    about = {name: document.get(name) for name in ("token_type", "expires_at", "scope", "extra")}
    _print(token.reveal(), {"profile": profile, **about}, console, end)
    return 0


def _print(token: str, about: dict[str, object], console: Console, end: str) -> None:
    if sys.stdout is not None and sys.stdout.isatty() and not console.json:
        console.say("This is a secret: whoever has it can act as you until it expires.")
    if console.json:
        console.result("", {"access_token": token, **about})
    else:
        console.raw(token, end=end)
