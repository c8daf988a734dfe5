"""`refresh`: get a new access token now, whatever the clock says of the old one."""

from __future__ import annotations

from ...oauth.credential import Credential
from ..access import Access
from .status import expiry_told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ..arguments import Parser
    from ..console import Console


def arguments(parser: Parser) -> None:
    parser.profile_argument()


def run(arguments: Namespace, console: Console) -> int:
    access = Access(arguments, console)
    document = access.renewed()
    told = {
        "profile": access.profile,
        "expires_at": document.get("expires_at"),
        "expiry_source": Credential.from_document(document).expiry_source,
        "scope": document.get("scope"),
        "refreshable": bool(document.get("refresh_token")),
    }
    console.result("", told)
    console.say(f"Refreshed the profile {access.profile}: {expiry_told(told)}.")
    return 0
