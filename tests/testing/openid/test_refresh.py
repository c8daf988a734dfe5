"""Refresh tokens: rotation, reuse, scope and age - RFC 6749 section 6, RFC 9700 section 4.14.2."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import Policy
from tests.support.asking import VERIFIER, me, refresh, tokens

if TYPE_CHECKING:
    from loopback_auth.testing import AuthorizationServer
    from tests.support.asking import Clock


def test_a_refresh_replaces_the_refresh_token(server: AuthorizationServer) -> None:
    first = tokens(server)
    second = refresh(server, first["refresh_token"])

    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert second.json["scope"] == first["scope"]
    assert me(server, second.json["access_token"]) == 200
    assert refresh(server, second.json["refresh_token"]).status == 200


def test_a_replaced_refresh_token_ends_its_family(server: AuthorizationServer) -> None:
    """
    The refresh token that replaced it and every access token die with it; other
    sign-ins live on.
    """
    first, other = tokens(server), tokens(server)
    second = refresh(server, first["refresh_token"]).json
    reused = refresh(server, first["refresh_token"])

    assert (reused.status, reused.json["error"]) == (400, "invalid_grant")
    assert refresh(server, second["refresh_token"]).json["error"] == "invalid_grant"
    assert me(server, first["access_token"]) == 401
    assert me(server, second["access_token"]) == 401
    assert me(server, other["access_token"]) == 200


def test_of_many_refreshes_at_once_one_is_served(server: AuthorizationServer) -> None:
    """And all lose what it gave: two used one token."""
    token = tokens(server)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: refresh(server, token), range(8)))

    (served,) = [reply.json for reply in replies if reply.status == 200]
    assert me(server, served["access_token"]) == 401


def test_a_grace_period_serves_a_client_that_lost_the_answer(
    server: AuthorizationServer, clock: Clock
) -> None:
    server.policy = Policy(reuse_grace_s=60)
    token = tokens(server)["refresh_token"]
    assert refresh(server, token).status == 200
    clock.advance(59)
    assert refresh(server, token).status == 200
    clock.advance(1)

    assert refresh(server, token).json["error"] == "invalid_grant"


def test_without_rotation_the_refresh_token_stays(server: AuthorizationServer) -> None:
    server.policy = Policy(rotate_refresh_tokens=False)
    token = tokens(server)["refresh_token"]

    assert "refresh_token" not in refresh(server, token).json
    assert refresh(server, token).status == 200


@pytest.mark.parametrize(("age_s", "status"), [(99, 200), (100, 400)])
def test_a_refresh_token_ages_where_the_policy_says_so(
    server: AuthorizationServer, clock: Clock, age_s: int, status: int
) -> None:
    server.policy = Policy(refresh_token_ttl_s=100)
    token = tokens(server)["refresh_token"]
    clock.advance(age_s)

    assert refresh(server, token).status == status


def test_a_scope_may_be_narrowed_and_comes_back_whole(server: AuthorizationServer) -> None:
    """RFC 6749 section 6: the new refresh token has the scope of the old one."""
    first = tokens(server)
    narrow = refresh(server, first["refresh_token"], scope="email").json

    assert narrow["scope"] == "email"
    assert "id_token" not in narrow
    assert refresh(server, narrow["refresh_token"]).json["scope"] == first["scope"]


@pytest.mark.parametrize("scope", ["api", "openid api"])
def test_a_scope_cannot_be_widened(server: AuthorizationServer, scope: str) -> None:
    token = tokens(server)["refresh_token"]

    assert refresh(server, token, scope=scope).json["error"] == "invalid_scope"
    assert refresh(server, token).status == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"refresh_token": ""}, "invalid_request"),
        ({"refresh_token": "guessed"}, "invalid_grant"),
        ({"client_id": "exact"}, "invalid_grant"),
        ({"code_verifier": VERIFIER}, "invalid_request"),
    ],
)
def test_a_wrong_refresh_is_refused_and_uses_nothing_up(
    server: AuthorizationServer, form: dict[str, str], error: str
) -> None:
    token = tokens(server)["refresh_token"]
    reply = refresh(server, token, **form)

    assert (reply.status, reply.json["error"]) == (400, error)
    assert refresh(server, token).status == 200


def test_an_administrator_can_end_everything(server: AuthorizationServer) -> None:
    answer = tokens(server)
    server.registry.revoke_all()

    assert me(server, answer["access_token"]) == 401
    assert refresh(server, answer["refresh_token"]).json["error"] == "invalid_grant"


def test_a_test_can_start_where_the_sign_in_ends(server: AuthorizationServer) -> None:
    answer = server.tokens_for("ada", client_id="public")

    assert me(server, answer["access_token"]) == 200
    assert refresh(server, answer["refresh_token"]).status == 200
