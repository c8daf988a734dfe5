"""`logout`: revoke where the server can, forget in any case."""

from __future__ import annotations

import os

from ...edge.store.remembered import forget, remembered_profiles
from ...errors import LoopbackAuthError, SignInNeeded, StoreDamaged, UsageError
from ...flows.tokens.logout import Revocation
from ..credential.signing_out import sign_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context

_REVOCATION_FAILED = 7


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    parser.add_argument("--all", action="store_true", help="sign out of every profile")
    parser.add_argument(
        "--local", action="store_true", help="forget the tokens here and do not ask the server"
    )
    parser.add_argument(
        "--forget",
        action="store_true",
        help="forget what the last sign-in was given, too: server, client and its secret, scopes",
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
        return _all(context)
    name = context.profile_name
    try:
        outcome = sign_out(name, context, local=arguments.local, forgets=arguments.forget)
    except StoreDamaged:
        raise
    except SignInNeeded:
        # What was asked for holds already, as for `rm -f`.
        context.console.result("", {"profile": name, "removed": False, "revocation": "not asked"})
        context.console.say(f"Nobody is signed in to the profile {name}.")
        if arguments.forget and forget(context.store.folder, name):
            context.console.say("Its settings are forgotten.")
        return 0
    context.console.result("", {"profile": name, "removed": True, "revocation": outcome.value})
    if not arguments.forget:
        again, settings = f"loopback-auth login {name}", f"loopback-auth logout {name} --forget"
        context.console.say("Its settings stay. To remove them, too:", command=settings)
        context.console.say("To sign in again:", command=again)
    return _REVOCATION_FAILED if outcome is Revocation.FAILED else 0


def _all(context: Context) -> int:
    """Sign out of one profile after the other, also when one of them fails."""
    arguments, console, store = context.arguments, context.console, context.store
    rows, status = [], 0
    for name in store.profiles():
        try:
            outcome = sign_out(name, context, local=arguments.local, forgets=arguments.forget)
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
    for name in remembered_profiles(store.folder) if arguments.forget else ():
        forget(store.folder, name)
    console.result("", {"profiles": rows})
    if not rows:
        console.say("Nobody is signed in to any profile.")
    return status
