"""The ID token and its claims (OpenID Connect Core sections 2, 3.1.3.6 and 5.4)."""

from __future__ import annotations

from ..jws import left_half_hash, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .registry import Grant, User
    from .tenant import Tenant

ID_TOKEN_TTL_S = 600

_OF_ANOTHER_SCOPE = {
    "email": "email",
    "email_verified": "email",
    "phone_number": "phone",
    "address": "address",
}


def claims_of(user: User, scope: str) -> dict[str, Any]:
    """
    Return the claims about *user* that *scope* covers.

    Those that belong to no scope of their own are the profile's.
    """
    scopes = scope.split()
    known = {"preferred_username": user.username, **user.claims}
    covered = {
        name: value
        for name, value in known.items()
        if _OF_ANOTHER_SCOPE.get(name, "profile") in scopes
    }
    return {"sub": user.sub, **covered}


def id_token(
    tenant: Tenant, grant: Grant, *, access_token: str, scope: str, nonce: str | None
) -> str:
    """Return the ID token that goes with *access_token*."""
    now = int(tenant.registry.clock())
    claims: dict[str, Any] = {
        **claims_of(grant.user, scope),
        "iss": tenant.issuer,
        "aud": grant.client.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_TTL_S,
        "auth_time": grant.auth_time,
        "at_hash": left_half_hash(access_token),
    }
    return sign(claims if nonce is None else {**claims, "nonce": nonce})
