"""How a client proves itself to the server's endpoints - RFC 6749 section 2.3."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

from .http.messages import FormPost
from .secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .metadata import Client, ServerMetadata


def token_endpoint_auth_method(client: Client, server: ServerMetadata) -> str:
    """
    Choose how the client proves itself: as told, else `client_secret_basic` when the server offers
    it, else `_post`.

    RFC 8414 section 2: a metadata document that lists no methods means `client_secret_basic`.
    Endpoints that were given one by one have no document behind them, and then the body is what
    most servers read.
    """
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
    """Build a request of *client* with exactly one proof of who it is - RFC 6749 section 2.3."""
    method = token_endpoint_auth_method(client, server)
    named = (*fields, ("client_id", client.client_id))
    if method == "none" or client.client_secret is None:
        return FormPost(url=url, fields=named)
    if method == "client_secret_post":
        return FormPost(url=url, fields=(*named, ("client_secret", client.client_secret)))
    # RFC 6749 section 2.3.1: both halves are form-urlencoded before they are joined. A space as
    # %20, not +: that decodes the same for a server that reads forms and for the many that only
    # undo percent signs.
    pair = f"{_encoded(client.client_id)}:{_encoded(client.client_secret.reveal())}"
    return FormPost(
        url=url,
        fields=fields,
        authorization=Secret("Basic " + b64encode(pair.encode()).decode("ascii")),
        encoded=(client.client_secret,),
    )


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")
