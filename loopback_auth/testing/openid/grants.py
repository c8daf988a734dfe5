"""The token endpoint - RFC 6749 sections 4.1.3, 5 and 6; RFC 7636 section 4.6."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

from ..http.answers import JsonObject, RequestRefused
from .client_authentication import authenticated, read_form
from .id_token import id_token
from .registry import Grant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..http.records import Request
    from .registry import Client, Code, Token
    from .tenant import Tenant

# RFC 7636 section 4.1.
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def token(tenant: Tenant, request: Request) -> JsonObject:
    """
    Redeem a code or a refresh token; return the token answer.

    Raises:
        RequestRefused: The client, the grant type or the grant is not accepted.
    """
    fields = read_form(request)
    client = authenticated(tenant.registry, request, fields)
    grant_type = _needed(fields, "grant_type")
    redeem = {"authorization_code": _redeem_code, "refresh_token": _refresh}.get(grant_type)
    if redeem is None:
        raise RequestRefused(
            "unsupported_grant_type", "Only authorization_code and refresh_token are supported."
        )
    if grant_type not in client.grant_types:
        raise RequestRefused(
            "unauthorized_client", "This client is not registered for this grant type."
        )
    return JsonObject(members=redeem(tenant, client, fields))


def _redeem_code(tenant: Tenant, client: Client, fields: dict[str, str]) -> dict[str, Any]:
    code = tenant.registry.codes.get(_needed(fields, "code"))
    if code is None or code.grant.client is not client:
        raise _invalid_grant("The code is not known, or was given to another client.")
    if code.used:
        # RFC 6749 section 4.1.2: whoever came first may be a thief.
        code.grant.revoked = True
        raise _invalid_grant("The code was used before; what it gave is revoked.")
    # One try, right or wrong: nobody gets to guess the verifier.
    code.used = True
    if tenant.registry.clock() >= code.expires_at or code.grant.revoked:
        raise _invalid_grant("The code has expired.")
    if _needed(fields, "redirect_uri") != code.redirect_uri:
        raise _invalid_grant("The redirect_uri is not that of the authorization request.")
    _check_verifier(_needed(fields, "code_verifier"), code)
    return _first_tokens(tenant, code.grant)


def _check_verifier(code_verifier: str, code: Code) -> None:
    if not _VERIFIER.fullmatch(code_verifier):
        raise RequestRefused(
            "invalid_request", "The code_verifier is not 43 to 128 unreserved characters."
        )
    if code_challenge(code_verifier) != code.code_challenge:
        raise _invalid_grant("The code_verifier does not match the code_challenge.")


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge, computed apart from any client's code (RFC 7636 section 4.6)."""
    return (
        urlsafe_b64encode(sha256(code_verifier.encode("ascii")).digest())
        .rstrip(b"=")
        .decode("ascii")
    )


def _first_tokens(tenant: Tenant, grant: Grant) -> dict[str, Any]:
    answer = _access(tenant, grant, grant.scope, nonce=grant.nonce)
    if "offline_access" in grant.scope.split() and "refresh_token" in grant.client.grant_types:
        answer["refresh_token"] = _new_refresh_token(tenant, grant)
    return answer


def _refresh(tenant: Tenant, client: Client, fields: dict[str, str]) -> dict[str, Any]:
    if "code_verifier" in fields:
        # It opens nothing here, and a secret that is sent for nothing is a secret given away.
        raise RequestRefused("invalid_request", "unexpected code verifier")
    old = tenant.registry.refresh_tokens.get(_needed(fields, "refresh_token"))
    if old is None or old.grant.client is not client or not tenant.registry.is_alive(old):
        raise _invalid_grant(
            "The refresh token is not known, has expired, or was given to another client."
        )
    _refuse_reuse(tenant, old)
    scope = fields.get("scope", old.scope)
    if not set(scope.split()) <= set(old.scope.split()):
        raise RequestRefused("invalid_scope", "The scope is more than the person granted.")
    # OpenID Connect Core section 12.2: no nonce this time.
    answer = _access(tenant, old.grant, scope, nonce=None)
    if tenant.policy.rotate_refresh_tokens:
        old.replaced_at = tenant.registry.clock() if old.replaced_at is None else old.replaced_at
        answer["refresh_token"] = _new_refresh_token(tenant, old.grant)
    return answer


def _refuse_reuse(tenant: Tenant, token: Token) -> None:
    """
    Refuse a refresh token that was replaced, and revoke its family.

    One of its two users is a thief (RFC 9700 section 4.14.2).
    """
    if (
        token.replaced_at is None
        or tenant.registry.clock() < token.replaced_at + tenant.policy.reuse_grace_s
    ):
        return
    token.grant.revoked = True
    raise _invalid_grant(
        "The refresh token was used before; all tokens of this sign-in are revoked."
    )


def _new_refresh_token(tenant: Tenant, grant: Grant) -> str:
    # RFC 6749 section 6: a new refresh token has the scope of the old one, whatever was asked for
    # this time.
    registry = tenant.registry
    return registry.add_token(
        registry.refresh_tokens, grant, scope=grant.scope, ttl_s=tenant.policy.refresh_token_ttl_s
    )


def _access(tenant: Tenant, grant: Grant, scope: str, *, nonce: str | None) -> dict[str, Any]:
    registry, policy = tenant.registry, tenant.policy
    name = registry.add_token(
        registry.access_tokens, grant, scope=scope, ttl_s=policy.access_token_lives_s
    )
    answer: dict[str, Any] = {"access_token": name, "token_type": "Bearer", "scope": scope}
    if policy.expires_in is not None:
        answer["expires_in"] = policy.expires_in
    if "openid" in scope.split():
        answer["id_token"] = id_token(tenant, grant, access_token=name, scope=scope, nonce=nonce)
    return answer


def tokens_for(tenant: Tenant, username: str, *, client_id: str, scope: str) -> dict[str, Any]:
    """Return what the token endpoint would answer after a sign-in."""
    registry = tenant.registry
    grant = Grant(
        client=registry.clients[client_id],
        user=registry.users[username],
        scope=scope,
        auth_time=int(registry.clock()),
    )
    return _first_tokens(tenant, grant)


def _needed(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise RequestRefused("invalid_request", f"{name} is missing.")
    return fields[name]


def _invalid_grant(description: str) -> RequestRefused:
    return RequestRefused("invalid_grant", description)
