"""
TX and TR: the one exchange of a sign-in, from the authorize URL to the page, over real
sockets.
"""

from __future__ import annotations

import inspect
import time
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import (
    AnswerEncoded,
    AnswerTimedOut,
    AnswerTooLarge,
    ConnectionFailed,
    ConnectionLost,
    HTMLAnswer,
    IDTokenInvalid,
    LoopbackAuthError,
    ProtocolError,
    ScopeDiffers,
    ServerUnavailable,
    StoreUnwritable,
    TokenError,
    UnexpectedRedirect,
)
from loopback_auth.flows.server.discovery import discover
from loopback_auth.flows.tokens.revocation import ABANDONED_S, revoke
from loopback_auth.notices import Warned
from loopback_auth.oauth.authorize.pkce import code_challenge
from loopback_auth.oauth.metadata import Client, ServerMetadata
from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.reply import TokenSet

from ...support.callback.client import query
from ...support.exchange import TOKENS, consent, every_file, issuing, sign_in, spoil_then_answer
from ...support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
    streaming,
)
from ...support.stored import jwt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.scripted_server import Connection, Script
    from ...support.stopwatch import Stopwatch


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        issuing(server)
        yield server


def warnings(notices: list[Any]) -> list[str]:
    return [notice.message for notice in notices if isinstance(notice, Warned)]


# --- what is sent


async def test_tx_03_the_code_is_exchanged_with_the_redirect_uri_and_verifier_of_its_request(
    server: ScriptedServer, tmp_path: Path
) -> None:
    ended = await sign_in(server, tmp_path)
    assert ended.error is None
    assert ended.page.status == 200
    asked = query(server.asked("/authorize")[0].target)
    (request,) = server.asked("/token")
    assert request.form == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": asked["redirect_uri"],
        "code_verifier": request.form["code_verifier"],
        "client_id": "the-client",
    }
    assert asked["code_challenge"] == code_challenge(Secret(request.form["code_verifier"]))
    assert len(sha256(request.form["code_verifier"].encode()).digest()) == 32
    assert request.target == "/token"


