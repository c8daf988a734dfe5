"""Revocation, introspection, userinfo, the API, discovery and the ID token."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from loopback_auth.testing import AuthorizationServer, Policy
from tests.support.asking import SECRET, Reply, ask, basic, me, post, refresh, tokens

if TYPE_CHECKING:
    from tests.support.asking import Clock

AS_BASIC = {"Authorization": basic("basic", SECRET)}


def revoke(server: AuthorizationServer, form: dict[str, str], **headers: str) -> Reply:
    return post(server, "/revoke", {"client_id": "public", **form}, **headers)


def test_a_revoked_refresh_token_takes_its_family_with_it(server: AuthorizationServer) -> None:
    """RFC 7009 section 2.1: the access tokens of the same grant as well."""
    answer = tokens(server)
    reply = revoke(server, {"token": answer["refresh_token"]})

    assert (reply.status, reply.body) == (200, b"")
    assert refresh(server, answer["refresh_token"]).json["error"] == "invalid_grant"
    assert me(server, answer["access_token"]) == 401


def test_a_revoked_access_token_goes_alone(server: AuthorizationServer) -> None:
    answer = tokens(server)

    assert (
        revoke(server, {"token": answer["access_token"], "token_type_hint": "refresh_token"}).status
        == 200
    )
    assert me(server, answer["access_token"]) == 401
    assert refresh(server, answer["refresh_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"token": "unknown"}, 200, None),
        ({"token": ""}, 400, "invalid_request"),
        ({"token": "t", "client_id": "nobody"}, 401, "invalid_client"),
        ({"token": "t", "client_id": "basic"}, 401, "invalid_client"),
        ({"token": "t", "client_secret": SECRET}, 401, "invalid_client"),
    ],
)
def test_revocation_asks_who_asks(
    server: AuthorizationServer, form: dict[str, str], status: int, error: str | None
) -> None:
    """RFC 7009 sections 2.1 and 2.2: an unknown token is no error."""
    reply = revoke(server, form)

    assert reply.status == status
    assert (json.loads(reply.body)["error"] if reply.body else None) == error


def test_nobody_revokes_the_token_of_another_client(server: AuthorizationServer) -> None:
    answer = tokens(server)

    assert revoke(server, {"token": answer["refresh_token"], "client_id": "exact"}).status == 400
    assert refresh(server, answer["refresh_token"]).status == 200


def test_a_token_in_the_url_is_not_revoked(server: AuthorizationServer) -> None:
    """RFC 7009 section 2.1 has it in the body."""
    assert post(server, "/revoke?token=t", {"client_id": "public"}).status == 400


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_introspection_tells_what_a_token_is_good_for(
    server: AuthorizationServer, clock: Clock, kind: str
) -> None:
    """RFC 7662 section 2.2."""
    token = tokens(server, client_id="basic")[kind]
    document = post(server, "/introspect", {"token": token}, **AS_BASIC).json

    assert document["active"] is True
    assert (document["client_id"], document["sub"], document["iss"]) == (
        "basic",
        "user-ada",
        server.issuer,
    )
    assert document["iat"] == int(clock.now)
    assert document.get("exp") == (int(clock.now) + 3600 if kind == "access_token" else None)


def test_introspection_says_no_more_than_inactive(
    server: AuthorizationServer, clock: Clock
) -> None:
    """RFC 7662 section 2.2: of what is unknown, another client's or too old."""
    foreign, old = tokens(server)["access_token"], tokens(server, client_id="basic")["access_token"]

    def introspected(token: str) -> dict[str, Any]:
        return post(server, "/introspect", {"token": token}, **AS_BASIC).json

    assert introspected("unknown") == introspected(foreign) == {"active": False}
    clock.advance(3600)
    assert introspected(old) == {"active": False}


def test_introspection_is_not_for_everybody(server: AuthorizationServer) -> None:
    """RFC 7662 section 2.1."""
    assert post(server, "/introspect", {"token": "t"}).status == 401
    assert post(server, "/introspect", {"token": "t", "client_id": "public"}).status == 401
    assert post(server, "/introspect", {}, **AS_BASIC).status == 400


@pytest.mark.parametrize("path", ["/userinfo", "/api/me"])
@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (None, ""),
        ("Basic YTpi", ""),
        ("Bearer", 'error="invalid_token"'),
        ("Bearer unknown", 'error="invalid_token"'),
    ],
)
def test_a_resource_wants_a_good_token(
    server: AuthorizationServer, path: str, authorization: str | None, says: str
) -> None:
    """RFC 6750 section 3: a challenge always, an error code only for who showed a token."""
    reply = ask(server, path, headers={"Authorization": authorization} if authorization else {})

    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer realm=")
    assert says in reply.headers["www-authenticate"]
    assert says or "error" not in reply.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/userinfo", "/api/me"])
