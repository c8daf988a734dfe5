"""
Where a token may go, and what a request may say of itself: a path stays below its base, and no
spelling names another server.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, strategies as st

from loopback_auth.errors import LoopbackAuthError, OriginRefused, URLRefused, UsageError
from loopback_auth.oauth.resource.address import (
    Resources,
    onward,
    origin_of,
    read_header,
    read_method,
    resources,
)

BASE = "https://api.example/v1"
OWN = resources(
    profile="work",
    base=BASE,
    others=("https://id.example/realms/a", None, "http://127.0.0.1:8080/userinfo"),
)

ADDRESSES = [
    ("/me", f"{BASE}/me"),
    ("me", f"{BASE}/me"),
    ("/", f"{BASE}/"),
    ("?q=1", f"{BASE}/?q=1"),
    ("/é/ü", f"{BASE}/%C3%A9/%C3%BC"),
    ("/a b", f"{BASE}/a%20b"),
    ("/a%2Fb%2f%zz", f"{BASE}/a%2Fb%2f%zz"),
    ("/x?q=%2B+%20&r=a%26b&s==&t", f"{BASE}/x?q=%2B+%20&r=a%26b&s==&t"),
    ("/q?s=SELECT Id FROM A WHERE n='x'", f"{BASE}/q?s=SELECT%20Id%20FROM%20A%20WHERE%20n='x'"),
    ('/q?j={"a":[1]}', f"{BASE}/q?j=%7B%22a%22:[1]%7D"),
    ("/q?w=a\\b&up=../..", f"{BASE}/q?w=a%5Cb&up=../.."),
    ("projects/x:search", f"{BASE}/projects/x:search"),
    ("/@evil.example/", f"{BASE}/@evil.example/"),
    ("@evil.example", f"{BASE}/@evil.example"),
    (".evil.example", f"{BASE}/.evil.example"),
    (":8443/x", f"{BASE}/:8443/x"),
    ("evil.example:443/x", f"{BASE}/evil.example:443/x"),
    ("javascript:alert(1)", f"{BASE}/javascript:alert(1)"),
    ("/x?next=https://evil.example", f"{BASE}/x?next=https://evil.example"),
    ("x?next=https://evil.example", f"{BASE}/x?next=https://evil.example"),
    ("/a//b", f"{BASE}/a//b"),
    ("/...", f"{BASE}/..."),
    ("https://api.example/other", "https://api.example/other"),
    ("https://api.example", "https://api.example/"),
    ("https://api.example?q", "https://api.example/?q"),
    ("HTTPS://API.example:443/Other", "https://api.example/Other"),
    ("https://id.example/userinfo?a=é", "https://id.example/userinfo?a=%C3%A9"),
    ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
]


@pytest.mark.parametrize(("text", "url"), ADDRESSES)
def test_an_address_is_a_path_below_the_base_or_a_url_of_a_server_of_the_profile(
    text: str, url: str
) -> None:
    assert OWN.address(text) == url


HOSTILE: list[tuple[str, type[LoopbackAuthError]]] = [
    ("", URLRefused),
    ("//evil.example/x", URLRefused),
    ("///evil.example/x", URLRefused),
    ("/\\evil.example/x", URLRefused),
    ("\\\\evil.example\\x", URLRefused),
    ("/..", URLRefused),
    ("/a/../../x", URLRefused),
    ("../x", URLRefused),
    ("/./x", URLRefused),
    ("/%2e%2e/x", URLRefused),
    ("/.%2E/x", URLRefused),
    ("/a%2f..%2fb", URLRefused),
    ("/a%5c..%5cb", URLRefused),
    ("/..;/x", URLRefused),
    ("/a\r\nHost: evil.example", URLRefused),
    ("/a\tb", URLRefused),
    ("/a\x00", URLRefused),
    ("/a\x7f", URLRefused),
    ("/a#b", URLRefused),
    ("/\ud800", URLRefused),
    ("https:evil.example", URLRefused),
    ("https:/evil.example", URLRefused),
    ("HTTPS:\\\\evil.example", URLRefused),
    ("https://", URLRefused),
    ("https:///x", URLRefused),
    ("https://api.example@evil.example/", URLRefused),
    ("https://x:y@api.example/", URLRefused),
    ("https://evil.example#@api.example/", URLRefused),
    ("https://api.example\\@evil.example/", URLRefused),
    ("https://api.example\\.evil.example/", URLRefused),
    ("https://api.example%2eevil.example/", URLRefused),
    ("https://api.example%40evil.example/", URLRefused),
    ("https://api.example\n.evil.example/", URLRefused),
    ("https://api.example .evil.example/", URLRefused),
    ("https://аpi.example/", URLRefused),  # noqa: RUF001 - a Cyrillic letter is the point
    ("https://api。example/", URLRefused),
    ("https://[::1/", URLRefused),
    ("https://api.example:0/", URLRefused),
    ("https://api.example:99999/", URLRefused),
    ("https://api.example:443x/", URLRefused),
    ("http://api.example/", URLRefused),
    ("ftp://api.example/", URLRefused),
    ("file:///etc/passwd", URLRefused),
    ("ws://127.0.0.1:8080/", URLRefused),
    ("https://api.example/../x", URLRefused),
    ("https://evil.example/", OriginRefused),
    ("https://evil.example?@api.example/", OriginRefused),
    ("https://evil.example/https://api.example/", OriginRefused),
    ("https://api.example.evil.example/", OriginRefused),
    ("https://api.example./", OriginRefused),
    ("https://api.example:8443/", OriginRefused),
    ("https://sub.api.example/", OriginRefused),
    ("https://127.0.0.1:8080/", OriginRefused),
    ("http://127.0.0.1:8081/", OriginRefused),
    ("http://localhost:8080/", OriginRefused),
    ("http://127.1.1.1:8080/", OriginRefused),
]


@pytest.mark.parametrize(("text", "kind"), HOSTILE)
def test_no_spelling_leads_to_another_server(text: str, kind: type[LoopbackAuthError]) -> None:
    with pytest.raises(kind) as refused:
        OWN.address(text)
    assert type(refused.value) is kind
    assert refused.value.exit_code == 2
    assert "loopback-auth" in refused.value.fix or "config.toml" in refused.value.fix


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "@",
        ":",
        "?",
        "#",
        "https:",
        "http:",
        "evil.example",
        "é",
        " ",
        "\t",
        "%",
        "a",
        "[",
        ";",
        "\ud83d",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_whatever_is_typed_goes_to_an_own_origin_or_nowhere(text: str) -> None:
    try:
        url = OWN.address(text)
    except UsageError:
        return
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" in OWN.origins
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url


def test_another_server_is_refused_with_the_line_that_would_allow_it() -> None:
    with pytest.raises(
        OriginRefused, match=r"is not for https://other\.example; it is for: "
    ) as refused:
        OWN.address("https://other.example/secret?t=1")
    assert refused.value.fix.endswith('[profiles.work] api_base = "https://other.example"')
    assert "secret" not in str(refused.value)


def test_a_path_needs_a_base() -> None:
    alone = resources(profile="work", base=None, others=("https://id.example",))
    with pytest.raises(UsageError, match="nothing says where the API of the profile work is"):
        alone.address("/me")
    assert alone.address("https://id.example/x") == "https://id.example/x"


@pytest.mark.parametrize(
    "base",
    [
        "http://api.example",
        "https://u@api.example",
        "https://api.example/?q",
        "https://api.example/#f",
        "api.example",
        "https://a b",
        "",
    ],
)
def test_a_base_is_an_address_as_any_other(base: str) -> None:
    with pytest.raises(URLRefused):
        resources(profile="work", base=base)


@pytest.mark.parametrize(
    "base", ["https://API.example:443/v1/", "https://api.example/v1", "https://api.example/v1//"]
)
def test_a_base_has_one_spelling(base: str) -> None:
    assert resources(profile="work", base=base) == Resources(
        profile="work", base=BASE, origins=frozenset({"https://api.example"})
    )


@pytest.mark.parametrize(
    ("authority", "origin"),
    [
        ("https://[::1]:443", "https://[::1]"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:80", "http://localhost"),
        ("https://h:0443", "https://h"),
        ("https://h:", "https://h"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
    ],
)
def test_an_origin_has_one_spelling(authority: str, origin: str) -> None:
    assert origin_of(authority) == origin


HERE = "https://api.example/v1/me?x=1"
REDIRECTS = [
    ("/other", "https://api.example/other"),
    ("other?y=2", "https://api.example/v1/other?y=2"),
    ("../up", "https://api.example/up"),
    ("?y", "https://api.example/v1/me?y"),
    ("https://api.example/other#there", "https://api.example/other"),
    ("https://API.example:443/x", "https://api.example/x"),
    ("//api.example/x", "https://api.example/x"),
    ("/a b/é", "https://api.example/a%20b/%C3%A9"),
    ("https:evil.example", "https://api.example/v1/evil.example"),
    ("", None),
    ("https://evil.example/", None),
    ("//evil.example/", None),
    ("///evil.example/", None),
    ("https:///evil.example/", None),
    ("/\\evil.example/", None),
    ("\\\\evil.example/", None),
    ("/\t/evil.example/", None),
    ("ht\ntps://evil.example/", None),
    ("http://api.example/", None),
    ("https://api.example:8443/", None),
    ("https://id.example/", None),
    ("https://api.example@evil.example/", None),
    ("https://evil.example\\@api.example/", None),
    ("https://api.example%2f@evil.example/", None),
    ("https://[", None),
    ("https://api。example/", None),
    ("javascript:alert(1)", None),
    ("/%2e%2e/x", None),
]


@pytest.mark.parametrize(("location", "url"), REDIRECTS)
def test_a_redirect_is_followed_where_it_stays_with_one_server_beyond_doubt(
    location: str, url: str | None
) -> None:
    assert onward(HERE, location) == url


HEADERS = [
    "no colon",
    ": empty",
    "Sp ace: x",
    "X: a\r\nEvil: 1",
    "X: a\nEvil: 1",
    "X: a\x00b",
    "X\n: 1",
    "X: \udc80",
    "É: 1",
    "X\t: 1",
    "X: a\x7f",
]
OURS = [
    "Authorization",
    "host",
    "CONTENT-LENGTH",
    "Transfer-Encoding",
    "Connection",
    "Proxy-Authorization",
    "proxy-x",
    "TE",
    "Upgrade",
    "Expect",
    "Keep-Alive",
    "Trailer",
]


@pytest.mark.parametrize("header", [*HEADERS, *(f"{name}: mine" for name in OURS)])
def test_a_header_that_would_change_the_request_is_refused(header: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_header(header)
    text = str(refused.value) + refused.value.cause + refused.value.fix
    assert "mine" not in text
    assert "Evil" not in text


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Accept: text/csv", ("Accept", "text/csv")),
        ("X-Empty:", ("X-Empty", "")),
        ("X-A: b: c\t", ("X-A", "b: c")),
        ("X-B: é", ("X-B", "é")),
    ],
)
def test_a_header_is_taken_as_it_is(text: str, header: tuple[str, str]) -> None:
    assert read_header(text) == header


@pytest.mark.parametrize(
    "method", ["", "G T", "GET\r\nX:", "GÉT", "CONNECT", "trace", "TRACE", "-X", "A" * 33, "GET1"]
)
def test_a_method_that_would_show_the_token_or_is_none_is_refused(method: str) -> None:
    with pytest.raises(UsageError):
        read_method(method)


def test_a_method_is_in_capitals() -> None:
    assert [read_method(text) for text in ("get", "PATCH", "Version-Control")] == [
        "GET",
        "PATCH",
        "VERSION-CONTROL",
    ]
