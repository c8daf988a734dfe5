"""Two redirect URIs, compared as servers compare them."""

from __future__ import annotations

import pytest

from loopback_auth.oauth.authorize.redirect_uri import difference, registered

SENT = "http://localhost:1717/OauthRedirect"

TABLE = [
    ("https://localhost:1717/OauthRedirect", "the scheme differs: sent http, registered https"),
    (
        "http://127.0.0.1:1717/OauthRedirect",
        "the host differs: sent localhost, registered 127.0.0.1",
    ),
    ("http://localhost:1718/OauthRedirect", "the port differs: sent 1717, registered 1718"),
    ("http://localhost/OauthRedirect", "the port differs: sent 1717, registered (none: 80)"),
    (
        "http://localhost:1717/OauthRedirect/",
        "the slash at the end differs: sent /OauthRedirect, registered /OauthRedirect/",
    ),
    (
        "http://localhost:1717/oauthredirect",
        "the case of the path differs: sent /OauthRedirect, registered /oauthredirect",
    ),
    (
        "http://localhost:1717/callback",
        "the path differs: sent /OauthRedirect, registered /callback",
    ),
    ("http://localhost:1717", "the path differs: sent /OauthRedirect, registered (none)"),
    (
        "http://LOCALHOST:1717/OauthRedirect",
        "the case of the host differs: sent localhost:1717, registered LOCALHOST:1717",
    ),
    ("http://localhost:1717/OauthRedirect?a=1", "the query differs: sent (none), registered a=1"),
    (" http://localhost:1717/OauthRedirect", "the registered one has a space before or after it"),
    (
        "http://localhost:1717/OauthRedirect#",
        "they differ from character 36 on: sent (nothing), registered '#'",
    ),
    (
        "http://[localhost:1717/OauthRedirect",
        (
            "they differ from character 8 on: sent 'localhost:1717/OauthRedirect',"
            " registered '[localhost:1717/OauthRedirect'"
        ),
    ),
    ("HTTP://localhost:1717/OauthRedirect", "they differ from character 1 on"),
    ("", "the scheme differs: sent http, registered (none)"),
]


@pytest.mark.parametrize(("registered", "words"), TABLE)
def test_the_first_difference_is_told(registered: str, words: str) -> None:
    """
    Scheme, host, port, path, final slash and case are told apart by name; whatever is left, by its
    place.
    """
    assert (difference(SENT, registered) or "").startswith(words)


def test_equal_addresses_do_not_differ() -> None:
    assert difference(SENT, SENT) is None


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("http://127.0.0.1:0/callback", "http://127.0.0.1/callback (any port)"),
        ("http://[::1]:0/a:0/b", "http://[::1]/a:0/b (any port)"),
        ("http://127.0.0.1:8080/callback", "http://127.0.0.1:8080/callback"),
        ("https://id.example/cb", "https://id.example/cb"),
    ],
)
def test_nobody_reads_of_port_0(uri: str, words: str) -> None:
    assert registered(uri) == words
