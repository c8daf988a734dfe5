"""
The resources that a token opens: userinfo and a small API.

OpenID Connect Core section 5.3, RFC 6750.
"""

from __future__ import annotations

from ..http.answers import JsonObject, RequestRefused
from .id_token import claims_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.records import Request
    from .registry import Token
    from .tenant import Tenant

REALM = 'Bearer realm="loopback-auth test server"'


def userinfo(tenant: Tenant, request: Request) -> JsonObject:
    """
    Return the person's claims that the scope covers.

    Raises:
        RequestRefused: The token is not good, or lacks the scope openid.
    """
    token = _bearer(tenant, request)
    if "openid" not in token.scope.split():
        challenge = f'{REALM}, error="insufficient_scope", scope="openid"'
        raise RequestRefused(
            "insufficient_scope", "The scope openid is needed.", status=403, challenge=challenge
        )
    return JsonObject(members=claims_of(token.grant.user, token.scope))


def me(tenant: Tenant, request: Request) -> JsonObject:
    """
    Return the person of any good token, as an API of their own would.

    Raises:
        RequestRefused: The token is not good.
    """
    token = _bearer(tenant, request)
    user = token.grant.user
    known = {
        "sub": user.sub,
        "username": user.username,
        "client_id": token.grant.client.client_id,
        "scope": token.scope,
    }
    return JsonObject(members={**user.claims, **known})


def _bearer(tenant: Tenant, request: Request) -> Token:
    if "access_token" in request.query:
        # RFC 9700 section 2.6: a URL is written down in too many places.
        challenge = f'{REALM}, error="invalid_request"'
        raise RequestRefused(
            "invalid_request", "The token belongs in the Authorization header.", challenge=challenge
        )
    scheme, _, name = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        # RFC 6750 section 3.1: who shows no token gets no reason.
        raise RequestRefused("", "", status=401, challenge=REALM)
    token = tenant.registry.access_tokens.get(name)
    if token is None or not tenant.registry.is_alive(token):
        description = "The access token is not known, has expired or was revoked."
        challenge = f'{REALM}, error="invalid_token", error_description="{description}"'
        raise RequestRefused("invalid_token", description, status=401, challenge=challenge)
    return token
