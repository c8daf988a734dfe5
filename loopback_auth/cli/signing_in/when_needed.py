"""`--login`: a sign-in in the midst of another command, whose stdout stays its own."""

from __future__ import annotations

from ...oauth.text import one_line
from .sign_in import sign_in, stored_sign_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...errors import SignInNeeded
    from ..context import Context


async def sign_in_after(needed: SignInNeeded, context: Context) -> Mapping[str, Any]:
    """
    Sign in, since *needed* was raised, and return the stored document.

    Raises:
        SignInNeeded: Another process signed out meanwhile.
        LoopbackAuthError: As `sign_in`.
    """
    from ...flows.tokens.freshness import signed_in

    console, store, name = context.console, context.store, context.profile_name
    console.say(f"{one_line(needed.message)[:1].upper()}{one_line(needed.message)[1:]}.")
    with store.tracking_changes(name):
        credential = await sign_in(context.profile(stored_sign_in(context)), context)
    console.erase_line()
    if credential.identity:
        console.say(f"Signed in as {credential.identity.name}.")
    return signed_in(name, store.load(name))
