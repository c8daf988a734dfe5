"""
The token endpoint redeems what is whole, fresh, unused and the asker's own - RFC 6749 sections
4.1.3 and 5, RFC 7636.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from loopback_auth.testing import Policy
from tests.support.asking import (
    CHALLENGE,
    REDIRECT_URI,
    SECRET,
    VERIFIER,
    ask,
    basic,
    challenge_of,
    code,
    exchange,
    me,
    post,
    tokens,
)

if TYPE_CHECKING:
    from loopback_auth.testing import AuthorizationServer
    from tests.support.asking import Clock


def test_a_code_becomes_tokens(server: AuthorizationServer) -> None:
    """RFC 6749 section 5.1: the members, and the headers that keep them out of caches."""
    reply = exchange(server, {"code": code(server)})

    assert reply.status == 200
    assert reply.json.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "id_token",
    }
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 3600)
    assert reply.headers["content-type"].startswith("application/json")
    assert (reply.headers["cache-control"], reply.headers["pragma"]) == ("no-store", "no-cache")
    assert me(server, reply.json["access_token"]) == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"code": None}, "invalid_request"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": REDIRECT_URI + "/"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:10/callback"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_request"),
        ({"code_verifier": VERIFIER[:-1] + "l"}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": "é" * 43}, "invalid_request"),
        ({"code_verifier": "a" * 129}, "invalid_request"),
        ({"client_id": "exact"}, "invalid_grant"),
    ],
)
def test_a_wrong_exchange_is_refused(
    server: AuthorizationServer, changes: dict[str, str | None], error: str
) -> None:
    reply = exchange(server, {"code": code(server), **changes})

    assert (reply.status, reply.json["error"]) == (400, error)
    assert "access_token" not in reply.json
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("length", [43, 128])
def test_verifiers_of_every_allowed_length_are_read(
    server: AuthorizationServer, length: int
) -> None:
    """RFC 7636 section 4.1."""
    verifier = ("-._~aZ09" * 16)[:length]
    granted = code(server, code_challenge=challenge_of(verifier))

    assert exchange(server, {"code": granted, "code_verifier": verifier}).status == 200


def test_a_code_that_is_used_twice_takes_back_what_it_gave(server: AuthorizationServer) -> None:
    """RFC 6749 section 4.1.2: refused, and access token and refresh token are dead."""
    granted = code(server)
    first = exchange(server, {"code": granted}).json
    second = exchange(server, {"code": granted})

    assert (second.status, second.json["error"]) == (400, "invalid_grant")
    assert me(server, first["access_token"]) == 401
    refreshed = post(
        server,
        "/token",
        {
            "grant_type": "refresh_token",
            "client_id": "public",
            "refresh_token": first["refresh_token"],
        },
    )
    assert refreshed.json["error"] == "invalid_grant"


def test_a_code_has_one_try(server: AuthorizationServer) -> None:
    """Nobody gets to guess the verifier: after a wrong one, the right one comes too late."""
    granted = code(server)

    assert exchange(server, {"code": granted, "code_verifier": "a" * 43}).status == 400
    assert exchange(server, {"code": granted}).json["error"] == "invalid_grant"


def test_another_client_cannot_use_a_code_up(server: AuthorizationServer) -> None:
    granted = code(server)

    assert (
        exchange(server, {"code": granted, "client_id": "exact"}).json["error"] == "invalid_grant"
    )
    assert exchange(server, {"code": granted}).status == 200


@pytest.mark.parametrize(("age_s", "status"), [(59, 200), (60, 400), (3600, 400)])
def test_a_code_lives_as_long_as_the_policy_says(
    server: AuthorizationServer, clock: Clock, age_s: int, status: int
) -> None:
    granted = code(server)
    clock.advance(age_s)

    assert exchange(server, {"code": granted}).status == status


def test_the_policy_sets_how_long_a_code_lives(server: AuthorizationServer, clock: Clock) -> None:
    server.policy = Policy(code_ttl_s=5)
    granted = code(server)
    clock.advance(5)

    assert exchange(server, {"code": granted}).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("policy", "said", "good_after_s", "dead_after_s"),
    [
        (Policy(expires_in=10), 10, 9, 10),
        (Policy(expires_in=None), None, 3599, 3600),
        (Policy(expires_in=None, access_token_ttl_s=5), None, 4, 5),
        (Policy(expires_in=3600, access_token_ttl_s=5), 3600, 4, 5),
    ],
)
def test_the_policy_sets_what_is_said_and_what_is_true_of_expiry(
    server: AuthorizationServer,
    clock: Clock,
    policy: Policy,
    said: int | None,
    good_after_s: int,
    dead_after_s: int,
) -> None:
    server.policy = policy
    answer = tokens(server)

    assert answer.get("expires_in") == said
    clock.advance(good_after_s)
    assert me(server, answer["access_token"]) == 200
    clock.advance(dead_after_s - good_after_s)
    assert me(server, answer["access_token"]) == 401


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        ("openid", {"id_token"}),
        ("api offline_access", {"refresh_token"}),
        ("api", set()),
        (None, set()),
    ],
)
def test_the_scope_decides_what_comes(
    server: AuthorizationServer, scope: str | None, members: set[str]
) -> None:
    """The scope openid brings an ID token, offline_access a refresh token."""
    answer = tokens(server, scope=scope)

    assert answer.keys() - {"access_token", "token_type", "expires_in", "scope"} == members
    assert answer["scope"] == (scope or "")


def test_a_client_without_the_refresh_grant_gets_no_refresh_token(
    server: AuthorizationServer,
) -> None:
    granted = code(server, client_id="code-only")
    reply = exchange(server, {"code": granted, "client_id": "code-only"})

    assert reply.status == 200
    assert "refresh_token" not in reply.json


def test_a_grant_that_the_client_is_not_registered_for_is_refused(
    server: AuthorizationServer,
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "code-only"}

    assert post(server, "/token", form).json["error"] == "unauthorized_client"


FORM = {"grant_type": "authorization_code", "client_id": "public", "code": "c"}


@pytest.mark.parametrize("name", ["grant_type", "client_id", "code", "unknown"])
def test_a_repeated_parameter_is_refused(server: AuthorizationServer, name: str) -> None:
    """RFC 6749 section 3.2; an unknown parameter alone would be ignored."""
    reply = post(server, "/token", f"{urlencode({**FORM, 'unknown': '1'})}&{name}=again")

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


def test_an_unknown_parameter_is_ignored(server: AuthorizationServer) -> None:
    """RFC 6749 section 3.2."""
    assert exchange(server, {"code": code(server), "audience": "x", "empty": ""}).status == 200


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", None]
)
def test_a_body_that_is_no_form_is_refused(server: AuthorizationServer, kind: str | None) -> None:
    """RFC 6749 section 4.1.3."""
    headers = {"Content-Type": kind} if kind else {}
    reply = ask(server, "/token", method="POST", body=urlencode(FORM).encode(), headers=headers)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["client_secret", "code", "code_verifier", "refresh_token"])
def test_credentials_in_the_url_are_refused(server: AuthorizationServer, name: str) -> None:
    """RFC 6749 section 2.3.1."""
    whole = {**FORM, "code": code(server), "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    reply = post(server, f"/token?{name}=x", whole)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_only_post_gets_tokens(server: AuthorizationServer, method: str) -> None:
    """RFC 6749 section 3.2."""
    reply = ask(server, "/token", method=method)

    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def proven(
    client_id: str, method: str, secret: str = SECRET
) -> tuple[dict[str, str | None], dict[str, str]]:
    """The form's and the headers' part of a client's proof."""
    if method == "basic":
        return {"client_id": None}, {"Authorization": basic(client_id, secret)}
    return {"client_id": client_id, "client_secret": secret if method == "post" else None}, {}


