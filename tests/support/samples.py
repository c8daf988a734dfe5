"""Values of one conversation with one server, each as small as a test can use it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from loopback_auth.oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
from loopback_auth.oauth.http.messages import HttpReply
from loopback_auth.oauth.metadata import Client, ServerMetadata
from loopback_auth.oauth.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.oauth.http.messages import FormPost

ISSUER = "https://id.example.com"
TOKEN_ENDPOINT = f"{ISSUER}/token"
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

CANARY = "canary-7Q9zX4"
"""Stands in every place where a secret may be; no repr may show it."""


def server(**members: Any) -> ServerMetadata:
    return replace(
        ServerMetadata(
            issuer=ISSUER,
            authorization_endpoint=f"{ISSUER}/authorize",
            token_endpoint=TOKEN_ENDPOINT,
        ),
        **members,
    )


def client(secret: str | None = None, **members: Any) -> Client:
    return Client(
        **{
            "client_id": "my-cli",
            "client_secret": Secret(secret) if secret is not None else None,
            **members,
        }
    )


def request(**members: Any) -> AuthorizationRequest:
    return AuthorizationRequest.new(
        **{
            "server": server(),
            "client": client(),
            "redirect_uri": "http://127.0.0.1:8765/callback",
            "scope": "openid api",
            "token_bytes": token_bytes,
            **members,
        }
    )


def answer(asked: AuthorizationRequest, **parameters: str) -> list[tuple[str, str]]:
    """
    Give the parameters of a good answer to *asked*, changed by *parameters*; an empty one is left
    out.
    """
    members = {"state": asked.state.reveal(), "code": "the-code", **parameters}
    return [(name, value) for name, value in members.items() if value]


def response(
    asked: AuthorizationRequest | None = None, *, code: str = "the-code"
) -> AuthorizationResponse:
    asked = asked or request()
    read = asked.read(answer(asked, code=code))
    assert isinstance(read, AuthorizationResponse)
    return read


def reply(
    body: object,
    *,
    status: int = 200,
    url: str = TOKEN_ENDPOINT,
    headers: Mapping[str, str] | None = None,
) -> HttpReply:
    """Give an answer with *body*: bytes as they are, text in UTF-8, anything else as JSON."""
    octets = (
        body
        if isinstance(body, bytes)
        else (body if isinstance(body, str) else json.dumps(body)).encode()
    )
    return HttpReply(
        url=url, status=status, headers=headers or {"content-type": "application/json"}, body=octets
    )


def form_of(post: FormPost) -> dict[str, list[str]]:
    """Return the fields of *post* as a server reads them."""
    return parse_qs(post.body().decode("ascii"), keep_blank_values=True, strict_parsing=True)
