"""What Python's simple-salesforce is called with: `Salesforce(**json.load(file))`."""

from __future__ import annotations

from .members import access_token, instance_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def simple_salesforce(credential: Credential) -> dict[str, str]:
    """
    Give the keyword arguments; with them it does not refresh, so a new export is due when the token
    ends.
    """
    return {"instance_url": instance_url(credential), "session_id": access_token(credential)}
