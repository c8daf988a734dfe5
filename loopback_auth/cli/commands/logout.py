"""`logout`: revoke where the server can, forget in any case."""

from __future__ import annotations

import os

from ...edge.process.event_loop import run as run_coroutine
from ...errors import LoopbackAuthError, SignInNeeded, StoreDamaged, UsageError
from ...flows.tokens.logout import Revocation, logout
from ..context import trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context

_IN_WORDS = {
    Revocation.REVOKED: "The server revoked its tokens.",
    Revocation.NOT_ASKED: "The server was not asked: its tokens stay valid until they expire.",
    Revocation.NOT_OFFERED: (
        "The server offers no revocation: its tokens stay valid until they expire."
    ),
    Revocation.FAILED: "The server did not revoke its tokens: they stay valid until they expire.",
}

_REVOCATION_FAILED = 7


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument("--all", action="store_true", help="sign out of every profile")
    parser.add_argument(
        "--local", action="store_true", help="forget the tokens here and do not ask the server"
    )


def run(context: Context) -> int:
    """Sign out, and say what the server made of it; 7 where it did not revoke the tokens."""
    arguments = context.arguments
    context.listen_for_interrupts()
    if arguments.all:
        if arguments.profile or arguments.profile_option:
            raise UsageError(
                "a profile was named beside --all",
                cause="--all means every profile.",
                fix="`loopback-auth logout --all`, or `loopback-auth logout {profile}`",
            )
        return _all(context, local=arguments.local)
    name = context.profile_name
    try:
        outcome = _sign_out(name, context, local=arguments.local)
    except StoreDamaged:
        raise
    except SignInNeeded:
        # What was asked for holds already, as for `rm -f`.
        context.console.result("", {"profile": name, "removed": False, "revocation": "not asked"})
        context.console.say(f"Nobody is signed in to the profile {name}.")
        return 0
    context.console.result("", {"profile": name, "removed": True, "revocation": outcome.value})
    return _REVOCATION_FAILED if outcome is Revocation.FAILED else 0


def _all(context: Context, *, local: bool) -> int:
    """Sign out of one profile after the other, also when one of them fails."""
    console, store = context.console, context.store
    rows, status = [], 0
    for name in store.profiles():
        try:
            outcome = _sign_out(name, context, local=local)
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


def _sign_out(name: str, context: Context, *, local: bool) -> Revocation:
    store = context.store
    transport = None if local else context.transport(trusted(store.load(name)))
    with store.tracking_changes(name):
        outcome = run_coroutine(
            logout(name, store=store, transport=transport, environ=context.environ)
        )
    words = f"Signed out of the profile {name}: its tokens are no longer stored here."
    context.console.say(f"{words} {_IN_WORDS[outcome]}")
    return outcome
