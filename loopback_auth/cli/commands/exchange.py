"""`exchange`: finish by hand a sign-in that `login --manual` began."""

from __future__ import annotations

from ...edge.files.home import home
from ...edge.files.pending_logins import PendingSignIns
from ...edge.files.provider_files import load_provider
from ...edge.process.event_loop import run as run_story
from ...edge.process.interrupts import listen_for_interrupts
from ...edge.store.file_store import FileStore
from ...errors import Cancelled, UsageError
from ...flows.login.manual import finish, pending_document
from ...settings.config_toml import parse_config
from ...settings.profile import resolve
from ..arguments import profile_name
from ..network import services_for
from ..progress import ProgressReporter
from .login import may_switch, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ..arguments import Parser
    from ..console import Console

OCTETS = 64 * 1024


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    parser.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account take the place of the one that the profile holds",
    )


def run(arguments: Namespace, console: Console) -> int:
    if console.is_process:
        listen_for_interrupts()
    _refuse_a_secret_argument(arguments.profile or arguments.profile_option or "")
    place = home(console.environ)
    name = profile_name(arguments, place, console.environ)
    pending, store = PendingSignIns(place), FileStore(place)
    profile = resolve(
        name,
        flags={},
        environ={},
        # What the sign-in was begun with is what finishes it, whatever was edited since.
        config=parse_config("", ""),
        stored=pending_document(name, pending),
        find_provider=lambda provider: load_provider(provider, place),
    )
    talk = ProgressReporter(console)
    with store.tracking_changes(name):
        credential = run_story(
            finish(
                profile,
                _pasted(arguments, console),
                services_for(profile, store, talk, console.environ),
                pending=pending,
                may_switch=may_switch(arguments, console),
            )
        )
    report(credential, store, console)
    return 0


def _refuse_a_secret_argument(text: str) -> None:
    if "://" in text or "code=" in text or "%" in text:
        raise UsageError(
            "the answer is not taken from the command line",
            cause="It would stay in the shell's history, and every process of this computer could read it.",
            fix="run loopback-auth exchange alone, and paste the address when asked, or pipe it in",
        )


def _pasted(arguments: Namespace, console: Console) -> str:
    if not (console.stdin and console.interactive):
        return _from_stdin(arguments, console)
    from ...edge.interaction.terminal import line_unseen

    question = "The address you ended at, or the code in it (not shown): "
    try:
        return line_unseen(lambda: console.prompt(question), console.stdin.fileno())
    except (EOFError, KeyboardInterrupt):
        raise Cancelled("stopped at the question for the answer") from None
    finally:
        console.prompt("\n")


def _from_stdin(arguments: Namespace, console: Console) -> str:
    text = "" if arguments.no_input or console.stdin is None else console.stdin.read(OCTETS)
    if not text.strip():
        raise UsageError(
            "no answer was given",
            cause="There is no terminal to ask on, and standard input is empty or may not be read.",
            fix="pipe the address in: loopback-auth exchange < FILE",
        )
    return text
