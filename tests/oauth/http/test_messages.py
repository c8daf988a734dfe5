"""TR-01 and RB-06: bodies and JSON answers as values."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from loopback_auth.errors import (
    HTMLAnswer,
    LoopbackAuthError,
    ProtocolError,
    ServerUnavailable,
    UnexpectedRedirect,
)
from loopback_auth.oauth.http.messages import FormPost, read_json_object, refuse_unusable
from loopback_auth.oauth.secret import Secret

from ...support.samples import reply

if TYPE_CHECKING:
    from loopback_auth.oauth.http.messages import HttpReply

DEEP = 100_000


AWKWARD = "a:b%c+d é&=#?/\\\"'\r\n\x00 東 %2B"


def test_tx_03_a_form_is_encoded_once_and_decodes_to_what_went_in() -> None:
    fields = (("plain", AWKWARD), ("secret", Secret(AWKWARD)), (AWKWARD, "name"), ("empty", ""))
    body = FormPost(url="https://x.example", fields=fields).body().decode("ascii")
    decoded = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
    assert decoded == [("plain", AWKWARD), ("secret", AWKWARD), (AWKWARD, "name"), ("empty", "")]


def test_cl_02_a_form_does_not_show_its_secrets() -> None:
    post = FormPost(
        url="https://x.example",
        fields=(("code", Secret("canary")),),
        authorization=Secret("canary"),
    )
    assert "canary" not in repr(post)


NOT_AN_OBJECT: dict[str, bytes] = {
    "nothing": b"",
    "text": b"hello",
    "a number": b"42",
    "a string": b'"text"',
    "null": b"null",
    "an array": b'[{"access_token":"a"}]',
    "half an object": b'{"access_token":"a"',
    "two objects": b'{"access_token":"a"}{"access_token":"b"}',
    "a name twice": b'{"access_token":"a","access_token":"b"}',
    "a name twice, deeper": b'{"access_token":"a","x":{"y":1,"y":2}}',
    "NaN": b'{"access_token":"a","expires_in":NaN}',
    "Infinity": b'{"access_token":"a","expires_in":Infinity}',
    "minus Infinity": b'{"access_token":"a","expires_in":-Infinity}',
    "a number beyond all floats": b'{"access_token":"a","x":1e999}',
    "a number of 5,000 digits": b'{"access_token":"a","x":' + b"9" * 5000 + b"}",
    "invalid UTF-8": b'{"access_token":"\xff\xfe"}',
    "100,000 arrays deep": b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "100,000 objects deep": b'{"x":' * DEEP + b"1" + b"}" * DEEP,
    "1,000 arrays deep": b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    "200 arrays deep": b'{"x":' + b"[" * 200 + b"]" * 200 + b"}",
    "JSON with comments": b'{"access_token":"a" /* yes */}',
    "JSON with single quotes": b"{'access_token':'a'}",
    "a form": b"access_token=a&token_type=bearer",
}


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
def test_tr_01_what_is_not_one_strict_json_object_fails_cleanly(body: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_json_object(reply(body), what="the token endpoint")
    assert refused.value.exit_code == 7
    assert "the token endpoint" in str(refused.value)


def test_tr_08_an_answer_that_is_not_understood_is_not_quoted() -> None:
    with pytest.raises(ProtocolError) as refused:
        read_json_object(reply(b"canary " * 100), what="discovery")
    assert "canary" not in str(refused.value)


def test_an_object_may_be_as_deep_as_any_real_answer() -> None:
    body = b'{"x":' + b"[" * 20 + b"]" * 20 + b"}"
    assert "x" in read_json_object(reply(body), what="discovery")


HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = b"<!DOCTYPE html><title>Welcome to Hotel WiFi</title>"

CAPTIVE: dict[str, tuple[HttpReply, type[LoopbackAuthError], str]] = {
    "a page": (reply(PAGE, headers=HTML), HTMLAnswer, "web page (status 200)"),
    "a page without a content type": (reply(b"\n " + PAGE, headers={}), HTMLAnswer, "web page"),
    "a page that begins otherwise": (reply(b"<p>" + PAGE, headers=HTML), HTMLAnswer, "web page"),
    "a page that says not found": (reply(PAGE, status=404, headers=HTML), HTMLAnswer, "status 404"),
    "a redirect with a page": (
        reply(PAGE, status=302, headers=HTML),
        UnexpectedRedirect,
        "redirect",
    ),
    "a redirect without a body": (
        reply(b"", status=307, headers={}),
        UnexpectedRedirect,
        "status 307",
    ),
    "network authentication required": (
        reply(PAGE, status=511, headers=HTML),
        HTMLAnswer,
        "network",
    ),
    "an error page": (reply(PAGE, status=502, headers=HTML), ServerUnavailable, "status 502"),
    "too many requests": (reply(b"slow down", status=429), ServerUnavailable, "status 429"),
    "text": (reply(b"oops"), ProtocolError, "JSON object"),
}


@pytest.mark.parametrize(("got", "kind", "words"), CAPTIVE.values(), ids=CAPTIVE)
def test_rb_06_each_kind_of_wrong_answer_has_its_own_error(
    got: HttpReply, kind: type[LoopbackAuthError], words: str
) -> None:
    with pytest.raises(kind) as refused:
        read_json_object(got, what="the token endpoint")
    assert type(refused.value) is kind
    assert words in str(refused.value)
    assert "Hotel" not in str(refused.value)


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404])
def test_a_status_that_an_answer_may_have_is_let_through(status: int) -> None:
    refuse_unusable(reply({}, status=status), "the token endpoint")
