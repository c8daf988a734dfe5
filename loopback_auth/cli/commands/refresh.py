"""`refresh`: get a new access token now, whatever the clock says of the old one."""

from __future__ import annotations

from ...oauth.credential import Credential
from ..access import Access
from ..views import expiry_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()


def run(context: Context) -> int:
    """Refresh, and print how long the new token lasts."""
    access = Access(context)
    document = access.renewed()
    summary = {
        "profile": access.profile,
        "expires_at": document.get("expires_at"),
        "expiry_source": Credential.from_document(document).expiry_source,
        "scope": document.get("scope"),
        "refreshable": bool(document.get("refresh_token") or document.get("grant")),
    }
    context.console.result("", summary)
    context.console.say(f"Refreshed the profile {access.profile}: {expiry_in_words(summary)}.")
    return 0
