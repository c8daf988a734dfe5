"""The arguments of Python's simple-salesforce: `Salesforce(**json.load(file))`."""

from __future__ import annotations

from .export_format import ExportFormat
from .members import access_token, instance_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def simple_salesforce(credential: Credential) -> dict[str, str]:
    """
    Return the keyword arguments.

    simple-salesforce does not refresh with them: a new export is needed when the token ends.

    Raises:
        UsageError: The sign-in is not to Salesforce.
    """
    return {"instance_url": instance_url(credential), "session_id": access_token(credential)}


FORMAT = ExportFormat(
    reader="Python's simple-salesforce: its keyword arguments, as JSON",
    write=lambda credential, _at: simple_salesforce(credential),
    hands_over=False,
    only_for="Salesforce",
)
