"""Client authentication at the server's endpoints - RFC 6749 section 2.3."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

from .http.messages import FormPost
from .secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .metadata import Client, ServerMetadata


PRIVATE_KEY_JWT = "private_key_jwt"

JWT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 section 2.2."""


def token_endpoint_auth_method(client: Client, server: ServerMetadata) -> str:
    """
    Return the authentication method of *client* at *server*.

    It is the method that *client* names; else `client_secret_basic` if the server offers it; else
    `client_secret_post`. A metadata document that lists no methods means `client_secret_basic`
    (RFC 8414 section 2). Without a document, when the endpoints were given one by one, the body is
    what most servers read.
    """
    if client.client_assertion is not None:
        return PRIVATE_KEY_JWT
    if client.client_secret is None:
        return "none"
    if client.token_endpoint_auth_method:
        return client.token_endpoint_auth_method
    offered = server.token_endpoint_auth_methods_supported
    if offered is None:
        offered = ("client_secret_basic",) if server.issuer else ()
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


def authenticated(
    client: Client,
    server: ServerMetadata,
    *,
    url: str,
    fields: tuple[tuple[str, str | Secret], ...],
) -> FormPost:
    """
    Return the request of *fields* to *url* with exactly one authentication of *client*.

    RFC 6749 section 2.3.
    """
    method = token_endpoint_auth_method(client, server)
    named = (*fields, ("client_id", client.client_id))
    if client.client_assertion is not None:
        proof = ("client_assertion", client.client_assertion)
        return FormPost(url=url, fields=(*named, ("client_assertion_type", JWT_ASSERTION), proof))
    if method == "none" or client.client_secret is None:
        return FormPost(url=url, fields=named)
    if method == "client_secret_post":
        return FormPost(url=url, fields=(*named, ("client_secret", client.client_secret)))
    # RFC 6749 section 2.3.1: both halves are form-urlencoded before they are joined. A space is
    # written %20, not +: servers that read forms and the many that only undo percent signs both
    # decode that.
    pair = f"{_encoded(client.client_id)}:{_encoded(client.client_secret.reveal())}"
    return FormPost(
        url=url,
        fields=fields,
        authorization=Secret("Basic " + b64encode(pair.encode()).decode("ascii")),
        encoded=(client.client_secret,),
    )


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")
