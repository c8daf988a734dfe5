"""Metadata of the server (RFC 8414) and of the client (RFC 7591), by the names of these RFCs."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import DiscoveryFailed, IssuerMisspelled, PKCEUnsupported, ProtocolError, URLRefused
from ..value import Value, replace
from .http.url import check_url
from .text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..errors import LoopbackAuthError
    from .http.messages import HttpReply
    from .secret import Secret

OPTIONAL_ENDPOINTS = (
    "revocation_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "device_authorization_endpoint",
)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", *OPTIONAL_ENDPOINTS)
"""The members of server metadata to whose addresses something is sent."""


class ServerMetadata(Value):
    """
    The metadata of an authorization server that a sign-in needs.

    A list is `None` where the server did not send it. `issuer` is `None` where the endpoints were
    given one by one.
    """

    authorization_endpoint: str
    token_endpoint: str
    issuer: str | None = None
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    response_modes_supported: tuple[str, ...] | None = None
    code_challenge_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    authorization_response_iss_parameter_supported: bool = False

    @property
    def other_hosts(self) -> dict[str, str]:
        """
        The endpoints at another host than the issuer, and their hosts with the port.

        Without an issuer, those at another host than the authorization endpoint.
        """
        own = _host_and_port(self.issuer or self.authorization_endpoint)
        hosts = {name: _host_and_port(url) for name in ENDPOINTS if (url := getattr(self, name))}
        return {name: host for name, host in hosts.items() if host != own}

    def to_json(self) -> dict[str, Any]:
        """Return the members that are known, by their names in RFC 8414."""
        members = {name: getattr(self, name) for name in type(self).names}
        return {
            name: list(v) if isinstance(v, tuple) else v
            for name, v in members.items()
            if v not in (None, False)
        }


class Client(Value):
    """
    The client, as the server knows it.

    A client without a secret is public (RFC 6749 section 2.1), unless it has a *client_assertion*
    (RFC 7523 section 2.2), which is made for one request and stored nowhere.
    """

    client_id: str
    client_secret: Secret | None = None
    token_endpoint_auth_method: str | None = None
    client_assertion: Secret | None = None

    def with_assertion(self, assertion: Secret) -> Client:
        """Return this client with *assertion* to authenticate with, in one request."""
        return replace(self, client_assertion=assertion)


def well_known_urls(issuer: str) -> tuple[str, ...]:
    """
    Return the addresses of *issuer*'s metadata, the most specific first.

    OpenID Connect Discovery appends to the issuer; RFC 8414 section 3.1 inserts between host and
    path.
    """
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    appended = f"{origin}{path}/.well-known/openid-configuration"
    inserted = f"{origin}/.well-known/oauth-authorization-server{path}"
    if not path:
        return appended, inserted
    return appended, inserted, f"{origin}/.well-known/openid-configuration{path}"


def read_metadata_document(reply: HttpReply, *, issuer: str) -> dict[str, Any]:
    """
    Return one metadata document, which must name *issuer* byte for byte (RFC 8414 section 3.3).

    Raises:
        IssuerMisspelled: The document names the issuer of the same origin otherwise.
        DiscoveryFailed: The document is another issuer's.
        ProtocolError: The answer is no metadata document.
        HTMLAnswer, UnexpectedRedirect, ServerUnavailable: The same, with a known reason.
    """
    from .http.messages import read_json_object, refuse_unusable

    document = read_json_object(reply, what="discovery")
    refuse_unusable(reply, "discovery")
    # RFC 8414 section 3.2.
    if not reply.is_ok:
        raise ProtocolError(f"discovery: {reply.url} answered with status {reply.status}")
    named = document.get("issuer")
    if named == issuer:
        return document
    if isinstance(named, str) and named:
        raise _another_issuer(named, issuer, reply.url)
    raise ProtocolError(f"discovery: the document at {reply.url} names no issuer")


_BY_NAME = "`loopback-auth login {profile} --issuer {named}`"
_BY_HAND = (
    "give the endpoints that {url} lists:"
    " `loopback-auth login {profile} --authorization-endpoint URL --token-endpoint URL`"
)


def _another_issuer(named: str, issuer: str, url: str) -> LoopbackAuthError:
    """Return the error for a document at *url* that is of the issuer *named*."""
    message = f"the server calls itself {named}, not {issuer}"
    can_be_asked = _can_be_asked(named)
    if can_be_asked and named.rstrip("/").lower() == issuer.rstrip("/").lower():
        return IssuerMisspelled(
            message, fix=f"use the server's own spelling: {_BY_NAME}", named=named
        )
    if can_be_asked and _is_at_origin_of(named, issuer):
        return IssuerMisspelled(
            message,
            fix=f"use the server's own name: {_BY_NAME}; if nothing is there, {_BY_HAND}",
            named=named,
            url=url,
        )
    return DiscoveryFailed(
        f"the metadata of {issuer} is of another issuer: {one_line(named, limit=120)}",
        cause="Issuers are compared character by character, so that no other server can pass for"
        " yours (RFC 8414 section 3.3).",
        fix=f"if that is the server you mean: {_BY_NAME}; else {_BY_HAND}"
        if can_be_asked
        else _BY_HAND,
        issuer=issuer,
        url=url,
        named=named,
    )


def _can_be_asked(issuer: str) -> bool:
    try:
        check_url(issuer, name="the issuer in the server's metadata")
    except URLRefused:
        return False
    return True


def _is_at_origin_of(url: str, other: str) -> bool:
    from .resource.address import origin_in

    return origin_in(url) == origin_in(other)


def server_metadata(document: Mapping[str, Any], *, is_machine: bool = False) -> ServerMetadata:
    """
    Return the metadata that *document* (of discovery, a provider or the store) holds, checked.

    With *is_machine* nobody signs in: the server needs no PKCE, and no authorization endpoint (RFC
    8414 section 2); its token endpoint then stands in for that one's host.

    Raises:
        ProtocolError: An endpoint is missing, or a member has the wrong type.
        URLRefused: An address must not be used.
        PKCEUnsupported: The server lists the methods of PKCE, and S256 is not among them.
    """
    if is_machine and (token_endpoint := _url(document, "token_endpoint")):
        document = {"authorization_endpoint": token_endpoint, **document}
    for name in ("authorization_endpoint", "token_endpoint"):
        if not isinstance(document.get(name), str):
            raise ProtocolError(f"the server's metadata has no {name}")
    urls = {name: _url(document, name) for name in ("issuer", *ENDPOINTS)}
    lists = {
        name: _names(document, name)
        for name in ServerMetadata.names
        if name.endswith("s_supported")
    }
    methods = lists["code_challenge_methods_supported"]
    if methods is not None and "S256" not in methods and not is_machine:
        raise PKCEUnsupported(
            f"the server's metadata offers no PKCE with S256, only: {', '.join(methods) or 'none'}"
        )
    members: dict[str, Any] = {**urls, **lists}
    return ServerMetadata(
        **members,
        authorization_response_iss_parameter_supported=document.get(
            "authorization_response_iss_parameter_supported"
        )
        is True,
    )


def _host_and_port(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.lower().removesuffix({"https": ":443", "http": ":80"}.get(parts.scheme, ""))


def _url(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ProtocolError(f"the server's metadata has a {name} that is not a string")
    return check_url(value, name=name)


def _names(document: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ProtocolError(f"the server's metadata has a {name} that is not a list of strings")
    return tuple(value)


def merge(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the members of several documents of one issuer; the earlier document wins."""
    merged: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            merged.setdefault(name, value)
    return merged
