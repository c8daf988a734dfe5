"""The gates as a table: one request each, in the order in which they stand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from loopback_auth.edge.callback.request_gate import (
    PARAMETERS,
    CallbackRequest,
    check_request,
    is_private_network_preflight,
)

URI = "http://127.0.0.1:8765/callback"
PATHS = ("/callback", "/launch", "/done/x")
FORM = ("content-type", "application/x-www-form-urlencoded")


def visit(
    target: str = "/callback?code=x",
    *headers: tuple[str, str],
    method: str = "GET",
    host: str = "127.0.0.1:8765",
) -> CallbackRequest:
    return CallbackRequest(method=method, target=target, headers=[("host", host), *headers])


def status(seen: CallbackRequest, redirect_uri: str = URI, *, posts: bool = False) -> int | None:
    refused = check_request(seen, redirect_uri=redirect_uri, paths=PATHS, posts=posts)
    return refused.status if refused else None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (visit(), None),
        (visit("/launch"), None),
        (visit("/done/x"), None),
        (visit("/callback"), None),
        (visit(host="evil.example", method="HEAD"), 421),
        (visit("http://127.0.0.1:8765/callback?code=x"), 421),
        (visit("*", method="OPTIONS"), 421),
        (visit("/other", ("sec-purpose", "prefetch"), method="HEAD"), 404),
        (visit("/callback/"), 404),
        (visit(method="HEAD"), 405),
        (visit("/launch", method="POST"), 405),
        (visit("/callback", ("sec-fetch-mode", "cors"), method="POST"), 405),
        (visit("/callback", ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")), None),
        (visit("/callback", ("sec-fetch-mode", "no-cors")), 403),
        (visit("/callback", ("sec-fetch-dest", "image")), 403),
        (visit("/callback", ("sec-fetch-dest", "")), 403),
        (visit("/callback", ("sec-purpose", "Prefetch")), 403),
        (visit("/callback", ("sec-purpose", "Prefetch;prerender")), 403),
        (visit("/callback", ("sec-purpose", "prerender")), 403),
        (visit("/launch", ("purpose", "prefetch")), 403),
    ],
)
def test_cb_05_06_07_each_gate(seen: CallbackRequest, expected: int | None) -> None:
    """CB-05 421, CB-06 404 and 405, CB-07 403: the first that does not fit answers."""
    assert status(seen) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (visit("/callback", FORM, method="POST"), None),
        (visit("/callback", (FORM[0], f"{FORM[1]}; charset=utf-8"), method="POST"), None),
        (visit("/callback", (FORM[0], "text/plain"), method="POST"), 415),
        (visit("/callback", method="POST"), 415),
        (visit("/callback", FORM, ("sec-fetch-dest", "iframe"), method="POST"), 403),
        (visit("/launch", FORM, method="POST"), 405),
        (visit("/done/x", FORM, method="POST"), 405),
        (visit("/callback", FORM, method="PUT"), 405),
    ],
)
def test_cb_06_what_form_post_adds(seen: CallbackRequest, expected: int | None) -> None:
    assert status(seen, posts=True) == expected


@pytest.mark.parametrize(
    ("redirect_uri", "host", "expected"),
    [
        ("http://127.0.0.1:80/callback", "127.0.0.1", None),
        ("http://127.0.0.1:80/callback", "127.0.0.1:80", None),
        ("http://127.0.0.1/callback", "127.0.0.1", None),
        ("http://127.0.0.1/callback", "127.0.0.1:8080", 421),
        ("http://127.0.0.1:8080/callback", "127.0.0.1:80", 421),
        ("http://127.0.0.1:8080/callback", "127.0.0.1", 421),
        ("http://LocalHost:8765/callback", "localhost:8765", None),
        ("http://[::1]:8765/callback", "[::1]:8765", None),
        ("http://[::1]:8765/callback", "[::1]", 421),
    ],
)
def test_cb_05_the_host_is_what_a_browser_makes_of_the_redirect_uri(
    redirect_uri: str, host: str, expected: int | None
) -> None:
    """CB-05: it lower-cases the name and leaves port 80 out."""
    assert status(visit(host=host), redirect_uri) == expected


@pytest.mark.parametrize(
    "headers", [(), (("host", "127.0.0.1:8765"),) * 2, (("host", "127.0.0.1:8765"), ("host", "x"))]
)
def test_cb_05_there_is_exactly_one_host(headers: tuple[tuple[str, str], ...]) -> None:
    assert status(CallbackRequest(method="GET", target="/callback", headers=headers)) == 421


def test_cb_12_a_reason_is_ours_whatever_the_method_says() -> None:
    """CB-12: it is printed on the terminal."""
    refused = check_request(visit(method="\x1b[2J<b>"), redirect_uri=URI, paths=PATHS, posts=False)
    assert refused
    assert refused.reason == "a strange request"


@pytest.mark.parametrize(
    "name", ["access-control-request-private-network", "access-control-request-local-network"]
)
def test_cb_07_a_preflight_is_one_that_asks_for_this_network_and_this_host(name: str) -> None:
    def asked(value: str = "true", **more: Any) -> bool:
        seen = visit("/callback", (name, value), **{"method": "OPTIONS", **more})
        return is_private_network_preflight(seen, redirect_uri=URI)

    assert asked()
    assert not asked("false")
    assert not asked(method="GET")
    assert not asked(host="evil.example")


def test_parameters_come_from_the_query_or_from_the_form_and_never_from_both() -> None:
    body = urlencode({"code": "form é", "state": ""}).encode()
    form = CallbackRequest(method="POST", target="/callback?code=query", headers=[], body=body)

    assert visit("/callback?code=a+b%2B&x=&code=b").parameters() == [
        ("code", "a b+"),
        ("x", ""),
        ("code", "b"),
    ]
    assert visit("/callback").parameters() == []
    assert form.parameters() == [("code", "form é"), ("state", "")]


@pytest.mark.parametrize("fields", [PARAMETERS, PARAMETERS + 1])
def test_cb_10_more_parameters_than_any_answer_has_are_not_read(fields: int) -> None:
    seen = visit("/callback?" + "&".join(f"p{number}=" for number in range(fields)))
    assert (seen.parameters() is None) == (fields > PARAMETERS)
