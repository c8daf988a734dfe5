"""The grants in which nobody signs in - RFC 6749 section 4.4, RFC 7523 section 2.1, RFC 8693."""

from __future__ import annotations

from ..client_authentication import authenticated
from ..http.messages import FormPost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from ..metadata import Client, ServerMetadata
    from ..secret import Secret

ASSERTION_S = 180
"""How long an assertion is good: some servers take none that lasts longer."""

CLOCK_S = 90
"""A clock that is less wrong is no reason to refuse an assertion, or may be the answer's way."""

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name

_JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"

Pairs = tuple[tuple[str, str], ...]


def assertion_claims(
    *, issuer: str, subject: str, audience: str, at: datetime, jti: str
) -> dict[str, Any]:
    """Return the claims of an assertion that is made at the time *at* (RFC 7523 section 3)."""
    now = int(at.timestamp())
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": now,
        "exp": now + ASSERTION_S,
        "jti": jti,
    }


def clock_error(date: str, now: datetime) -> str:
    """Return by how much the clock is wrong, in words, as *date*, an answer's header, tells."""
    from email.utils import parsedate_to_datetime

    try:
        behind_s = (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError):
        return ""
    if abs(behind_s) < CLOCK_S:
        return ""
    return f"{abs(behind_s) / 60:.0f} minutes {'slow' if behind_s > 0 else 'fast'}"


def client_credentials_grant(client: Client, server: ServerMetadata, *, more: Pairs) -> FormPost:
    """Return the request for a token of the client's own; *more* are `scope` and the like."""
    fields = (("grant_type", "client_credentials"), *more)
    return authenticated(client, server, url=server.token_endpoint, fields=fields)


def jwt_bearer_grant(
    client: Client, server: ServerMetadata, assertion: Secret, *, more: Pairs
) -> FormPost:
    """
    Return the request for a token that *assertion* stands for.

    A client that has nothing to authenticate with is named by the assertion alone, as RFC 7521
    section 4.1 allows.
    """
    url = server.token_endpoint
    fields: tuple[tuple[str, str | Secret], ...] = (
        ("grant_type", JWT_BEARER),
        ("assertion", assertion),
        *more,
    )
    if client.client_secret is None and client.client_assertion is None:
        return FormPost(url=url, fields=fields)
    return authenticated(client, server, url=url, fields=fields)


def token_exchange_grant(
    client: Client, server: ServerMetadata, subject_token: Secret, *, more: Pairs
) -> FormPost:
    """Return the request for a token in exchange for *subject_token* (RFC 8693 section 2.1)."""
    fields: tuple[tuple[str, str | Secret], ...] = (
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", subject_token),
        # Where the person says what it is, as some servers want "id_token".
        *(() if "subject_token_type" in dict(more) else (("subject_token_type", _JWT_TYPE),)),
        *more,
    )
    return authenticated(client, server, url=server.token_endpoint, fields=fields)


def more_of(grant: Mapping[str, Any]) -> Pairs:
    """Return what the stored *grant* sends besides: its scope, and parameters, each a list."""
    scope = (("scope", grant["scope"]),) if grant.get("scope") else ()
    parameters = grant.get("parameters", {}).items()
    return (*scope, *((name, value) for name, values in parameters for value in values))
