"""`exchange`: finish by hand a sign-in that `login --manual` began."""

from __future__ import annotations

from ...edge.files.pending_logins import PendingSignIns
from ...edge.process.event_loop import run as run_coroutine
from ...errors import Cancelled, UsageError
from ...flows.login.manual import finish, pending_document
from ..prompts import may_switch
from ..views import report_sign_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

OCTETS = 64 * 1024
"""The most that is read of an answer on standard input."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account take the place of the one that the profile holds",
    )


def run(context: Context) -> int:
    """Redeem what is pasted, and print who has signed in."""
    arguments = context.arguments
    context.listen_for_interrupts()
    _refuse_a_secret_argument(arguments.profile or arguments.profile_option or "")
    pending = PendingSignIns(context.home)
    # What the sign-in was begun with is what finishes it, whatever was edited since.
    profile = context.profile_from(stored=pending_document(context.profile_name, pending))
    with context.store.tracking_changes(profile.name):
        credential = run_coroutine(
            finish(
                profile,
                _pasted(context.console),
                context.services(profile),
                pending=pending,
                may_switch=may_switch(context),
            )
        )
    report_sign_in(credential, context)
    return 0


def _refuse_a_secret_argument(text: str) -> None:
    if "://" in text or "code=" in text or "%" in text:
        raise UsageError(
            "the answer is not taken from the command line",
            cause="It would stay in the shell's history, and every process of this computer could"
            " read it.",
            fix="paste the address when asked, or pipe it in: `loopback-auth exchange {profile}`",
            # What was given as the profile is not shown.
            profile="",
        )


def _pasted(console: Console) -> str:
    if console.stdin is None or console.no_input or not console.interactive:
        return _from_stdin(console)
    from ...edge.interaction.terminal import line_unseen

    question = "The address you ended at, or the code in it (not shown): "
    try:
        return line_unseen(lambda: console.prompt(question), console.stdin.fileno())
    except (EOFError, KeyboardInterrupt):
        raise Cancelled("stopped at the question for the answer") from None
    finally:
        console.prompt("\n")


def _from_stdin(console: Console) -> str:
    text = "" if console.no_input or console.stdin is None else console.stdin.read(OCTETS)
    if not text.strip():
        raise UsageError(
            "no answer was given",
            cause="There is no terminal to ask on, and standard input is empty or may not be read.",
            fix="pipe the address in: `loopback-auth exchange {profile} < FILE`",
        )
    return text
