"""Token revocation - RFC 7009."""

from __future__ import annotations

from dataclasses import replace

from ..client_authentication import authenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.messages import FormPost
    from ..metadata import Client, ServerMetadata
    from ..secret import Secret


def revocation_request(
    token: Secret, *, hint: str, client: Client, server: ServerMetadata
) -> FormPost | None:
    """
    Return the request that revokes *token*; `None` if the server has no revocation endpoint.

    *hint* is `refresh_token` or `access_token`. The token is in the body, never in the URL
    (section 2.1).
    """
    if server.revocation_endpoint is None:
        return None
    request = authenticated(
        client,
        server,
        url=server.revocation_endpoint,
        fields=(("token", token), ("token_type_hint", hint)),
    )
    # The status is the answer (section 2.2); the body does not matter.
    return replace(request, allow_partial=True)
