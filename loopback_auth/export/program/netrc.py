"""A line of ~/.netrc: the token as the password of its server."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...errors import ValueUnquotable
from .export_format import ExportFormat
from .members import access_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def netrc(credential: Credential) -> str:
    """
    Return the line: for the server that came with the token, else for the issuer.

    Raises:
        ValueUnquotable: The token has a character that readers of the file take differently.
    """
    token, server = access_token(credential), credential.server
    url = str(credential.tokens.extra.get("instance_url") or server.issuer or server.token_endpoint)
    if not (token.isascii() and token.isprintable()) or set(token) & set(" \"'\\#"):
        raise ValueUnquotable("the token holds what no line of .netrc can", form="netrc")
    return f"machine {urlsplit(url).hostname} login oauth2 password {token}"


FORMAT = ExportFormat(
    reader="curl --netrc-file, git, and what else reads ~/.netrc",
    write=lambda credential, _at: netrc(credential),
    hands_over=False,
)
