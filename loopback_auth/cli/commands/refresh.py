"""`refresh`: get a new access token now, whatever the clock says of the old one."""

from __future__ import annotations

import re
import time

from ...errors import LoopbackAuthError, UsageError
from ...oauth.credential import Credential
from ...oauth.text import one_line
from ..access import Access
from ..views import expiry_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument(
        "--all", action="store_true", help="each sign-in that is stored here, one after the other"
    )
    parser.add_argument(
        "--older-than",
        metavar="TIME",
        type=_age_s,
        help="with --all: leave out what was refreshed since, such as 12h or 20d",
    )


def _age_s(text: str) -> float:
    """Return `12h` or `20d` in seconds."""
    found = re.fullmatch(r"([1-9]\d{0,4})(h|d)", text)
    if found is None:
        raise ValueError(text)
    return int(found[1]) * {"h": 3600, "d": 86400}[found[2]]


def run(context: Context) -> int:
    """Refresh, and print how long the new token lasts."""
    arguments = context.arguments
    if arguments.all and (arguments.profile or arguments.profile_option):
        raise UsageError(
            "--all and a profile cannot be used together",
            cause="--all refreshes every sign-in that is stored here.",
            fix="name the profile alone, or leave it out: `loopback-auth refresh --all`",
        )
    if arguments.all:
        return _all(context)
    if arguments.older_than is not None:
        raise UsageError(
            "--older-than is for --all",
            cause="One profile that is named is refreshed, whatever its age.",
            fix="`loopback-auth refresh --all --older-than 20d`",
        )
    access = Access(context)
    summary = _summary(access.profile, access.renewed())
    context.console.result("", summary)
    _say_refreshed(summary, context.console)
    return 0


def _summary(profile: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "profile": profile,
        "expires_at": document.get("expires_at"),
        "expiry_source": Credential.from_document(document).expiry_source,
        "scope": document.get("scope"),
        "refreshable": bool(document.get("refresh_token") or document.get("grant")),
    }


def _say_refreshed(summary: Mapping[str, Any], console: Console) -> None:
    lasts = expiry_in_words(summary).removesuffix("; it is refreshed when needed")
    text = f"Refreshed the profile {summary['profile']}: {lasts}."
    console.say(text, draw=lambda sheet: sheet.done(text))


def _all(context: Context) -> int:
    """Refresh each sign-in; one that fails stops no other, and decides the exit status."""
    console, status = context.console, 0
    rows: list[dict[str, Any]] = []
    for name in context.store.profiles():
        try:
            if not _is_due(name, context):
                continue
            rows.append(_summary(name, Access(context.for_profile(name)).renewed()))
            _say_refreshed(rows[-1], console)
        except LoopbackAuthError as error:
            status = status or error.exit_code
            rows.append({"profile": name, "error": error.code})
            console.say(f"{name}: error[{error.code}]: {one_line(error.message)}")
            console.say(f"  fix: {one_line(error.fix)}")
    console.result("", {"profiles": rows})
    if not rows:
        console.say("There is nothing to refresh.")
    return status


def _is_due(name: str, context: Context) -> bool:
    """Return whether *name* has something to refresh with, and is old enough."""
    document = context.store.load(name)
    if not (document and document.get("refresh_token")):
        return False
    age_s: float | None = context.arguments.older_than
    obtained_at = Credential.from_document(document).tokens.obtained_at
    return age_s is None or time.time() - obtained_at.timestamp() > age_s
