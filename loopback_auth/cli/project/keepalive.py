"""`init --keepalive`: the unit of a timer, printed."""

from __future__ import annotations

import shutil

from ...export.keepalive import KINDS, keepalive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context


def keepalive_argument(parser: Parser) -> None:
    """Add `--keepalive`."""
    parser.add_argument(
        "--keepalive",
        choices=KINDS,
        help="print what refreshes sign-ins that nobody uses, once a day",
    )


def run_keepalive(context: Context) -> int:
    """Print the unit, with the whole path of this command: timers have a PATH of their own."""
    program = shutil.which("loopback-auth") or "loopback-auth"
    unit = keepalive(context.arguments.keepalive, program=program)
    context.console.result(unit, {"unit": unit})
    return 0
