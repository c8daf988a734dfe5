"""The access token and what is known of it, as JSON: for a script, or a program of your own."""

from __future__ import annotations

from .export_format import ExportFormat
from .members import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def json(credential: Credential) -> dict[str, str]:
    """Return the fields of the sign-in, without what would outlive the access token."""
    outlives = {"refresh_token", "client_secret"}
    return {name: value for name, value in fields(credential).items() if name not in outlives}


FORMAT = ExportFormat(
    reader="a script: the access token, its expiry, who it is for, and the server's own members",
    write=lambda credential, _at: json(credential),
    hands_over=False,
)
