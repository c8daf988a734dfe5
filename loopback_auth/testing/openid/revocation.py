"""The revocation endpoint - RFC 7009."""

from __future__ import annotations

from ..http.answers import JsonObject, RequestRefused
from .client_authentication import authenticated, read_form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.records import Request
    from .tenant import Tenant


def revoke(tenant: Tenant, request: Request) -> JsonObject:
    """
    Revoke a refresh token with its whole family, or an access token alone (section 2.1).

    Raises:
        RequestRefused: The client is not authenticated, or the token is another's.
    """
    registry, fields = tenant.registry, read_form(request)
    client = authenticated(registry, request, fields)
    if "token" not in fields:
        raise RequestRefused("invalid_request", "token is missing.")
    name = fields["token"]
    token = registry.refresh_tokens.get(name) or registry.access_tokens.get(name)
    if token is None:
        # Section 2.2: what nobody knows is revoked already.
        return JsonObject()
    if token.grant.client is not client:
        raise RequestRefused("invalid_grant", "The token was given to another client.")
    token.revoked = True
    if name in registry.refresh_tokens:
        token.grant.revoked = True
    return JsonObject()