@pytest.mark.parametrize(
    ("client_id", "method", "status"),
    [
        ("public", "none", 200),
        ("public", "post", 401),
        ("public", "basic", 401),
        ("basic", "basic", 200),
        ("basic", "post", 401),
        ("basic", "none", 401),
        ("post", "post", 200),
        ("post", "basic", 401),
        ("post", "none", 401),
        ("odd id:%+é", "basic", 200),
        ("nobody", "none", 401),
        ("nobody", "basic", 401),
    ],
)
def test_a_client_proves_itself_as_it_is_registered(
    server: AuthorizationServer, client_id: str, method: str, status: int
) -> None:
    """RFC 6749 section 2.3; invalid_client is a 401 that says how to do it (section 5.2)."""
    granted = code(server, client_id=client_id) if client_id != "nobody" else "c"
    form, headers = proven(client_id, method)
    reply = exchange(server, {"code": granted, **form}, **headers)

    assert reply.status == status
    if status == 401:
        assert reply.json["error"] == "invalid_client"
        assert reply.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("method", ["basic", "post"])
@pytest.mark.parametrize("secret", ["wrong", "", SECRET + " ", SECRET[:-1]])
def test_a_wrong_secret_is_refused(server: AuthorizationServer, method: str, secret: str) -> None:
    form, headers = proven(method, method, secret)
    reply = exchange(server, {"code": "c", **form}, **headers)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic " + "YmFzaWM6YTpiJWMrZCDDqS89JiB+",
        "Basic YmFzaWM",
        "Basic !!!",
        "Basic",
        "Bearer abc",
        "Digest username=basic",
    ],
    ids=["not form-urlencoded", "no colon", "no base64", "empty", "Bearer", "Digest"],
)
def test_an_authorization_header_that_is_not_proper_basic_is_refused(
    server: AuthorizationServer, authorization: str
) -> None:
    """
    RFC 6749 section 2.3.1: id and secret are form-urlencoded before they are joined; the first case
    is the right secret as it is.
    """
    reply = exchange(server, {"code": "c", "client_id": None}, Authorization=authorization)

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


def test_a_secret_that_is_the_same_encoded_or_not_must_be_encoded(
    server: AuthorizationServer,
) -> None:
    """
    So that a client which forgets it is found out before it meets a secret with a
    percent sign.
    """
    pairs = [b"plain:a/b=c", b"plain:a%2Fb%3Dc"]
    headers = [f"Basic {b64encode(pair).decode()}" for pair in pairs]
    granted = code(server, client_id="plain")
    form = {"code": granted, "client_id": None}

    assert [exchange(server, form, Authorization=header).status for header in headers] == [401, 200]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": SECRET}, "invalid_request"),
        ({"client_id": "post"}, "invalid_request"),
        ({"client_assertion": "a.b.c"}, "invalid_client"),
    ],
)
def test_two_proofs_are_one_too_many(
    server: AuthorizationServer, form: dict[str, str], error: str
) -> None:
    """RFC 6749 section 2.3: one method in each request."""
    reply = exchange(
        server, {"code": "c", "client_id": "basic", **form}, Authorization=basic("basic", SECRET)
    )

    assert reply.json["error"] == error


def test_a_body_may_name_the_client_that_the_header_proves(server: AuthorizationServer) -> None:
    reply = exchange(
        server,
        {"code": code(server, client_id="basic"), "client_id": "basic"},
        Authorization=basic("basic", SECRET),
    )

    assert reply.status == 200
