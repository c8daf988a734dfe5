"""The introspection endpoint - RFC 7662."""

from __future__ import annotations

from ..http.answers import JsonObject, RequestRefused
from .client_authentication import CHALLENGE, authenticated, read_form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..http.records import Request
    from .registry import Token
    from .tenant import Tenant


def introspect(tenant: Tenant, request: Request) -> JsonObject:
    """
    Return what a token of the client's own is good for; the client authenticates.

    Raises:
        RequestRefused: The client is public or not authenticated, or no token is sent.
    """
    registry, fields = tenant.registry, read_form(request)
    client = authenticated(registry, request, fields)
    if client.auth_method == "none":
        # Section 2.1: or else anybody could try out tokens.
        raise RequestRefused(
            "invalid_client",
            "A client without a secret may not ask.",
            status=401,
            challenge=CHALLENGE,
        )
    if "token" not in fields:
        raise RequestRefused("invalid_request", "token is missing.")
    name = fields["token"]
    token = registry.access_tokens.get(name) or registry.refresh_tokens.get(name)
    if token is None or not registry.is_alive(token) or token.grant.client is not client:
        return JsonObject(members={"active": False})
    return JsonObject(
        members=_described(tenant, token, is_access_token=name in registry.access_tokens)
    )


def _described(tenant: Tenant, token: Token, *, is_access_token: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "active": True,
        "iss": tenant.issuer,
        "client_id": token.grant.client.client_id,
        "sub": token.grant.user.sub,
        "username": token.grant.user.username,
        "scope": token.scope,
        "iat": int(token.issued_at),
    }
    if is_access_token:
        document |= {"token_type": "Bearer"}
    return document if token.expires_at is None else {**document, "exp": int(token.expires_at)}
