"""
RF-05, TR-01, RV-04: odd 2xx answers; what a refresh keeps, and what a sign-in takes and
revokes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import LoopbackAuthError, ProviderError
from loopback_auth.flows.tokens.issued import access_token
from loopback_auth.notices import Warned

from ...support.callback.client import query
from ...support.exchange import consent, sign_in
from ...support.odd_answers import (
    ODD_ANSWERS,
    REFUSED,
    RESCUED,
    REVOKED,
    SAVED,
    WARNED,
    OddAnswer,
)
from ...support.scripted_server import ScriptedServer, json_answer
from ...support.stored import OLD, document, jwt, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.scripted_server import Connection

ISSUER = "https://id.example.com"
TOKENS = {
    "access_token": "the-new-access-token",
    "token_type": "Bearer",
    "expires_in": 3600,
    "refresh_token": "the-next-refresh-token",
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/revocation"] = json_answer({})
        yield running


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "ada-1",
        "aud": "the-client",
        "iat": now,
        "exp": now + 3600,
        **more,
    }


def warnings(notices: list[Any]) -> list[str]:
    return [notice.message for notice in notices if isinstance(notice, Warned)]


def test_rf_05_there_are_enough_odd_answers() -> None:
    assert len(ODD_ANSWERS) >= 60
    assert {odd.refresh for odd in ODD_ANSWERS.values()} == {SAVED, WARNED, RESCUED, REFUSED}
    assert {odd.sign_in for odd in ODD_ANSWERS.values()} == {SAVED, WARNED, REFUSED, REVOKED}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_rf_05_id_04_an_odd_answer_to_a_refresh_is_saved_and_then_judged(
    server: ScriptedServer, tmp_path: Path, odd: OddAnswer
) -> None:
    server.answers["/token"] = odd.write(TOKENS, claims())
    id_token = jwt(**claims())
    store = stored(
        tmp_path, server, id_token=id_token, server={**document(server)["server"], "issuer": ISSUER}
    )
    before, notices = store.load("default"), list[Any]()
    assert before
    failed: LoopbackAuthError | None = None
    try:
        tokens = await access_token(
            "default", store=store, transport=HttpTransport(timeout_s=5), notify=notices.append
        )
    except LoopbackAuthError as error:
        failed = error
    after = store.load("default")
    assert after
    if odd.refresh == REFUSED:
        assert failed
        # 4: the server's own word that the refresh token is no longer of use.
        assert failed.exit_code in (4, 7)
        assert after == before
        return
    assert after["refresh_token"] == (
        TOKENS["refresh_token"] if odd.rotates else OLD["refresh_token"]
    )
    assert "canary" not in repr(notices) + repr(failed)
    if odd.refresh == RESCUED:
        assert failed
        assert failed.exit_code == 7
        assert {**after, "refresh_token": 0, "rotates": 0} == {
            **before,
            "refresh_token": 0,
            "rotates": 0,
        }
        return
    assert failed is None
    assert tokens.access_token.reveal() == after["access_token"] == TOKENS["access_token"]
    assert (after["identity"], after["token_type"]) == (before["identity"], "Bearer")
    assert bool(warnings(notices)) == (odd.refresh == WARNED), warnings(notices)


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_tr_01_rv_04_an_odd_answer_to_a_sign_in_is_taken_or_refused_and_given_back(
    server: ScriptedServer, tmp_path: Path, odd: OddAnswer
) -> None:
    nonces: list[str] = []

    def allow(connection: Connection) -> None:
        nonces.append(query(connection.request.target).get("nonce", ""))
        consent(connection)

    def issue(connection: Connection) -> None:
        connection.socket.sendall(odd.write(TOKENS, claims(nonce=nonces[0])))

    server.answers["/authorize"], server.answers["/token"] = allow, issue
    scope = ("openid", "api") if odd.openid else ("api",)
    ended = await sign_in(server, tmp_path, "revocation", scope=scope, issuer=ISSUER)
    given_back = [request.form["token"] for request in server.asked("/revocation")]
    assert len(server.asked("/token")) == 1
    if odd.sign_in in (REFUSED, REVOKED):
        assert isinstance(ended.error, ProviderError)
        assert (ended.error.exit_code, ended.page.status, ended.stored) == (7, 400, None)
        token = TOKENS["refresh_token" if odd.rotates else "access_token"]
        assert given_back == ([token] if odd.sign_in == REVOKED else [])
        assert TOKENS["refresh_token"] not in ended.words
        return
    assert ended.error is None, ended.words
    assert ended.stored
    assert ended.stored["access_token"] == TOKENS["access_token"]
    assert ended.stored["refresh_token"] == (TOKENS["refresh_token"] if odd.rotates else None)
    assert bool(warnings(ended.notices)) == (odd.sign_in == WARNED), warnings(ended.notices)
    assert given_back == []
