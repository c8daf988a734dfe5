"""`doctor`: what a sign-in needs, looked at piece by piece; safe to paste into a ticket."""

from __future__ import annotations

from contextlib import suppress

from ...errors import ConfigError, FileUnsafe, LoopbackAuthError, ProjectNotTrusted
from ...flows.diagnosis import flags_of, shareable
from ...flows.doctor.checks import OK
from ...settings.kinds import seconds
from ..examination import (
    GET_TOKEN,
    SIGN_IN,
    examination_document,
    examine_profile,
    tell_outcome,
)
from ..settings_flags import settings_arguments, settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...explain.fix import Flags
    from ...flows.doctor.checks import Check
    from ..arguments import Parser
    from ..context import Context

WAIT = "10m"
"""How long `--wait` waits unless told otherwise: new apps are known everywhere by then."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.set_defaults(asks=False)
    parser.add_argument(
        "--wait",
        metavar="TIME",
        nargs="?",
        const=seconds(WAIT),
        default=0.0,
        type=seconds,
        help=f"ask again while the server does not know a new app yet (default: {WAIT})",
    )
    parser.add_argument(
        "--registered",
        metavar="URL",
        action="append",
        default=[],
        help="a callback as the app has it, to compare with ours character by character"
        " (repeatable)",
    )
    settings_arguments(parser)


def run(context: Context) -> int:
    """Examine the profile; return 0, or the exit status of the first check that failed."""
    arguments = context.arguments
    context.listen_for_interrupts()
    try:
        name = context.profile_name
    except (ConfigError, FileUnsafe, ProjectNotTrusted):
        # The first check says so; those that need no configuration are made all the same.
        name = "default"
    flags = settings_of(arguments, context.console)
    checks = examine_profile(
        name,
        context,
        flags=flags,
        wait_s=arguments.wait,
        registered=tuple(arguments.registered),
    )
    if context.console.json:
        context.console.document(examination_document(name, checks))
    then, kept = _next(checks, context, flags)
    return tell_outcome(name, checks, context.console, then=then, flags=kept)


def _next(checks: list[Check], context: Context, flags: dict[str, Any]) -> tuple[str, Flags]:
    """Return what a person does with a profile that is in order, and which *flags* it needs."""
    is_signed_in = any(check.name == "sign-in" and check.verdict == OK for check in checks)
    then = GET_TOKEN if is_signed_in else SIGN_IN
    with suppress(LoopbackAuthError):
        profile = context.profile(None, flags=flags)
        return GET_TOKEN if profile.is_machine else then, shareable(flags_of(profile))
    return then, ()
