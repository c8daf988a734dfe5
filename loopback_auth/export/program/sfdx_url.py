"""The URL that the Salesforce CLI signs in with: `sf org login sfdx-url`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ...errors import ValueUnquotable
from .export_format import ExportFormat
from .members import client_secret, instance_url, refresh_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential

# The parts of the CLI's own expression (@salesforce/core, authInfo.ts). It reads anything else as
# another URL.
_NAME, _PERHAPS, _HOST = r"[a-zA-Z0-9._-]+={0,2}", r"[a-zA-Z0-9._-]*={0,2}", r"[a-zA-Z0-9:._-]+"
_PARTS = {
    "client ID": _NAME,
    "client secret": _PERHAPS,
    "refresh token": _NAME,
    "instance's host": _HOST,
}


def sfdx_url(credential: Credential) -> str:
    """
    Return `force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST`, without percent-encoding.

    Raises:
        ValueUnquotable: The CLI would read a part as something else.
        SignInNeeded: There is no refresh token.
        UsageError: The sign-in is not to Salesforce.
    """
    address = urlsplit(instance_url(credential))
    parts = (
        credential.client.client_id,
        client_secret(credential),
        refresh_token(credential),
        address.netloc + address.path.rstrip("/"),
    )
    for (name, pattern), value in zip(_PARTS.items(), parts, strict=True):
        if not re.fullmatch(pattern, value):
            raise _unfit(name)
    client_id, secret, token, host = parts
    return f"force://{client_id}:{secret}:{token}@{host}"


def _unfit(name: str) -> ValueUnquotable:
    return ValueUnquotable(
        f"the {name} cannot stand in an SFDX URL",
        cause="The Salesforce CLI takes letters, digits, dots, _ and - there,"
        " and up to two = at the end of a secret.",
        fix="use another format, such as: `loopback-auth export singer {profile}`;"
        " or: `loopback-auth env {profile} --set SF_ACCESS_TOKEN=access_token`",
        form="sfdx-url",
    )


FORMAT = ExportFormat(
    reader="Salesforce CLI: sf org login sfdx-url --sfdx-url-stdin",
    write=lambda credential, _at: sfdx_url(credential),
    hands_over=True,
    only_for="Salesforce",
)
