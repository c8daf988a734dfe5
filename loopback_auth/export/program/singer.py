"""The sign-in in the config.json of Singer's tap-salesforce, of Meltano and PipelineWise."""

from __future__ import annotations

from urllib.parse import urlsplit

from .export_format import ExportFormat
from .members import client_secret, instance_url, login_url, refresh_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...oauth.credential import Credential

# Of hosts for which test.salesforce.com signs in.
_SANDBOXES = (".sandbox.my.salesforce.com", ".scratch.my.salesforce.com")


def singer(credential: Credential) -> dict[str, Any]:
    """
    Return the members of `config.json`; the user adds `start_date` and what to extract.

    Raises:
        SignInNeeded: There is no refresh token.
        UsageError: The sign-in is not to Salesforce.
    """
    hosts = {
        urlsplit(url).hostname or "" for url in (login_url(credential)[0], instance_url(credential))
    }
    return {
        "client_id": credential.client.client_id,
        "client_secret": client_secret(credential),
        "refresh_token": refresh_token(credential),
        "is_sandbox": any(_is_sandbox(host) for host in hosts),
    }


def _is_sandbox(host: str) -> bool:
    # Two hyphens come before a sandbox's name; no other My Domain name may hold them.
    return (
        host == "test.salesforce.com" or host.endswith(_SANDBOXES) or "--" in host.partition(".")[0]
    )


FORMAT = ExportFormat(
    reader="Singer's tap-salesforce, Meltano, PipelineWise: the sign-in's part of config.json",
    write=lambda credential, _at: singer(credential),
    hands_over=True,
    only_for="Salesforce",
)
