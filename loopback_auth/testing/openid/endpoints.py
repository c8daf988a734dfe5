"""
The paths of the endpoints, and the metadata that names them.

OpenID Connect Discovery, RFC 8414.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..http.answers import JsonObject
from ..jws import public_jwks
from .authorization import authorize, consent, sign_in
from .authorization_request import RESPONSE_MODES
from .grants import token
from .introspection import introspect
from .registry import AUTH_METHODS, SCOPES
from .resources import me, userinfo
from .revocation import revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..http.answers import Answer
    from ..http.records import Request
    from .tenant import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """
    An endpoint: its path and the names of the faults that alter it.

    The path is below the issuer's own, or before it where *is_inserted*.
    """

    name: str
    path: str
    methods: tuple[str, ...]
    answer: Callable[[Tenant, Request], Answer]
    faults: tuple[str, ...] = ()
    is_inserted: bool = False

    def url_path(self, issuer_path: str) -> str:
        """Return the path on the wire; RFC 8414 section 3.1 puts its own between host and path."""
        return self.path + issuer_path if self.is_inserted else issuer_path + self.path


def metadata(tenant: Tenant) -> dict[str, Any]:
    """Return the server's metadata (RFC 8414 section 2)."""
    addresses = {
        member: tenant.issuer + endpoint.path
        for endpoint in OPENID
        for member, name in _MEMBERS.items()
        if endpoint.name == name
    }
    return {
        "issuer": tenant.issuer,
        **addresses,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "introspection_endpoint_auth_methods_supported": [
            method for method in AUTH_METHODS if method != "none"
        ],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": tenant.policy.iss,
    }


_MEMBERS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "revocation_endpoint": "revoke",
    "introspection_endpoint": "introspect",
    "userinfo_endpoint": "userinfo",
    "jwks_uri": "jwks",
}


def _discovery(tenant: Tenant, _: Request) -> JsonObject:
    document = metadata(tenant) if tenant.metadata is None else tenant.metadata
    return JsonObject(members=document, headers={"Cache-Control": "no-cache"})


def _jwks(_: Tenant, __: Request) -> JsonObject:
    return JsonObject(members=public_jwks(), headers={"Cache-Control": "no-cache"})


OPENID = (
    Endpoint(
        name="discovery",
        path="/.well-known/openid-configuration",
        methods=("GET",),
        answer=_discovery,
        faults=("openid_configuration", "discovery"),
    ),
    Endpoint(
        name="discovery",
        path="/.well-known/oauth-authorization-server",
        methods=("GET",),
        answer=_discovery,
        faults=("oauth_authorization_server", "discovery"),
        is_inserted=True,
    ),
    Endpoint(
        name="authorize",
        path="/authorize",
        methods=("GET", "POST"),
        answer=authorize,
        faults=("authorize",),
    ),
    Endpoint(
        name="sign-in", path="/sign-in", methods=("POST",), answer=sign_in, faults=("authorize",)
    ),
    Endpoint(
        name="consent", path="/consent", methods=("POST",), answer=consent, faults=("authorize",)
    ),
    Endpoint(name="token", path="/token", methods=("POST",), answer=token, faults=("token",)),
    Endpoint(name="revoke", path="/revoke", methods=("POST",), answer=revoke, faults=("revoke",)),
    Endpoint(
        name="introspect",
        path="/introspect",
        methods=("POST",),
        answer=introspect,
        faults=("introspect",),
    ),
    Endpoint(
        name="userinfo",
        path="/userinfo",
        methods=("GET", "POST"),
        answer=userinfo,
        faults=("userinfo",),
    ),
    Endpoint(name="jwks", path="/jwks", methods=("GET",), answer=_jwks, faults=("jwks",)),
    Endpoint(name="api", path="/api/me", methods=("GET",), answer=me, faults=("api",)),
)
"""An OpenID provider."""
