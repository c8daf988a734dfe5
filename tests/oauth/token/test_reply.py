"""TX-03, TX-04 and TR: what is sent to the token endpoint, and what is made of its answer."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from loopback_auth.errors import (
    HTMLAnswer,
    ProtocolError,
    ServerUnavailable,
    TokenError,
    UnexpectedRedirect,
)
from loopback_auth.oauth.token.reply import (
    EXTRA_OCTETS,
    KNOWN_ERRORS,
    TokenSet,
    authorization_code_grant,
    read_token_reply,
)

from ...support.samples import (
    NOON,
    TOKEN_ENDPOINT,
    form_of,
    reply,
    request,
    response,
)

GOOD: dict[str, Any] = {"access_token": "at", "token_type": "Bearer"}


def read(
    members: dict[str, Any] | None = None, /, *, status: int = 200, asked: str = "", **more: Any
) -> TokenSet:
    answer = reply({**GOOD, **(members or {}), **more}, status=status)
    return read_token_reply(answer, received_at=NOON, scope=asked)


# --- the request


def test_tx_03_the_grant_carries_the_code_the_verifier_and_the_redirect_uri_as_it_was_sent() -> (
    None
):
    asked = request(redirect_uri="http://127.0.0.1:8765/Call%20back?x=1&y=%2F")
    post = authorization_code_grant(response(asked, code="c/o+d e"))
    assert post.url == TOKEN_ENDPOINT
    assert form_of(post) == {
        "grant_type": ["authorization_code"],
        "code": ["c/o+d e"],
        "redirect_uri": [asked.redirect_uri],
        "code_verifier": [asked.code_verifier.reveal()],
        "client_id": ["my-cli"],
    }


# --- the answer


def test_a_full_answer_becomes_a_token_set() -> None:
    tokens = read(expires_in=3600, refresh_token="rt", id_token="a.b.c", scope="openid api")
    assert tokens.access_token.reveal() == "at"
    assert tokens.refresh_token
    assert tokens.refresh_token.reveal() == "rt"
    assert tokens.id_token
    assert tokens.id_token.reveal() == "a.b.c"
    assert (tokens.token_type, tokens.scope) == ("Bearer", "openid api")
    assert (tokens.obtained_at, tokens.expires_at) == (NOON, NOON + timedelta(hours=1))
    assert tokens.extra == {}


SALESFORCE = {
    "access_token": "00D5g00000EXAMPLE!AQ4AQFakeSession.Token_x",
    "refresh_token": "5Aep861EXAMPLE",
    "signature": "c2lnbmF0dXJl+/=",
    "scope": "refresh_token api",
    "instance_url": "https://example.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00D5g00000EXAMPLE/0055g00000EXAMPLE",
    "token_type": "Bearer",
    "issued_at": "1767355200000",
    "api_instance_url": None,
    "nested": {"list": [1, 2.5, True, None, "ü"]},
}


def test_tr_04_tr_07_salesforces_answer_has_no_expiry_and_all_its_own_members() -> None:
    tokens = read_token_reply(reply(SALESFORCE), received_at=NOON)
    assert tokens.expires_at is None
    assert tokens.scope == "refresh_token api"
    assert tokens.extra == {
        name: value
        for name, value in SALESFORCE.items()
        if name not in {"access_token", "refresh_token", "scope", "token_type"}
    }


def test_tr_03_githubs_answer_has_a_lower_case_type_and_scopes_with_commas() -> None:
    tokens = read_token_reply(
        reply(
            {
                "access_token": "gho_16C7e42F292c6912E7710c838347Ae178B4a",
                "scope": "repo,gist",
                "token_type": "bearer",
            }
        ),
        received_at=NOON,
    )
    assert (tokens.token_type, tokens.scope, tokens.refresh_token) == ("Bearer", "repo,gist", None)


def test_tr_01_githubs_errors_come_with_status_200() -> None:
    got = {
        "error": "bad_verification_code",
        "error_description": "The code passed is incorrect or expired.",
        "error_uri": "https://docs.github.com/x",
    }
    with pytest.raises(TokenError) as refused:
        read_token_reply(reply(got), received_at=NOON)
    assert refused.value.code == "token-error"
    assert refused.value.error == "bad_verification_code"
    assert "incorrect or expired" in str(refused.value)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500, 302])
def test_tr_01_an_error_is_an_error_whatever_its_status_and_whatever_comes_with_it(
    status: int,
) -> None:
    with pytest.raises(TokenError) as refused:
        read(status=status, error="invalid_grant")
    assert refused.value.code == "invalid-grant"
    assert refused.value.exit_code == 7


@pytest.mark.parametrize("error", sorted(KNOWN_ERRORS))
def test_tr_08_a_registered_error_has_its_own_code(error: str) -> None:
    with pytest.raises(TokenError) as refused:
        read(status=400, error=error)
    assert refused.value.code == error.replace("_", "-")


@pytest.mark.parametrize(
    "error",
    [None, "", 42, [], {"a": 1}, "x-new", "INVALID_GRANT", "invalid_grant\x1b[2J", "x" * 9999],
)
def test_tr_08_any_other_error_is_told_in_one_clean_short_line(error: object) -> None:
    with pytest.raises(TokenError) as refused:
        read(
            status=400,
            error=error,
            error_description="\x1b]0;t\x07" + "d" * 9999,
            error_uri="https://canary",
        )
    assert refused.value.code == "token-error"
    assert "(:" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 450
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("description", [None, 42, [], "", "   "])
def test_tr_08_a_description_that_is_none_is_left_out(description: object) -> None:
    with pytest.raises(TokenError, match=r"\(invalid_grant\)$"):
        read(status=400, error="invalid_grant", error_description=description)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (199, ProtocolError),
        (302, UnexpectedRedirect),
        (400, ProtocolError),
        (401, ProtocolError),
        (429, ServerUnavailable),
        (500, ServerUnavailable),
        (503, ServerUnavailable),
        (511, HTMLAnswer),
    ],
)
def test_tr_01_tokens_with_another_status_than_a_2xx_are_not_taken(
    status: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as refused:
        read(status=status)
    assert type(refused.value) is kind


FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def test_tr_01_an_answer_may_be_a_form_if_it_says_so() -> None:
    body = "access_token=a%2Bb&expires_in=86400&scope=read+write&empty=&token_type=bearer"
    tokens = read_token_reply(reply(body, headers=FORM), received_at=NOON)
    assert (tokens.access_token.reveal(), tokens.scope) == ("a+b", "read write")
    assert tokens.expires_at == NOON + timedelta(days=1)
    assert tokens.extra == {"empty": ""}
    with pytest.raises(ProtocolError, match="JSON object"):
        read_token_reply(reply(body, headers={"content-type": "text/plain"}), received_at=NOON)


def test_tr_01_an_error_may_be_a_form_whatever_its_status() -> None:
    for status in (200, 400):
        got = reply("error=invalid_grant&error_description=used+up", status=status, headers=FORM)
        with pytest.raises(TokenError, match=r"\(invalid_grant: used up\)"):
            read_token_reply(got, received_at=NOON)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("access_token=a&access_token=b", "occurs twice"),
        ("access_token=a&x=1&x=2", "occurs twice"),
        ("access_token=", "no access_token|malformed"),
        ("", "no access_token"),
        ("<html>", "no access_token"),
        ("access_token=a+b", "malformed access_token"),
        ("access_token=%ff", "malformed access_token"),
    ],
)
def test_tr_01_tr_02_a_form_is_read_as_strictly_as_json(body: str, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        read_token_reply(reply(body, headers=FORM), received_at=NOON)


@pytest.mark.parametrize(
    "value", [None, "", 42, True, [], {}, "a b", "a\nb", "a\x00", "a\x7f", "é", "x" * 65537]
)
@pytest.mark.parametrize("name", ["access_token", "refresh_token", "id_token"])
def test_tr_02_a_malformed_token_is_refused_and_not_shown(name: str, value: object) -> None:
    if name != "access_token" and value in (None, ""):
        assert getattr(read({name: value}), name) is None
        return
    with pytest.raises(ProtocolError, match=name) as refused:
        read({name: value})
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize("value", ["a", "x" * 65536, "~!@#$%^&*()[]{}'\"`\\|;<>?/,.-_=+"])
def test_tr_02_any_printable_token_up_to_64_kib_is_taken(value: str) -> None:
    assert read(access_token=value).access_token.reveal() == value


@pytest.mark.parametrize(
    "value", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer ", "Bearer\n", None, ""]
)
def test_tr_03_bearer_is_known_in_any_case_and_is_what_no_type_means(value: object) -> None:
    assert read(token_type=value).token_type == "Bearer"


@pytest.mark.parametrize(
    "value", ["mac", "N_A", "DPoP", "bot", "Bearer x", 42, True, ["Bearer"], {"a": 1}, "\x1b[2J"]
)
def test_tr_03_a_token_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(ProtocolError, match="type") as refused:
        read(token_type=value)
    assert str(refused.value).isprintable()


def test_tr_04_an_absent_expires_in_is_unknown() -> None:
    assert read().expires_at is None


@pytest.mark.parametrize("expires_in", [0, "0", -1, "soon", None])
def test_tr_04_where_the_answer_does_not_tell_the_token_itself_may(expires_in: object) -> None:
    made = b64encode(json.dumps({"iat": 1000, "exp": 1900}).encode()).decode().rstrip("=")
    tokens = read(access_token=f"e30.{made}.x", expires_in=expires_in)
    assert tokens.expires_at == NOON + timedelta(seconds=900)


@pytest.mark.parametrize(
    ("granted", "scope"),
    [
        ({}, "openid api"),
        ({"scope": None}, "openid api"),
        ({"scope": ""}, "openid api"),
        ({"scope": "  "}, "openid api"),
        ({"scope": 42}, "openid api"),
        ({"scope": "openid"}, "openid"),
        ({"scope": "openid api admin"}, "openid api admin"),
        ({"scope": ["openid", "api"]}, "openid api"),
        ({"scope": ["openid", 1]}, "openid api"),
        ({"scope": "a\x1b[2J\nb"}, "a [2J b"),
    ],
)
def test_tr_05_the_scope_is_what_was_granted_or_else_what_was_asked(
    granted: dict[str, Any], scope: str
) -> None:
    assert read(granted, asked="openid api").scope == scope


def test_tr_06_an_answer_without_a_refresh_token_has_none() -> None:
    assert read().refresh_token is None


def test_tr_07_no_member_of_an_answer_takes_the_place_of_a_trusted_one() -> None:
    evil = {
        "issuer": "https://evil.example",
        "token_endpoint": "https://evil.example/token",
        "expires_at": "2099-01-01T00:00:00Z",
        "version": 99,
        "profile": "other",
        "client": {"client_id": "evil"},
        "__class__": "x",
    }
    tokens = read(evil)
    assert tokens.extra == evil
    assert tokens.expires_at is None


def test_tr_07_the_rest_of_an_answer_is_capped() -> None:
    assert read(padding="x" * (EXTRA_OCTETS + 1)).extra == {}
    assert read(padding="x" * 1000).extra


def test_tr_07_unknown_members_are_kept_verbatim() -> None:
    text = (
        '{"access_token":"at","token_type":"Bearer","n":12345678901234567890,"f":1.5,'
        '"s":"\\u00fc\\ud83d\\ude00\\n","o":{"b":1,"a":2}}'
    )
    extra = read_token_reply(reply(text), received_at=NOON).extra
    assert json.dumps(extra) == json.dumps(
        {"n": 12345678901234567890, "f": 1.5, "s": "ü😀\n", "o": {"b": 1, "a": 2}}
    )


def test_cl_02_a_token_set_shows_none_of_its_secrets() -> None:
    tokens = read(
        access_token="canary1", refresh_token="canary2", id_token="canary3", device_secret="canary4"
    )
    assert "canary" not in repr(tokens)
