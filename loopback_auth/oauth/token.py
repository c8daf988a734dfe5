"""Grants, and the token endpoint's answer - RFC 6749 sections 4.1.3, 5 and 2.3.1."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from ..errors import ProtocolError, TokenError
from .expiry import jwt_expiry, told_expiry
from .secret import Secret
from .text import one_line
from .wire import FormPost, read_json_object, refuse_unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from .authorization import AuthorizationResponse
    from .metadata import Client, ServerMetadata
    from .wire import HttpReply

TOKEN_CHARACTERS = 64 * 1024
"""Longer than any header a server takes. RFC 6749 appendix A.12 sets the alphabet."""

EXTRA_OCTETS = 64 * 1024
"""Room for all members of an answer that RFC 6749 does not know; a larger rest is not kept."""

KNOWN_ERRORS = frozenset(
    {
        # RFC 6749 section 5.2
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        # RFC 8707 section 2, RFC 9449 section 8
        "invalid_target",
        "use_dpop_nonce",
        # Several servers say it here too, though RFC 6749 has it for the other endpoint only.
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    }
)

_STANDARD = frozenset({"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """
    What a token endpoint gave.

    Times are aware, in UTC; `expires_at` is `None` when the server did not say. `scope` is what was granted, space-separated.
    `extra` holds every other member of the answer verbatim (`instance_url`, `id`, ...): data, never trusted as an address to
    send anything to, and hidden from repr since some servers put secrets there.
    """

    access_token: Secret
    token_type: str
    obtained_at: datetime
    scope: str = ""
    expires_at: datetime | None = None
    refresh_token: Secret | None = None
    id_token: Secret | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


def authorization_code_grant(response: AuthorizationResponse) -> FormPost:
    """Build the one request that redeems the code of *response* - RFC 6749 section 4.1.3, RFC 7636 section 4.5, RFC 8707 section 2.2."""
    request = response.request
    return authenticated(
        request.client,
        request.server,
        url=request.server.token_endpoint,
        fields=(
            ("grant_type", "authorization_code"),
            ("code", response.code),
            ("redirect_uri", request.redirect_uri),
            ("code_verifier", request.code_verifier),
            *(("resource", value) for value in request.resource),
        ),
    )


def token_endpoint_auth_method(client: Client, server: ServerMetadata) -> str:
    """
    Choose how the client proves itself: as told, else `client_secret_basic` when the server offers it, else `_post`.

    RFC 8414 section 2: a metadata document that lists no methods means `client_secret_basic`. Endpoints that were given one by
    one have no document behind them, and then the body is what most servers read.
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
    client: Client, server: ServerMetadata, *, url: str, fields: tuple[tuple[str, str | Secret], ...]
) -> FormPost:
    """Build a request of *client* with exactly one proof of who it is - RFC 6749 section 2.3."""
    method = token_endpoint_auth_method(client, server)
    named = (*fields, ("client_id", client.client_id))
    if method == "none" or client.client_secret is None:
        return FormPost(url=url, fields=named)
    if method == "client_secret_post":
        return FormPost(url=url, fields=(*named, ("client_secret", client.client_secret)))
    # RFC 6749 section 2.3.1: both halves are form-urlencoded before they are joined. A space as %20, not +: that decodes the same
    # for a server that reads forms and for the many that only undo percent signs.
    pair = f"{_encoded(client.client_id)}:{_encoded(client.client_secret.reveal())}"
    return FormPost(
        url=url,
        fields=fields,
        authorization=Secret("Basic " + b64encode(pair.encode()).decode("ascii")),
        encoded=(client.client_secret,),
    )


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def read_token_reply(reply: HttpReply, *, received_at: datetime, scope: str = "") -> TokenSet:
    """
    Read the token endpoint's answer - RFC 6749 sections 5.1 and 5.2.

    *received_at* is aware, in UTC. *scope* is what was asked for, which is what an answer without one means. Raises `TokenError`
    if the answer is an error, whatever its status (some servers send 200), and `ProtocolError` or one of its like if it is neither.
    """
    answer = read_json_object(reply, what="the token endpoint")
    if "error" in answer:
        raise _token_error(reply, answer)
    refuse_unusable(reply, "the token endpoint")
    if reply.status != 200:  # noqa: PLR2004 - RFC 6749 section 5.1
        raise ProtocolError(f"the token endpoint answered with status {reply.status} and no error code")
    access_token = _access_token(answer)
    return TokenSet(
        access_token=access_token,
        token_type=_token_type(answer),
        obtained_at=received_at,
        expires_at=told_expiry(answer.get("expires_in"), received_at)
        or jwt_expiry(access_token, received_at),
        refresh_token=_token(answer, "refresh_token"),
        id_token=_token(answer, "id_token"),
        scope=_scope(answer, scope),
        extra=_extra(answer),
    )


def _token_error(reply: HttpReply, answer: Mapping[str, Any]) -> TokenError:
    error, description = answer["error"], answer.get("error_description")
    code = (one_line(error, limit=60) if isinstance(error, str) else "") or "an error without a name"
    said = one_line(reply.without_sent(description)) if isinstance(description, str) else ""
    host = urlsplit(reply.url).netloc
    return TokenError(
        f"{host} refused the request ({code}{said and ': '}{said})",
        error=code,
        known=code in KNOWN_ERRORS,
        host=host,
        error_description=said,
    )


def _access_token(answer: Mapping[str, Any]) -> Secret:
    token = _token(answer, "access_token")
    if token is None:
        raise ProtocolError("the token endpoint's answer has no access_token")
    return token


def _token(answer: Mapping[str, Any], name: str) -> Secret | None:
    value = answer.get(name)
    if value is None or (value == "" and name != "access_token"):
        return None
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= TOKEN_CHARACTERS
        or any(not "!" <= c <= "~" for c in value)
    ):
        raise ProtocolError(f"the token endpoint's answer has a malformed {name}")
    return Secret(value)


def _token_type(answer: Mapping[str, Any]) -> str:
    value = answer.get("token_type")
    if not isinstance(value, str):
        raise ProtocolError("the token endpoint's answer has no token_type")
    if value.lower() != "bearer":
        raise ProtocolError(
            f"the token endpoint gave a token of the unknown type {one_line(value, limit=40)!r}"
        )
    return "Bearer"


def _scope(answer: Mapping[str, Any], asked: str) -> str:
    value = answer.get("scope")
    # A few servers send a list, and GitHub joins with commas; the field means the same.
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    return one_line(value, limit=4096) if isinstance(value, str) and value.strip() else asked


def _extra(answer: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in answer.items() if name not in _STANDARD}
    return rest if len(repr(rest)) <= EXTRA_OCTETS else {}
