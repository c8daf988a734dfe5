"""
Client authentication at the token, revocation and introspection endpoints.

RFC 6749 section 2.3.
"""

from __future__ import annotations

import re
from base64 import b64decode
from secrets import compare_digest
from urllib.parse import unquote_plus

from ..http.answers import RequestRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.records import Request
    from .registry import Client, Registry

CHALLENGE = 'Basic realm="loopback-auth test server", charset="UTF-8"'

# What form-urlencoding leaves of a text (RFC 6749 appendix B), and the few marks that JavaScript's
# encodeURIComponent leaves too.
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~*!'()+]|%[0-9A-Fa-f]{2})*")
_NEVER_IN_A_URL = {
    "client_secret",
    "client_assertion",
    "code",
    "code_verifier",
    "refresh_token",
    "access_token",
    "token",
}


def read_form(request: Request) -> dict[str, str]:
    """
    Return the fields of a form in which each occurs once.

    A field without a value counts as absent (RFC 6749 section 3.2).

    Raises:
        RequestRefused: A field occurs twice, the body is no form, or the URL has credentials.
    """
    if _NEVER_IN_A_URL & set(request.query):
        raise RequestRefused("invalid_request", "Credentials belong in the body, not in the URL.")
    if not request.is_form:
        raise RequestRefused(
            "invalid_request", "The body must be application/x-www-form-urlencoded."
        )
    if any(len(values) > 1 for values in request.form.values()):
        raise RequestRefused("invalid_request", "A parameter occurs twice.")
    return {name: values[0] for name, values in request.form.items() if values[0]}


def authenticated(registry: Registry, request: Request, fields: dict[str, str]) -> Client:
    """
    Return the client, proven by exactly the one method it is registered with.

    Raises:
        RequestRefused: No client is, or another method was used.
    """
    authorization = request.headers.get("authorization")
    if "client_assertion" in fields:
        raise _invalid_client("Client assertions are not supported.")
    if authorization is not None and "client_secret" in fields:
        raise RequestRefused("invalid_request", "The client authenticated in two ways.")
    if authorization is not None:
        method, (client_id, secret) = "client_secret_basic", _read_basic(authorization)
        if fields.get("client_id", client_id) != client_id:
            raise RequestRefused(
                "invalid_request", "The body and the Authorization header name two clients."
            )
    else:
        client_id, secret = fields.get("client_id", ""), fields.get("client_secret", "")
        method = "client_secret_post" if secret else "none"
    client = registry.clients.get(client_id)
    if client is None:
        raise _invalid_client("The client is not known.")
    if method != client.auth_method:
        raise _invalid_client(
            f"This client is registered for {client.auth_method}, not for {method}."
        )
    if not compare_digest((client.client_secret or "").encode(), secret.encode()):
        raise _invalid_client("The client secret is wrong.")
    return client


def _read_basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _invalid_client("The Authorization header is not Basic.")
    try:
        client_id, colon, secret = (
            b64decode(credentials, validate=True).decode("ascii").partition(":")
        )
    except ValueError:
        raise _invalid_client("The Authorization header cannot be decoded.") from None
    if not (colon and _ENCODED.fullmatch(client_id) and _ENCODED.fullmatch(secret)):
        raise _invalid_client(
            "The client id and the secret must each be form-urlencoded (RFC 6749 section 2.3.1)."
        )
    return unquote_plus(client_id), unquote_plus(secret)


def _invalid_client(description: str) -> RequestRefused:
    return RequestRefused("invalid_client", description, status=401, challenge=CHALLENGE)
