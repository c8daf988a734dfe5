"""TX-03 and TX-04: one authentication of the client, which servers decode to what was given."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

import pytest

from loopback_auth.oauth.client_authentication import token_endpoint_auth_method
from loopback_auth.oauth.token.reply import authorization_code_grant

from ..support.samples import client, form_of, request, response, server

if TYPE_CHECKING:
    from loopback_auth.oauth.http.messages import FormPost
    from loopback_auth.oauth.metadata import Client, ServerMetadata

AWKWARD = (
    "a:b%c+d é",
    "with space",
    "%2B+%",
    "ünïcode-東",
    "a&b=c#d?e/f",
    '"quoted\\"',
    "+",
    ":",
    " ",
)


def grant(sender: Client, at: ServerMetadata | None = None) -> FormPost:
    return authorization_code_grant(response(request(client=sender, server=at or server())))


@pytest.mark.parametrize("secret", AWKWARD)
@pytest.mark.parametrize("client_id", AWKWARD)
@pytest.mark.parametrize("decode", [unquote, unquote_plus])
def test_tx_03_basic_credentials_survive_both_ways_that_servers_decode_them(
    client_id: str, secret: str, decode: Any
) -> None:
    post = grant(
        client(secret, client_id=client_id, token_endpoint_auth_method="client_secret_basic")
    )
    assert post.authorization
    scheme, _, pair = post.authorization.reveal().partition(" ")
    assert scheme == "Basic"
    got_id, _, got_secret = b64decode(pair, validate=True).decode("ascii").partition(":")
    assert (decode(got_id), decode(got_secret)) == (client_id, secret)


@pytest.mark.parametrize("secret", AWKWARD)
def test_tx_03_a_secret_in_the_body_arrives_as_it_was_given(secret: str) -> None:
    post = grant(client(secret, client_id=secret, token_endpoint_auth_method="client_secret_post"))
    assert form_of(post)["client_secret"] == form_of(post)["client_id"] == [secret]
    assert post.authorization is None


def test_tx_03_no_secret_is_ever_in_an_address() -> None:
    for method in ("client_secret_basic", "client_secret_post", "none", None):
        post = grant(client("canary", token_endpoint_auth_method=method))
        assert "canary" not in post.url


BASIC, POST, BOTH = (
    ("client_secret_basic",),
    ("client_secret_post",),
    ("client_secret_post", "client_secret_basic"),
)

METHODS = [
    # the secret, the client's own method, what the server lists, whether it has an issuer -> the
    # method
    (None, None, BASIC, True, "none"),
    (None, "client_secret_basic", BASIC, True, "none"),
    ("s", None, None, True, "client_secret_basic"),
    ("s", None, None, False, "client_secret_post"),
    ("s", None, BASIC, True, "client_secret_basic"),
    ("s", None, POST, True, "client_secret_post"),
    ("s", None, BOTH, True, "client_secret_basic"),
    ("s", None, ("private_key_jwt",), True, "client_secret_post"),
    ("s", None, (), True, "client_secret_post"),
    ("s", "client_secret_post", BASIC, True, "client_secret_post"),
    ("s", "client_secret_basic", POST, True, "client_secret_basic"),
    ("s", "none", BASIC, True, "none"),
]


@pytest.mark.parametrize(("secret", "chosen", "offered", "has_issuer", "method"), METHODS)
def test_tx_04_one_way_of_proving_who_asks_is_chosen_and_used_alone(
    secret: str | None,
    chosen: str | None,
    offered: tuple[str, ...] | None,
    has_issuer: bool,  # noqa: FBT001 - a column
    method: str,
) -> None:
    at = server(
        token_endpoint_auth_methods_supported=offered, **({} if has_issuer else {"issuer": None})
    )
    sender = client(secret, token_endpoint_auth_method=chosen)
    post = grant(sender, at)
    assert token_endpoint_auth_method(sender, at) == method
    assert bool(post.authorization) == (method == "client_secret_basic")
    assert ("client_secret" in form_of(post)) == (method == "client_secret_post")
    # RFC 6749 section 3.2.1: client_id in the body is for clients that do not authenticate
    # otherwise.
    assert ("client_id" in form_of(post)) == (method != "client_secret_basic")


def test_tx_04_a_public_client_sends_neither_a_secret_nor_a_header() -> None:
    post = grant(client())
    assert post.authorization is None
    assert "client_secret" not in form_of(post)
