"""
Where a request comes from, at the test kit's Salesforce: the VPN, login hours, and the steps that
each policy refuses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing.salesforce import APP, ORG, STEPS, USER, Salesforce
from tests.support.asking import Clock, Reply
from tests.support.salesforce_asking import (
    LIMITS,
    ask,
    bearer,
    code,
    exchange,
    limits,
    refresh,
    signed_in,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RANGES = replace(USER, login_ip_ranges=True)
ALLOWLIST = replace(APP, refresh_ip_allowlist=True)
RELAXED = replace(APP, ip_relaxation="relax")
EVERY_REQUEST = replace(ORG, ip_ranges_on_every_request=True)
AFTER_HOURS = replace(USER, in_login_hours=False)
IP = {"error": "invalid_grant", "error_description": "ip restricted"}
HOURS = {"error": "invalid_grant", "error_description": "IP restricted or invalid login hours"}


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(clock=Clock()) as running:
        yield running


def refused_steps(salesforce: Salesforce, *switches: Any, outside: frozenset[str]) -> set[str]:
    """Sign in from inside, throw the switches, and give the steps that are refused from outside."""
    host = salesforce.login_url
    first, waiting = tokens(host), code(host)
    salesforce.put(*switches)
    salesforce.state.outside = outside
    replies = {
        "authorize": signed_in(host).headers.get("location", "code="),
        "token": exchange(host, {"code": waiting}).text,
        "refresh": refresh(host, first["refresh_token"]).text,
    }
    refused = {step for step, sent_back in replies.items() if "restricted" in sent_back}
    return refused | ({"api"} if limits(salesforce, first["access_token"]) == 401 else set())


@pytest.mark.parametrize(
    ("switches", "refused"),
    [
        ((), set()),
        ((RANGES,), {"authorize", "token", "refresh"}),
        ((RANGES, RELAXED), set()),
        ((ALLOWLIST,), {"authorize", "token", "refresh"}),
        ((replace(ALLOWLIST, ip_relaxation="relax"),), {"authorize", "token", "refresh"}),
        ((RANGES, EVERY_REQUEST), {"authorize", "token", "refresh", "api"}),
        ((EVERY_REQUEST,), set()),
        ((AFTER_HOURS,), {"authorize", "token", "refresh"}),
    ],
    ids=[
        "no policy",
        "the profile's ranges",
        "ranges that the app relaxes",
        "the Refresh Token IP Allowlist",
        "an allowlist that is not relaxed",
        "ranges on every request",
        "every request, and no ranges",
        "login hours",
    ],
)
def test_which_policy_refuses_which_step(
    salesforce: Salesforce, switches: tuple[Any, ...], refused: set[str]
) -> None:
    """With the VPN off; login hours are the same everywhere."""
    assert refused_steps(salesforce, *switches, outside=STEPS) == refused


@pytest.mark.parametrize("step", ["authorize", "token", "refresh", "api"])
def test_each_step_can_be_outside_on_its_own(salesforce: Salesforce, step: str) -> None:
    """The browser may be inside and the program outside, or the VPN goes off in between."""
    assert refused_steps(salesforce, RANGES, EVERY_REQUEST, outside=frozenset({step})) == {step}


def test_the_words_of_each_step(salesforce: Salesforce) -> None:
    """The app hears of it at authorize, and as JSON with status 400 at the token endpoint."""
    host = salesforce.login_url
    got, waiting = tokens(host), code(host)
    salesforce.put(RANGES, EVERY_REQUEST)
    salesforce.vpn = False
    sent_back = {name: value[0] for name, value in signed_in(host).sent_back.items()}
    assert sent_back == {**HOURS, "state": "s&t=a te"}
    replies = exchange(host, {"code": waiting}), refresh(host, got["refresh_token"])
    assert [(reply.status, reply.json) for reply in replies] == [(400, IP)] * 2
    api: Reply = ask(salesforce.my_domain() + LIMITS, headers=bearer(got["access_token"]))
    document: Any = api.json
    refusal = {
        "message": "This session is not valid for use with the REST API",
        "errorCode": "INVALID_SESSION_ID",
    }
    assert (api.status, document) == (401, [refusal])


def test_login_hours_have_words_of_their_own(salesforce: Salesforce) -> None:
    """A refresh at night."""
    token = tokens(salesforce.login_url)["refresh_token"]
    salesforce.put(AFTER_HOURS)
    assert refresh(salesforce.login_url, token).json == HOURS


@pytest.mark.parametrize("rotate", [False, True])
def test_a_refusal_ends_no_grant_and_the_vpn_brings_all_back(
    salesforce: Salesforce, *, rotate: bool
) -> None:
    """Neither the refresh token nor the access token is touched, and nothing is rotated."""
    salesforce.put(replace(APP, rotate_refresh=rotate), RANGES, EVERY_REQUEST)
    got = tokens(salesforce.login_url)
    salesforce.vpn = False
    for _ in range(3):
        assert refresh(salesforce.login_url, got["refresh_token"]).json == IP
    assert not salesforce.vpn
    salesforce.vpn = True
    assert limits(salesforce, got["access_token"]) == 200
    assert refresh(salesforce.login_url, got["refresh_token"]).status == 200
