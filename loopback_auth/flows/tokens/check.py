"""Asking the server whether it takes a token."""

from __future__ import annotations

from ...errors import UsageError
from ...oauth.credential import Credential
from ...oauth.http.messages import Get, refuse_unusable
from ...oauth.secret import Secret
from ...oauth.token.introspection import introspection_request, read_introspection_reply
from ..services import client_as_far_as_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...oauth.http.transport import Transport


async def check(
    document: Mapping[str, Any], *, transport: Transport, environ: Mapping[str, str] | None = None
) -> bool:
    """
    Return whether the server takes the access token of *document*.

    It is asked by introspection, else at the userinfo endpoint.

    Raises:
        UsageError: The server has neither.
        ProviderError: It gave no clear answer.
    """
    credential = Credential.from_document(document)
    message = introspection_request(
        credential.tokens.access_token,
        client=client_as_far_as_known(credential, environ),
        server=credential.server,
    )
    if message is not None and (said := read_introspection_reply(await transport(message))):
        return said["active"] is True
    if credential.server.userinfo_endpoint is None:
        raise UsageError(
            f"the server of the profile {credential.profile} has no endpoint to check a token at",
            cause="Neither introspection (which needs a client secret) nor userinfo"
            " is known for it.",
            fix="name one: `loopback-auth login {profile} --userinfo-endpoint URL`",
            profile=credential.profile,
        )
    bearer = Secret("Bearer " + credential.tokens.access_token.reveal())
    reply = await transport(Get(url=credential.server.userinfo_endpoint, authorization=bearer))
    refuse_unusable(reply, "userinfo")
    return reply.is_success
