"""`exchange`: finish by hand a sign-in that `login --manual` began."""

from __future__ import annotations

from ...edge.files.pending_logins import PendingSignIns
from ...edge.process.event_loop import run as run_coroutine
from ...flows.login.manual import finish, pending_document
from ..input_text import answer_unseen, refuse_secret_argument
from ..prompts import may_switch
from ..views import report_sign_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context

_QUESTION = "The address you ended at, or the code in it (not shown): "


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account replace the one in this profile",
    )


def run(context: Context) -> int:
    """Redeem what is pasted, and print who has signed in."""
    arguments = context.arguments
    context.listen_for_interrupts()
    refuse_secret_argument(arguments.profile or arguments.profile_option or "", "exchange")
    pending = PendingSignIns(context.home)
    # What the sign-in was begun with is what finishes it, whatever was edited since.
    profile = context.profile_from(stored=pending_document(context.profile_name, pending))
    with context.store.tracking_changes(profile.name):
        credential = run_coroutine(
            finish(
                profile,
                answer_unseen(_QUESTION, context.console, command="exchange"),
                context.services(profile),
                pending=pending,
                may_switch=may_switch(context),
            )
        )
    report_sign_in(credential, context)
    return 0
