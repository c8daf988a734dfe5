"""The question to a person whose registered port another program has."""

from __future__ import annotations

from ..prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...errors import PortInUse
    from ...flows.login.options import MayPaste
    from ..context import Context


def may_paste(context: Context) -> MayPaste | None:
    """
    Return who decides whether a sign-in goes on without its port.

    Another sign-in of this user ignores the answer, which is left in the browser's address. A
    stranger's program gets the code (RFC 8252 section 8.1), so that is asked.
    """
    console = context.console
    if not console.may_ask:
        return None

    def decide(taken: PortInUse) -> bool:
        console.say(f"Note: {taken.message}.")
        uri = taken.facts["redirect_uri"]
        if taken.facts.get("holding"):
            console.say(
                f"It ignores the answer to this sign-in: the browser ends at {uri} with an error."
                " Paste that whole address here."
            )
            return True
        console.say(
            "That program then sees the one-time code. It cannot use it without a secret that stays"
            " here, if the server checks PKCE, as it should."
        )
        return confirm("Do you trust that program, and want to go on? [y/N] ", console)

    return decide