@pytest.mark.parametrize("secret", ["a:b%c+d é", "%2B&=", "plain"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_tx_03_tx_04_a_secret_arrives_by_one_way_alone_and_in_no_address(
    server: ScriptedServer, tmp_path: Path, method: str, secret: str
) -> None:
    await sign_in(server, tmp_path, client_secret=Secret(secret), token_endpoint_auth_method=method)
    (request,) = server.asked("/token")
    header = request.header("authorization")
    if method == "client_secret_basic":
        assert header
        pair = b64decode(header.removeprefix("Basic ")).decode().split(":")
        assert [unquote_plus(half) for half in pair] == ["the-client", secret]
        assert not request.form.keys() & {"client_id", "client_secret"}
    else:
        assert header is None
        assert request.form["client_secret"] == secret
    if secret != "plain":
        assert not [each.target for each in server.requests if secret in unquote_plus(each.target)]


async def test_tx_04_a_public_client_sends_no_secret_whatever_netrc_holds(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login jane password canary\ndefault login x password canary\n"
    )
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    await sign_in(server, tmp_path / "home", "userinfo")
    (request,) = server.asked("/token")
    assert request.header("authorization") is None
    assert "client_secret" not in request.form
    assert server.asked("/userinfo")[0].header("authorization") == "Bearer the-access-token"


async def test_tx_07_a_cookie_of_one_answer_is_in_no_later_request(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = json_answer(TOKENS, "Set-Cookie: sid=canary; Path=/")
    await sign_in(server, tmp_path, "userinfo")
    assert server.asked("/userinfo")
    assert {request.header("cookie") for request in server.requests} == {None}


async def test_tx_05_tr_07_no_member_of_an_answer_sends_anything_anywhere(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with ScriptedServer() as evil:
        members = {
            "issuer": evil.origin,
            "instance_url": evil.origin,
            "token_endpoint": evil.url("/token"),
            "userinfo_endpoint": evil.url("/me"),
            "revocation_endpoint": evil.url("/revoke"),
            "redirect_uri": evil.url("/cb"),
        }
        issuing(server, **members)
        ended = await sign_in(server, tmp_path, "userinfo", "revocation")
        assert evil.connections == 0
    stored = ended.stored
    assert stored
    assert stored["extra"] == members
    assert evil.origin not in repr(stored["server"]) + repr(stored["settings"]) + repr(
        stored["client"]
    )


# --- TX-01, RB-04, RB-05: one attempt

FAILURES: dict[str, tuple[bytes | Script, type[LoopbackAuthError]]] = {
    "dropped": (drop, ConnectionLost),
    "half an answer": (
        plain_answer(b'{"access_token": "a"').replace(b"Length: 20", b"Length: 99"),
        ConnectionLost,
    ),
    "silence": (hang, AnswerTimedOut),
    "500": (plain_answer(b"", status=500), ServerUnavailable),
    "503 with Retry-After": (plain_answer(b"", "Retry-After: 0", status=503), ServerUnavailable),
    "429 with Retry-After": (plain_answer(b"{}", "Retry-After: 0", status=429), ServerUnavailable),
    "a web page": (plain_answer(b"<!doctype html>canary", kind="text/html"), HTMLAnswer),
    "a captive portal": (plain_answer(b"<html>canary", status=511, kind="text/html"), HTMLAnswer),
    "a redirect": (redirect(307, "/elsewhere"), UnexpectedRedirect),
    "compressed": (plain_answer(b"\x1f\x8b", "Content-Encoding: br"), AnswerEncoded),
    "endless": (streaming(b"HTTP/1.1 200 OK\r\n\r\n", b"canary" * 10_000, 1000), AnswerTooLarge),
    "an error": (json_answer({"error": "invalid_grant"}, status=400), TokenError),
    "an error with status 200": (json_answer({**TOKENS, "error": "invalid_grant"}), TokenError),
    "an array": (json_answer([TOKENS]), ProtocolError),
    "NaN": (plain_answer(b'{"access_token":"a","token_type":"bearer","x":NaN}'), ProtocolError),
    "a name twice": (
        plain_answer(b'{"access_token":"a","access_token":"b","token_type":"bearer"}'),
        ProtocolError,
    ),
    "100,000 deep": (plain_answer(b"[" * 100_000 + b"]" * 100_000), ProtocolError),
    "a token with a newline": (
        json_answer({**TOKENS, "access_token": "canary\nX: y"}),
        ProtocolError,
    ),
    "no token": (json_answer({"token_type": "Bearer"}), ProtocolError),
    "another type": (json_answer({**TOKENS, "token_type": "mac"}), ProtocolError),
}

ISSUED = {"half an answer", "an error with status 200", "an array", "NaN", "a name twice"} | {
    "a token with a newline",
    "another type",
}
"""Those in which a token can be found (RV-04)."""


@pytest.mark.parametrize("name", FAILURES)
async def test_tx_01_tr_01_rb_05_rv_04_the_code_is_sent_once_and_nothing_is_stored(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    server.answers["/token"], kind = FAILURES[name]
    ended = await sign_in(server, tmp_path, "revocation", timeout_s=0.5)
    assert isinstance(ended.error, kind)
    assert type(ended.error) is kind
    assert ended.error.exit_code == 7
    assert len(server.asked("/token")) == 1
    assert ended.page.status == 400
    assert ended.error.code in ended.page.text
    assert ended.stored is None
    assert "canary" not in ended.words + ended.page.text
    assert len(server.asked("/revocation")) == (name in ISSUED)


@pytest.mark.parametrize("answer", [drop, hang, plain_answer(b"", status=500)])
async def test_rb_04_a_lost_answer_says_that_the_code_may_be_used_up(
    server: ScriptedServer, tmp_path: Path, answer: bytes | Script
) -> None:
    server.answers["/token"] = answer
    ended = await sign_in(server, tmp_path, timeout_s=0.5)
    assert ended.error
    assert "used up" in ended.error.cause
    assert "used up" in ended.page.text
    assert "loopback-auth login" in ended.error.fix


async def test_rb_04_a_server_that_goes_away_before_the_exchange_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    consents = server.answers["/authorize"]
    assert callable(consents)

    def consent_and_leave(connection: Any) -> None:
        server.leave()
        consents(connection)

    server.answers["/authorize"] = consent_and_leave
    ended = await sign_in(server, tmp_path)
    assert type(ended.error) is ConnectionFailed
    assert server.asked("/token") == []


async def test_tx_01_a_reloaded_page_causes_no_second_exchange(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def consent_twice(connection: Any) -> None:
        asked = query(connection.request.target)
        answer = f"{asked['redirect_uri']}?code=the-code&state={asked['state']}"
        connection.socket.sendall(redirect(302, answer + "&again=1"))

    server.answers["/authorize"] = consent_twice
    ended = await sign_in(server, tmp_path)
    assert ended.page.status == 200
    assert len(server.asked("/token")) == 1


# --- TX-02


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", ["token", "discovery", "userinfo", "revocation"])
async def test_tx_02_no_endpoint_sends_us_to_another_origin(
    server: ScriptedServer, tmp_path: Path, endpoint: str, status: int
) -> None:
    with ScriptedServer() as second:
        second.answers["*"] = json_answer({**TOKENS, "sub": "mallory"})
        server.answers["*" if endpoint == "discovery" else f"/{endpoint}"] = redirect(
            status, second.url("/caught")
        )
        if endpoint == "discovery":
            with pytest.raises(UnexpectedRedirect):
                await discover(server.origin, transport=HttpTransport())
        else:
            ended = await sign_in(server, tmp_path, "userinfo", "revocation")
            if endpoint == "token":
                assert type(ended.error) is UnexpectedRedirect
            else:
                assert ended.credential
                assert ended.credential.identity is None
                revoked = await revoke(
                    ended.credential.tokens,
                    client=ended.credential.client,
                    server=ended.credential.server,
                    transport=HttpTransport(),
                )
                assert revoked is False
            assert server.asked(f"/{endpoint}")
        assert second.connections == 0


# --- TR: what is made of the answer


@pytest.mark.parametrize(
    "expires_in", [..., None, "nonsense", 0, "0", -1, True, 1e300, [], 10**40, "9" * 5000]
)
async def test_tr_04_a_nonsensical_lifetime_is_stored_as_unknown(
    server: ScriptedServer, tmp_path: Path, expires_in: object
) -> None:
    issuing(server, **({} if expires_in is ... else {"expires_in": expires_in}))
    ended = await sign_in(server, tmp_path)
    stored = ended.stored
    assert stored
    assert stored["expires_at"] is None
    assert "expires_in" not in stored["extra"]


@pytest.mark.parametrize(
    ("granted", "stored", "warning"),
    [
        (..., "api read", ""),
        ("api read", "api read", ""),
        ("read api", "read api", ""),
        ("api", "api", "not granted: read"),
        ("api read admin", "api read admin", "granted unasked: admin"),
        ("admin", "admin", "not granted: api read; granted unasked: admin"),
    ],
)
async def test_tr_05_a_scope_that_differs_is_stored_and_reported(
    server: ScriptedServer, tmp_path: Path, granted: object, stored: str, warning: str
) -> None:
    issuing(server, **({} if granted is ... else {"scope": granted}))
    ended = await sign_in(server, tmp_path, scope=("api", "read"))
    assert ended.stored
    assert ended.stored["scope"] == stored
    assert warnings(ended.notices) == ([warning] if warning else [])


async def test_tr_05_with_strict_scope_another_spelling_is_no_other_scope(
    server: ScriptedServer, tmp_path: Path
) -> None:
    issuing(server, scope="openid https://www.googleapis.com/auth/userinfo.email")
    ended = await sign_in(server, tmp_path, scope=("openid", "email"), strict_scope=True)
    assert ended.error is None
    assert warnings(ended.notices) == []


async def test_tr_05_rv_04_with_strict_scope_another_scope_is_refused_and_given_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    issuing(server, scope="api admin")
    server.answers["/revocation"] = plain_answer(b"")
    ended = await sign_in(server, tmp_path, "revocation", scope=("api",), strict_scope=True)
    assert type(ended.error) is ScopeDiffers
    # Without it the same again would be refused again.
    assert " --scope 'api admin'" in ended.error.fix
    assert ended.stored is None
    assert server.asked("/revocation")[0].form["token"] == "the-refresh-token"


async def test_tr_06_a_missing_refresh_token_is_said(
    server: ScriptedServer, tmp_path: Path
) -> None:
    issuing(server, refresh_token=None)
    ended = await sign_in(server, tmp_path)
    assert ended.stored
    assert ended.stored["refresh_token"] is None
    assert ["no refresh token" in warning for warning in warnings(ended.notices)] == [True]


HARD_TO_WRITE = {
    "a lone surrogate": b'"\\ud800"',
    "an emoji": b'"\\ud83d\\ude00"',
    "a NUL": b'"a\\u0000b"',
    "line separators": b'"\\u2028\\u2029"',
    "a large number": b"1" + b"0" * 300,
    "deep": b"[" * 40 + b"]" * 40,
}


@pytest.mark.parametrize("value", HARD_TO_WRITE.values(), ids=HARD_TO_WRITE)
async def test_tr_07_any_member_that_can_be_read_can_be_stored_and_read_again(
    server: ScriptedServer, tmp_path: Path, value: bytes
) -> None:
    server.answers["/token"] = plain_answer(
        b'{"access_token":"a","token_type":"bearer","odd":' + value + b"}"
    )
    ended = await sign_in(server, tmp_path)
    assert ended.error is None
    assert ended.credential
    assert ended.stored
    assert ended.stored["extra"] == ended.credential.tokens.extra
    (content,) = [octets for name, octets in every_file(tmp_path) if name.endswith(".json")]
    assert content.decode("utf-8")


@pytest.mark.parametrize(("at_hash", "fits"), [("gMo1", False), (None, True)])
async def test_id_03_an_id_token_of_another_access_token_ends_the_sign_in(
    server: ScriptedServer, tmp_path: Path, *, at_hash: str | None, fits: bool
) -> None:
    """ID-03: and the tokens are given back."""
    nonces = []

    def allow(connection: Connection) -> None:
        nonces.append(query(connection.request.target)["nonce"])
        consent(connection)

    def issue(connection: Connection) -> None:
        now = int(time.time())
        times = {"iat": now, "exp": now + 60}
        id_token = jwt(aud="the-client", sub="1", nonce=nonces[0], at_hash=at_hash, **times)
        connection.socket.sendall(json_answer({**TOKENS, "id_token": id_token}))

    server.answers["/authorize"], server.answers["/token"] = allow, issue
    server.answers["/revocation"] = json_answer({})
    ended = await sign_in(server, tmp_path, "revocation", scope=("openid",))
    assert (ended.error is None) == fits
    if not fits:
        assert isinstance(ended.error, IDTokenInvalid)
        assert (ended.error.facts["claim"], ended.stored) == ("at_hash", None)
        assert len(server.asked("/revocation")) == 1


async def test_rv_04_id_01_a_sign_in_whose_id_token_does_not_fit_gives_its_tokens_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    issuing(server, id_token="e30.e30.x")
    server.answers["/revocation"] = plain_answer(b"")
    ended = await sign_in(server, tmp_path, "revocation", scope=("openid",))
    assert type(ended.error) is IDTokenInvalid
    assert "), then: loopback-auth login default --" in ended.error.fix
    assert ended.page.status == 400
    assert ended.stored is None
    assert len(server.asked("/revocation")) == 1


REVOCATIONS: dict[str, tuple[tuple[str, ...], bytes | Script, str]] = {
    "the server revokes": (("revocation",), plain_answer(b""), "were revoked"),
    "the server has nothing to say": (
        ("revocation",),
        plain_answer(b"", status=204),
        "were revoked",
    ),
    "the server refuses": (
        ("revocation",),
        json_answer({"error": "x"}, status=400),
        "could not be revoked",
    ),
    "the server is down": (("revocation",), plain_answer(b"", status=503), "could not be revoked"),
    "the server redirects": (("revocation",), redirect(307, "/elsewhere"), "could not be revoked"),
    "the server breaks off": (("revocation",), drop, "could not be revoked"),
    "the server hangs": (("revocation",), hang, "could not be revoked"),
    "the server offers none": ((), b"", "could not be revoked"),
}


@pytest.mark.parametrize(("paths", "answer", "fate"), REVOCATIONS.values(), ids=REVOCATIONS)
async def test_rv_04_tokens_that_cannot_be_saved_are_given_back_once(
    server: ScriptedServer,
    tmp_path: Path,
    paths: tuple[str, ...],
    answer: bytes | Script,
    fate: str,
) -> None:
    server.answers["/token"] = spoil_then_answer(tmp_path)
    server.answers["/revocation"] = answer
    ended = await sign_in(server, tmp_path, *paths, client_secret=Secret("s"), timeout_s=0.5)
    assert type(ended.error) is StoreUnwritable
    assert ended.page.status == 400
    assert fate in str(ended.error)
    assert str(tmp_path / "tokens") in str(ended.error)
    assert [
        (request.method, request.target, request.form["token"], request.form["client_secret"])
        for request in server.asked("/revocation")
    ] == [("POST", "/revocation", "the-refresh-token", "s")] * len(paths)
    assert "the-refresh-token" not in ended.words


async def test_rv_04_without_a_refresh_token_the_access_token_is_given_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = spoil_then_answer(tmp_path, refresh_token=None)
    server.answers["/revocation"] = plain_answer(b"")
    await sign_in(server, tmp_path, "revocation")
    (request,) = server.asked("/revocation")
    assert request.form == {
        "token": "the-access-token",
        "token_type_hint": "access_token",
        "client_id": "the-client",
    }


async def test_rv_04_giving_tokens_back_takes_five_seconds_at_most(
    server: ScriptedServer, stopwatch: Stopwatch
) -> None:
    server.answers["/revocation"] = hang
    tokens = TokenSet(access_token=Secret("a"), token_type="Bearer", obtained_at=datetime.now(UTC))
    metadata = ServerMetadata(
        authorization_endpoint=server.url("/authorize"),
        token_endpoint=server.url("/token"),
        revocation_endpoint=server.url("/revocation"),
    )
    begun = stopwatch.seconds
    done = await revoke(
        tokens,
        client=Client(client_id="x"),
        server=metadata,
        transport=HttpTransport(),
        timeout_s=0.3,
    )
    assert done is False
    assert stopwatch.seconds - begun < 2
    assert ABANDONED_S == 5.0
    assert inspect.signature(revoke).parameters["timeout_s"].default == ABANDONED_S


# --- userinfo


@pytest.mark.parametrize(
    "answer",
    [
        drop,
        plain_answer(b"", status=500),
        json_answer([]),
        plain_answer(b"<html>"),
        json_answer({"sub": 1}, status=401),
    ],
)
async def test_a_name_that_cannot_be_had_does_not_undo_the_sign_in(
    server: ScriptedServer, tmp_path: Path, answer: bytes | Script
) -> None:
    server.answers["/userinfo"] = answer
    ended = await sign_in(server, tmp_path, "userinfo")
    assert ended.error is None
    assert ended.page.status == 200
    assert ended.credential
    assert ended.credential.identity is None


async def test_userinfo_names_the_person_on_the_page_and_in_the_store(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/userinfo"] = json_answer({"sub": "1", "name": "Jane <b>Doe</b>"})
    ended = await sign_in(server, tmp_path, "userinfo")
    assert "Jane &lt;b&gt;Doe" in ended.page.text
    assert ended.stored
    assert ended.stored["identity"] == {"subject": "1", "name": "Jane <b>Doe</b>"}


async def test_st_08_neither_code_nor_verifier_nor_state_is_written(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = json_answer({**TOKENS, "access_token": "an-access-token"})
    ended = await sign_in(server, tmp_path, scope=("openid",))
    asked = query(server.asked("/authorize")[0].target)
    verifier = server.asked("/token")[0].form["code_verifier"]
    written = b"".join(octets for _, octets in every_file(tmp_path))
    for secret in ("the-code", verifier, asked["state"], asked["nonce"], asked["code_challenge"]):
        assert secret.encode() not in written
    assert ended.stored
    kept = {name: octets for name, octets in every_file(tmp_path) if octets}
    assert list(kept) == ["tokens/default.json", "tokens/default.settings"]
    assert b"an-access-token" not in kept["tokens/default.settings"]


async def test_a_slow_userinfo_delays_the_page_by_its_limit_and_no_more(
    server: ScriptedServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    server.answers["/userinfo"] = hang
    begun = stopwatch.seconds
    ended = await sign_in(server, tmp_path, "userinfo", timeout_s=0.5)
    assert ended.page.status == 200
    assert stopwatch.seconds - begun < 3
