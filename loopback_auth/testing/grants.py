"""The token endpoint: who asks, what for, and whether it is theirs - RFC 6749 sections 2.3, 4.1.3, 5, 6; RFC 7636; RFC 7009."""

from __future__ import annotations

import secrets
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import unquote_plus

from .jws import left_half_hash, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .registry import Client, Grant, Registry


class Refused(Exception):
    """An error answer: *status*, the code of RFC 6749 section 5.2, and a description."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.document = {"error": error, "error_description": description}


class TokenEndpoint:
    """
    Redeems codes and refresh tokens.

    *expires_in* `None` leaves the member out, as some servers do. With *rotate* each refresh replaces the refresh token, and the use of
    a replaced one revokes the grant.
    """

    def __init__(self, registry: Registry, *, issuer: str, expires_in: int | None, rotate: bool) -> None:
        self._registry = registry
        self._issuer = issuer
        self._expires_in = expires_in
        self._rotate = rotate

    def answer(self, form: Mapping[str, list[str]], authorization: str | None) -> dict[str, Any]:
        """Answer one request; raises `Refused`."""
        repeated = [name for name, values in form.items() if len(values) > 1]
        if repeated:
            raise Refused(400, "invalid_request", f"{repeated[0]} occurs twice")
        fields = {name: values[0] for name, values in form.items()}
        with self._registry.lock:
            client = self.authenticated(fields, authorization)
            match fields.get("grant_type"):
                case "authorization_code":
                    return self._code(fields, client)
                case "refresh_token":
                    return self._refresh(fields, client)
        raise Refused(400, "unsupported_grant_type", "only authorization_code and refresh_token")

    def authenticated(self, fields: Mapping[str, str], authorization: str | None) -> Client:
        """Find out which client asks, by exactly the method it is registered with."""
        basic = _basic(authorization)
        if basic and "client_secret" in fields:
            raise Refused(400, "invalid_request", "the client authenticated in two ways")
        client_id, secret = basic or (fields.get("client_id", ""), fields.get("client_secret"))
        client = self._registry.clients.get(client_id)
        if client is None:
            raise Refused(401, "invalid_client", "unknown client")
        method = "client_secret_basic" if basic else "client_secret_post" if secret is not None else "none"
        expected = client.token_endpoint_auth_method if client.client_secret else "none"
        if method != expected or secret != client.client_secret:
            raise Refused(401, "invalid_client", "client authentication failed")
        return client

    def _code(self, fields: Mapping[str, str], client: Client) -> dict[str, Any]:
        grant = self._registry.grants.get(fields.get("code", ""))
        if grant is None or grant.client_id != client.client_id:
            raise Refused(400, "invalid_grant", "invalid authorization code")
        if grant.redeemed:
            # RFC 6749 section 4.1.2: whoever came first may be a thief.
            grant.revoked = True
            raise Refused(400, "invalid_grant", "the code was used before")
        if grant.code_expires_at < self._registry.clock():
            raise Refused(400, "invalid_grant", "expired authorization code")
        if fields.get("redirect_uri") != grant.redirect_uri:
            raise Refused(400, "invalid_grant", "redirect_uri differs from the authorization request")
        if code_challenge(fields.get("code_verifier", "")) != grant.code_challenge:
            raise Refused(400, "invalid_grant", "invalid code verifier")
        grant.redeemed = True
        return self._tokens(grant, with_refresh="offline_access" in grant.scope.split())

    def _refresh(self, fields: Mapping[str, str], client: Client) -> dict[str, Any]:
        token = fields.get("refresh_token", "")
        grant = self._registry.grant_of_refresh_token(token)
        if grant is None or grant.client_id != client.client_id or grant.revoked:
            raise Refused(400, "invalid_grant", "expired access/refresh token")
        if "code_verifier" in fields or "redirect_uri" in fields:
            raise Refused(400, "invalid_request", "a parameter that belongs to another grant")
        if not grant.refresh_tokens[token]:
            grant.revoked = True
            raise Refused(400, "invalid_grant", "the refresh token was replaced; the grant is revoked")
        if self._rotate:
            grant.refresh_tokens[token] = False
        return self._tokens(grant, with_refresh=self._rotate)

    def _tokens(self, grant: Grant, *, with_refresh: bool) -> dict[str, Any]:
        access_token = secrets.token_urlsafe(32)
        grant.access_tokens[access_token] = self._registry.clock() + (self._expires_in or 3600)
        answer: dict[str, Any] = {"access_token": access_token, "token_type": "Bearer", "scope": grant.scope}
        if self._expires_in is not None:
            answer["expires_in"] = self._expires_in
        if with_refresh:
            answer["refresh_token"] = secrets.token_urlsafe(32)
            grant.refresh_tokens[answer["refresh_token"]] = True
        if "openid" in grant.scope.split():
            answer["id_token"] = self._id_token(grant, access_token)
        return answer

    def _id_token(self, grant: Grant, access_token: str) -> str:
        now = int(self._registry.clock())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": grant.user.subject,
            "aud": grant.client_id,
            "iat": now,
            "exp": now + 600,
            "at_hash": left_half_hash(access_token),
            **identity(grant),
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        return sign(claims)

    def revoke(self, fields: Mapping[str, str], authorization: str | None) -> None:
        """Revoke a token; an unknown one is revoked already (RFC 7009 section 2.2)."""
        with self._registry.lock:
            client = self.authenticated(fields, authorization)
            token = fields.get("token", "")
            grant = self._registry.grant_of_refresh_token(token)
            if grant and grant.client_id == client.client_id:
                grant.revoked = True
            for each in self._registry.grants.values():
                if each.client_id == client.client_id:
                    each.access_tokens.pop(token, None)


def identity(grant: Grant) -> dict[str, Any]:
    """Give the claims about the person that the scope covers."""
    scopes = grant.scope.split()
    claims: dict[str, Any] = {}
    if "profile" in scopes:
        claims["preferred_username"] = grant.user.username
    return {**claims, **(grant.user.claims if "email" in scopes or "profile" in scopes else {})}


def code_challenge(code_verifier: str) -> str:
    """Compute S256 once more, apart from the client's own code (RFC 7636 section 4.6)."""
    digest = sha256(code_verifier.encode("ascii", "replace")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(credentials, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise Refused(401, "invalid_client", "the Authorization header cannot be decoded") from None
    return unquote_plus(client_id), unquote_plus(secret)
