"""`logout`: revoke where the server can, forget in any case."""

from __future__ import annotations

from ..edge.event_loop import run as run_story
from ..edge.home import home
from ..edge.interrupts import listen_for_interrupts
from ..edge.store import FileStore
from ..flows.logout import Revocation, logout
from .arguments import profile_name
from .network import transport_for, trusted
from .talk import Talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from .arguments import Parser
    from .console import Console

_TOLD = {
    Revocation.REVOKED: "The server revoked its tokens.",
    Revocation.NOT_ASKED: "The server was not asked: its tokens stay valid until they expire.",
    Revocation.NOT_OFFERED: "The server offers no revocation: its tokens stay valid until they expire.",
    Revocation.FAILED: "The server did not revoke its tokens: they stay valid until they expire.",
}

_REVOCATION_FAILED = 7


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    parser.add_argument(
        "--local", action="store_true", help="forget the tokens here and do not ask the server"
    )


def run(arguments: Namespace, console: Console) -> int:
    listen_for_interrupts()
    place = home()
    name = profile_name(arguments, place)
    store = FileStore(place)
    transport = None if arguments.local else transport_for(trusted(store.load(name)), Talk(console))
    outcome = run_story(logout(name, store=store, transport=transport))
    console.result("", {"profile": name, "removed": True, "revocation": outcome.value})
    console.say(f"Signed out of the profile {name}: its tokens are no longer stored here. {_TOLD[outcome]}")
    return _REVOCATION_FAILED if outcome is Revocation.FAILED else 0
