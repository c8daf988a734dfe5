"""RV-03: the request that revokes a token."""

from __future__ import annotations

from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.revocation import revocation_request

from ...support.samples import client, form_of, server


def test_rv_03_a_token_is_revoked_in_the_body_and_never_in_the_address() -> None:
    post = revocation_request(
        Secret("canary+/="),
        hint="refresh_token",
        client=client(),
        server=server(revocation_endpoint="https://a.example/r"),
    )
    assert post
    assert post.url == "https://a.example/r"
    assert form_of(post) == {
        "token": ["canary+/="],
        "token_type_hint": ["refresh_token"],
        "client_id": ["my-cli"],
    }
    assert "canary" not in repr(post)


def test_a_server_without_revocation_is_sent_nothing() -> None:
    assert (
        revocation_request(Secret("t"), hint="access_token", client=client(), server=server())
        is None
    )
