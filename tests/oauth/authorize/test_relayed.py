"""An authorize URL from another machine: what is relayed, and why the rest is not."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from loopback_auth.errors import URLRefused
from loopback_auth.oauth.authorize.relayed import RelayedAnswer, read_authorize_url
from loopback_auth.oauth.authorize.response import Stray

from ...support.samples import request

OURS = request()
STATE = OURS.state.reveal()


def url(base: str = "https://id.example.com/authorize", **changed: str | None) -> str:
    pairs = {**dict(parse_qsl(urlsplit(OURS.url).query)), **changed}
    return f"{base}?{urlencode({name: v for name, v in pairs.items() if v is not None})}"


def test_what_our_own_sign_in_prints_is_read_in_each_shape_that_a_copy_has() -> None:
    for text in (
        OURS.url,
        f"  {OURS.url}\n",
        f'"{OURS.url}"',
        f"{OURS.url[:80]}\n  {OURS.url[80:]}",
    ):
        read = read_authorize_url(text)
        assert read.url == OURS.url
        assert (read.host, read.client_id) == ("id.example.com", "my-cli")
        assert (read.redirect_uri, read.scope) == (OURS.redirect_uri, "openid api")
    assert STATE not in repr(read)


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://localhost:1717/OauthRedirect", "http://[::1]:80/", "http://127.0.0.9:1/a?b=c"],
)
def test_every_loopback_address_is_one(redirect_uri: str) -> None:
    assert read_authorize_url(url(redirect_uri=redirect_uri)).redirect_uri == redirect_uri


REFUSED = {
    "": "it is empty",
    "x" * 17_000: "longer than any",
    url("https://id.exаmple.com/a"): "letters that look like others",  # noqa: RUF001 - a Cyrillic a
    url("https://xn--exmple-4uf.com/a"): "letters of another alphabet",
    url("https://id.xn--exmple-4uf.com/a"): "letters of another alphabet",
    url("https://id.example.com\u202e/a"): "letters that look like others",
    url("http://id.example.com/a"): "it is http",
    url("ftp://id.example.com/a"): "does not begin with https://",
    url("javascript:alert(1)//https://x/"): "does not begin with https://",
    url("file:///etc/passwd"): "does not begin with https://",
    url("https:///authorize"): "does not begin with https://",
    url("https://id.example.com@evil.example/a"): "a user name before its host",
    url("https://id.example.com%2eevil.example/a"): "a user name before its host",
    url("https://id.example.com\\@evil.example/a"): "characters that no address has",
    url("https://id.example.com:99999/a"): "it is no address",
    url("https://[::1/a"): "it is no address",
    url() + "#x": "a fragment",
    url() + "&state=other": "the parameter state occurs twice",
    url() + "&client_id=other": "the parameter client_id occurs twice",
    url() + "&redirect_uri=http://evil.example/": "the parameter redirect_uri occurs twice",
    url(state=None): "it has no state",
    url(state=""): "it has no state",
    url(client_id=None): "it has no client_id",
    url(redirect_uri=None): "it has no redirect_uri",
    url(code_challenge=None): "it has no code_challenge",
    url(code_challenge_method="plain"): "something else than a code with PKCE",
    url(code_challenge_method=None): "something else than a code with PKCE",
    url(response_type="token"): "something else than a code with PKCE",
    url(response_type="code id_token"): "something else than a code with PKCE",
    url(response_mode="fragment"): "response_mode",
    url(request_uri="urn:x"): "a request elsewhere",
    url(redirect_uri="https://evil.example/cb"): "not on this machine",
    url(redirect_uri="http://127.0.0.1.evil.example/cb"): "not on this machine",
    url(redirect_uri="http://127.0.0.1:80@evil.example/cb"): "not on this machine",
    url(redirect_uri="http://2130706433/cb"): "not on this machine",
    url(redirect_uri="http://0.0.0.0:1717/cb"): "not on this machine",
    url(redirect_uri="http://loсalhost:1717/cb"): "not on this machine",  # noqa: RUF001 - a Cyrillic c
    url(redirect_uri="http://localhost:1/$(id)`id`"): "not on this machine",
    url(redirect_uri="urn:ietf:wg:oauth:2.0:oob"): "not on this machine",
    url(redirect_uri="ftp://localhost:1717/cb"): "none that can be listened on",
    url(redirect_uri="http://user@localhost:1717/cb"): "none that can be listened on",
    url(redirect_uri="http://localhost:0/cb"): "none that can be listened on",
    url(redirect_uri="http://localhost:1/cb#x"): "none that can be listened on",
    url(redirect_uri="http://localhost:x/cb"): "is no address",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused_with_its_reason_and_not_repeated(text: str) -> None:
    """CL-02: the state of a URL is in no error."""
    with pytest.raises(URLRefused) as refused:
        read_authorize_url(text)
    assert REFUSED[text] in str(refused.value)
    assert STATE not in f"{refused.value} {refused.value.cause} {refused.value.fix}"


def test_a_resource_may_be_named_twice() -> None:
    """RFC 8707 section 2."""
    more = "&resource=https://a.example&resource=https://b.example"
    assert read_authorize_url(OURS.url + more).client_id == "my-cli"


def read(**query: str) -> Stray | RelayedAnswer:
    return read_authorize_url(OURS.url).read([*query.items()])


def test_the_answer_travels_whole() -> None:
    """What the other machine checks is in it: the state, the issuer, and what it does not know."""
    query = {"code": "a/b=", "state": STATE, "iss": "https://id.example.com", "session_state": "x"}
    answer = read(**query)
    assert isinstance(answer, RelayedAnswer)
    assert answer.url.reveal() == f"{OURS.redirect_uri}?{urlencode(query)}"
    assert answer.url.reveal() not in repr(answer)
    assert dict(parse_qsl(urlsplit(answer.url.reveal()).query)) == query


def test_a_refusal_is_an_answer() -> None:
    answer = read(error="access_denied\x1b[31m", state=STATE)
    assert isinstance(answer, RelayedAnswer)
    assert answer.error == "access_denied [31m"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"code": "c"}, "no state"),
        ({"code": "c", "state": "other"}, "wrong state"),
        ({"state": STATE}, "neither a code nor an error is in it"),
        ({"state": STATE, "code": "c", "access_token": "t"}, "a token"),
        ({"state": STATE, "response": "jwt"}, "a token"),
    ],
)
def test_ar_01_anything_else_is_a_stray(query: dict[str, str], reason: str) -> None:
    """AR-01."""
    stray = read(**query)
    assert isinstance(stray, Stray)
    assert stray.reason.startswith(reason)


def test_ar_02_a_parameter_that_occurs_twice_makes_it_none() -> None:
    """AR-02."""
    twice = [("code", "a"), ("code", "b"), ("state", STATE)]
    assert isinstance(read_authorize_url(OURS.url).read(twice), Stray)
