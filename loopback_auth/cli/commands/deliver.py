"""`deliver`: hand the address that the browser ended at to a login that waits elsewhere."""

from __future__ import annotations

import sys

from ...errors import UsageError
from ..input_text import answer_unseen, refuse_secret_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context

_QUESTION = "The address that the browser ended at, or the error it shows (not shown here): "


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()


def run(context: Context) -> int:
    """Read an address or an error, and hand it over."""
    arguments = context.arguments
    context.listen_for_interrupts()
    refuse_secret_argument(arguments.profile or arguments.profile_option or "", "deliver")
    if sys.platform == "win32":
        raise UsageError(
            "deliver is not available on Windows",
            cause="A login takes what another terminal brings through a unix socket.",
            fix="paste the address in the terminal in which the login waits, or begin it with"
            " --manual: `loopback-auth login {profile} --manual`",
        )
    is_named = arguments.profile or arguments.profile_option
    profile = context.profile_name if is_named else None
    from ...flows.relay.deliver import deliver

    text = answer_unseen(_QUESTION, context.console, command="deliver")
    taken = deliver(text, context.home, profile)
    context.console.result("", {"profile": taken.profile, "delivered": True})
    context.console.say(
        f"Handed to the login to the profile {taken.profile}, which goes on in its own terminal."
    )
    return 0
