"""An environment for Postman and newman, with the collection "Salesforce Platform APIs"."""

from __future__ import annotations

import re
import uuid

from ...errors import ValueUnquotable
from .export_format import ExportFormat
from .members import access_token, client_secret, instance_url, login_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from ...oauth.credential import Credential

API_VERSION = "65.0"
"""The version of the API, without the v, which is in the collection's requests."""

_SECRETS = frozenset({"clientSecret", "_accessToken", "_refreshToken"})
# HOST/id/ORG/USER, which comes with every token.
_IDENTITY = re.compile(r"/id/([0-9A-Za-z]{15,18})/([0-9A-Za-z]{15,18})$")


def postman(credential: Credential, exported_at: datetime) -> dict[str, Any]:
    """
    Return the environment.

    Its id follows from the profile, so that a later export replaces an earlier one.

    Raises:
        ValueUnquotable: A value has two braces, where Postman would fill in a variable.
        UsageError: The sign-in is not to Salesforce.
    """
    name = credential.profile
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"loopback-auth:profile:{name}")),
        "name": f"{name} (loopback-auth)",
        "values": [
            {
                "key": key,
                "value": value,
                "type": "secret" if key in _SECRETS else "default",
                "enabled": True,
            }
            for key, value in _values(credential).items()
        ],
        "_postman_variable_scope": "environment",
        "_postman_exported_at": exported_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "_postman_exported_using": "loopback-auth",
    }


def _values(credential: Credential) -> dict[str, str]:
    instance, (url, site) = instance_url(credential), login_url(credential)
    refresh = credential.tokens.refresh_token
    identity = _IDENTITY.search(str(credential.tokens.extra.get("id")))
    redirect_uris = credential.settings.get("redirect_uris")
    values = {
        "url": url,
        "version": API_VERSION,
        "site": site,
        "clientId": credential.client.client_id,
        "clientSecret": client_secret(credential),
        "redirectUrl": redirect_uris[0] if redirect_uris else "",
        "_accessToken": access_token(credential),
        "_refreshToken": refresh.reveal() if refresh else "",
        "_endpoint": instance,
        "_orgId": identity[1] if identity else "",
        "_userId": identity[2] if identity else "",
    }
    for key, value in values.items():
        # Postman fills variables into values, too: an address from the server could otherwise hold
        # the client's secret.
        if "{{" in value:
            raise ValueUnquotable(
                f"the value for {key} holds two braces, where Postman fills in another variable",
                form="postman",
            )
    return values


FORMAT = ExportFormat(
    reader='Postman and newman: an environment for the collection "Salesforce Platform APIs"',
    write=postman,
    hands_over=True,
    only_for="Salesforce",
)
