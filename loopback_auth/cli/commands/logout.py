"""`logout`: revoke where the server can, forget in any case."""

from __future__ import annotations

import os

from ...edge.files.home import home
from ...edge.process.event_loop import run as run_story
from ...edge.process.interrupts import listen_for_interrupts
from ...edge.store.file_store import FileStore
from ...errors import LoopbackAuthError, UsageError
from ...flows.tokens.logout import Revocation, logout
from ..arguments import profile_name
from ..network import transport_for, trusted
from ..progress import ProgressReporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ..arguments import Parser
    from ..console import Console

_TOLD = {
    Revocation.REVOKED: "The server revoked its tokens.",
    Revocation.NOT_ASKED: "The server was not asked: its tokens stay valid until they expire.",
    Revocation.NOT_OFFERED: "The server offers no revocation: its tokens stay valid until they expire.",
    Revocation.FAILED: "The server did not revoke its tokens: they stay valid until they expire.",
}

_REVOCATION_FAILED = 7


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    parser.add_argument("--all", action="store_true", help="sign out of every profile")
    parser.add_argument(
        "--local", action="store_true", help="forget the tokens here and do not ask the server"
    )


def run(arguments: Namespace, console: Console) -> int:
    if console.is_process:
        listen_for_interrupts()
    place = home(console.environ)
    store = FileStore(place)
    if arguments.all:
        if arguments.profile or arguments.profile_option:
            raise UsageError(
                "a profile was named beside --all",
                cause="--all means every profile.",
                fix="loopback-auth logout --all, or loopback-auth logout PROFILE",
            )
        return _all(store, console, local=arguments.local)
    name = profile_name(arguments, place, console.environ)
    outcome = _sign_out(name, store, console, local=arguments.local)
    console.result("", {"profile": name, "removed": True, "revocation": outcome.value})
    return _REVOCATION_FAILED if outcome is Revocation.FAILED else 0


def _all(store: FileStore, console: Console, *, local: bool) -> int:
    """
    Sign out of one profile after the other; what goes wrong with one keeps none of the
    others.
    """
    rows, status = [], 0
    for name in store.profiles():
        try:
            outcome = _sign_out(name, store, console, local=local)
            rows.append({"profile": name, "removed": True, "revocation": outcome.value})
            status = status or (_REVOCATION_FAILED if outcome is Revocation.FAILED else 0)
        except LoopbackAuthError as error:
            rows.append(
                {
                    "profile": name,
                    "removed": not os.path.lexists(store.path(name)),
                    "problem": error.code,
                }
            )
            console.say(f"{name}: {error.message}")
            status = status or error.exit_code
    console.result("", {"profiles": rows})
    if not rows:
        console.say("Nobody is signed in to any profile.")
    return status


def _sign_out(name: str, store: FileStore, console: Console, *, local: bool) -> Revocation:
    transport = (
        None
        if local
        else transport_for(trusted(store.load(name)), ProgressReporter(console), console.environ)
    )
    with store.tracking_changes(name):
        outcome = run_story(logout(name, store=store, transport=transport, environ=console.environ))
    console.say(
        f"Signed out of the profile {name}: its tokens are no longer stored here. {_TOLD[outcome]}"
    )
    return outcome