def test_a_token_in_the_url_is_refused(server: AuthorizationServer, path: str) -> None:
    """RFC 9700 section 2.6."""
    assert ask(server, f"{path}?access_token={tokens(server)['access_token']}").status == 400


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email"}),
        ("openid profile", {"sub", "name", "preferred_username"}),
    ],
)
def test_claims_go_as_far_as_the_scope(
    server: AuthorizationServer, scope: str, claims: set[str]
) -> None:
    """OpenID Connect Core section 5.4, in userinfo and in the ID token alike."""
    answer = tokens(server, scope=scope)
    document = ask(
        server, "/userinfo", headers={"Authorization": f"bearer {answer['access_token']}"}
    ).json

    assert document.keys() == claims
    assert document["sub"] == "user-ada"
    assert document.items() <= claims_of(answer["id_token"]).items()


def test_userinfo_needs_openid(server: AuthorizationServer) -> None:
    """RFC 6750 section 3.1: 403, and the scope that it takes."""
    token = tokens(server, scope="api")["access_token"]
    reply = ask(server, "/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert reply.status == 403
    assert 'error="insufficient_scope", scope="openid"' in reply.headers["www-authenticate"]


def test_the_api_tells_whose_token_it_is(server: AuthorizationServer) -> None:
    token = tokens(server, scope="api")["access_token"]
    document = ask(server, "/api/me", headers={"Authorization": f"Bearer {token}"}).json

    assert (document["sub"], document["username"], document["client_id"], document["scope"]) == (
        "user-ada",
        "ada",
        "public",
        "api",
    )


WELL_KNOWN = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]


@pytest.mark.parametrize("path", WELL_KNOWN)
def test_discovery_tells_what_is_served(server: AuthorizationServer, path: str) -> None:
    """RFC 8414 section 2: every endpoint is really there, PKCE is S256, RFC 9207 is promised."""
    document = ask(server, path).json

    assert document["issuer"] == server.issuer
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    served = {name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(served) == 6
    for url in served.values():
        assert ask(server, url.removeprefix(server.issuer), method="DELETE").status == 405


def test_discovery_promises_what_the_policy_has(server: AuthorizationServer) -> None:
    server.policy = Policy(iss=False)

    assert (
        ask(server, WELL_KNOWN[0]).json["authorization_response_iss_parameter_supported"] is False
    )


def test_discovery_tells_what_a_test_puts_there(server: AuthorizationServer) -> None:
    server.metadata = {**server.metadata, "token_endpoint": "https://moved.example/token"}

    assert ask(server, WELL_KNOWN[0]).json["token_endpoint"] == "https://moved.example/token"


def test_an_issuer_with_a_path_has_its_documents_where_they_belong() -> None:
    """OpenID Connect appends to the issuer, RFC 8414 section 3.1 inserts before its path."""
    with AuthorizationServer.running(path="/tenant") as server:
        assert server.issuer.endswith("/tenant")
        for path in (
            "/tenant/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/tenant",
        ):
            document = ask(server, path).json
            assert (document["issuer"], document["token_endpoint"]) == (
                server.issuer,
                f"{server.issuer}/token",
            )
        assert ask(server, "/.well-known/openid-configuration").status == 404
        assert ask(server, "/token", method="POST").status == 404


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(id_token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decoded(id_token.split(".")[1]))
    return claims


def test_an_id_token_is_signed_with_the_published_key(server: AuthorizationServer) -> None:
    """RFC 7518 section 3.3, checked by a library of others."""
    header, payload, signature = tokens(server)["id_token"].split(".")
    (key,) = ask(server, "/jwks").json["keys"]
    numbers = RSAPublicNumbers(*(int.from_bytes(decoded(key[name]), "big") for name in ("e", "n")))

    assert json.loads(decoded(header)) == {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    assert key["n"].isascii()
    assert "d" not in key
    numbers.public_key().verify(
        decoded(signature), f"{header}.{payload}".encode(), PKCS1v15(), SHA256()
    )


def test_an_id_token_tells_of_this_sign_in(server: AuthorizationServer, clock: Clock) -> None:
    """OpenID Connect Core sections 2 and 3.1.3.6."""
    answer = tokens(server)
    claims = claims_of(answer["id_token"])
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]

    assert (claims["iss"], claims["aud"], claims["sub"]) == (server.issuer, "public", "user-ada")
    assert (claims["nonce"], claims["iat"], claims["auth_time"]) == (
        "a-nonce",
        int(clock.now),
        int(clock.now),
    )
    assert claims["exp"] > claims["iat"]
    assert decoded(claims["at_hash"]) == half


def test_without_a_nonce_there_is_none(server: AuthorizationServer) -> None:
    assert "nonce" not in claims_of(tokens(server, nonce=None)["id_token"])


def test_a_refreshed_id_token_is_of_the_same_sign_in(
    server: AuthorizationServer, clock: Clock
) -> None:
    """
    OpenID Connect Core section 12.2: same issuer, subject, audience and auth_time, a new iat, no
    nonce.
    """
    first = tokens(server)
    clock.advance(100)
    before, after = (
        claims_of(a["id_token"]) for a in (first, refresh(server, first["refresh_token"]).json)
    )

    assert [after[name] for name in ("iss", "sub", "aud", "auth_time")] == [
        before[name] for name in ("iss", "sub", "aud", "auth_time")
    ]
    assert after["iat"] == before["iat"] + 100
    assert "nonce" not in after
