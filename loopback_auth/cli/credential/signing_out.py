"""Signing out of a profile, in words: for `logout` and for the removal of a profile."""

from __future__ import annotations

from ...edge.process.event_loop import run as run_coroutine
from ...edge.store.remembered import forget
from ...flows.tokens.logout import Revocation, logout
from ..context import trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..context import Context

_IN_WORDS = {
    Revocation.REVOKED: "The server revoked its tokens.",
    Revocation.NOT_ASKED: "The server was not asked: its tokens stay valid until they expire.",
    Revocation.NOT_OFFERED: (
        "The server offers no revocation: its tokens stay valid until they expire."
    ),
    Revocation.FAILED: "The server did not revoke its tokens: they stay valid until they expire.",
}


def sign_out(name: str, context: Context, *, local: bool, forgets: bool) -> Revocation:
    """
    Sign out of the profile *name*, and say what became of it; *forgets* the settings, too.

    Raises:
        SignInNeeded: Nobody is signed in.
        LoopbackAuthError: As `logout`.
    """
    store = context.store
    transport = None if local else context.transport(trusted(store.load(name)))
    with store.tracking_changes(name):
        outcome = run_coroutine(
            logout(name, store=store, transport=transport, environ=context.environ)
        )
    done = f"Signed out of the profile {name}. {_IN_WORDS[outcome]}"
    context.console.say(done, draw=lambda sheet: sheet.done(done))
    if forgets:
        forget(store.folder, name)
    return outcome
