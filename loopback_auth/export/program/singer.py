"""
The sign-in's part of the configuration of Singer's tap-salesforce, which Meltano and PipelineWise
run, too.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from .members import client_secret, instance_url, login_url, refresh_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...oauth.credential import Credential

# Of the hosts that test.salesforce.com signs in to.
_SANDBOXES = (".sandbox.my.salesforce.com", ".scratch.my.salesforce.com")


def singer(credential: Credential) -> dict[str, Any]:
    """Give the members of `config.json`; `start_date` and what to extract are the user's to add."""
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
    # A sandbox's name stands behind two hyphens, which no other My Domain name may hold.
    return (
        host == "test.salesforce.com" or host.endswith(_SANDBOXES) or "--" in host.partition(".")[0]
    )
