"""
The token endpoint of the test kit's Salesforce: its answers field by field, its errors row by row,
refresh and rotation.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import pytest

from loopback_auth.testing.http import faults
from loopback_auth.testing.salesforce import APP, ORG, REDIRECT_URI, USER, Salesforce
from tests.support.asking import VERIFIER, Clock
from tests.support.salesforce_asking import (
    FORM,
    OAUTH,
    ask,
    code,
    exchange,
    limits,
    post,
    refresh,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OTHER = replace(APP, client_id="3MVG9other")
EVERYTHING = "api refresh_token openid sfap_api"


@pytest.fixture
def salesforce(clock: Clock) -> Iterator[Salesforce]:
    app = replace(APP, scopes=(*APP.scopes, "sfap_api"))
    with Salesforce.running(apps=[app, OTHER], clock=clock) as running:
        yield running


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return document


def test_the_answer_field_by_field(salesforce: Salesforce, clock: Clock) -> None:
    """
    All values are strings, there is no expires_in, issued_at counts milliseconds, and the signature
    can be checked.
    """
    reply = exchange(salesforce.login_url, {"code": code(salesforce.login_url)})
    answer = reply.json
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.headers["cache-control"] == "no-store"
    assert set(answer) == {
        *("access_token", "refresh_token", "signature", "scope", "instance_url", "id"),
        *("token_type", "issued_at"),
    }
    assert all(isinstance(value, str) for value in answer.values())
    assert re.fullmatch(r"00D\w{12,15}![.\w]*", answer["access_token"])
    assert answer["refresh_token"].startswith("5Aep861")
    assert answer["scope"] == "api refresh_token"
    assert answer["instance_url"] == salesforce.my_domain()
    assert answer["id"] == f"{salesforce.login_url}/id/{ORG.org_id}/{USER.user_id}"
    assert answer["token_type"] == "Bearer"
    assert answer["issued_at"] == str(int(clock.now * 1000))
    digest = hmac.digest(
        APP.client_secret.encode(), (answer["id"] + answer["issued_at"]).encode(), "sha256"
    )
    assert answer["signature"] == base64.b64encode(digest).decode()


def test_openid_brings_an_id_token_with_the_nonce(salesforce: Salesforce) -> None:
    """Only with the scope openid."""
    claims = claims_of(tokens(salesforce.login_url, scope="openid", nonce="n-1")["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (
        salesforce.login_url,
        APP.client_id,
        "n-1",
    )


@pytest.mark.parametrize(
    ("scope", "member", "is_there"),
    [
        ("api", "refresh_token", False),
        ("api offline_access", "refresh_token", True),
        ("full", "refresh_token", False),
        ("api", "id_token", False),
        (EVERYTHING, "api_instance_url", True),
        ("api", "api_instance_url", False),
    ],
)
def test_scopes_bring_members(
    salesforce: Salesforce, scope: str, member: str, is_there: object
) -> None:
    """What was not asked for does not come."""
    assert (member in tokens(salesforce.login_url, scope=scope)) is is_there


def test_access_tokens_may_be_jwts(salesforce: Salesforce) -> None:
    """They end when the session does, and are as good as the others."""
    salesforce.put(replace(APP, jwt_access_tokens=True))
    token = tokens(salesforce.login_url)["access_token"]
    claims = claims_of(token)
    assert token.startswith("eyJ")
    assert claims["exp"] - claims["iat"] == APP.session_timeout
    assert limits(salesforce, token) == 200


# What is sent in the place of what is right, and the switch thrown after the code was given.
BAD: dict[str, tuple[dict[str, str | None], object, str, str]] = {
    "no grant type": (
        {"grant_type": None},
        APP,
        "unsupported_grant_type",
        "grant type not supported",
    ),
    **{
        f"grant type {grant}": (
            {"grant_type": grant},
            APP,
            "unsupported_grant_type",
            "grant type not supported",
        )
        for grant in (
            *("password", "device", "hybrid_auth_code", "hybrid_refresh"),
            "urn:ietf:params:oauth:grant-type:token-exchange",
        )
    },
    "an unknown client": (
        {"client_id": "x"},
        APP,
        "invalid_client_id",
        "client identifier invalid",
    ),
    "an app not synced": (
        {},
        replace(APP, active_from=Clock().now + 1),
        "invalid_client_id",
        "client identifier invalid",
    ),
    "a scope": ({"scope": "api"}, APP, "invalid_request", "scope parameter not supported"),
    "a scope that is empty": (
        {"scope": ""},
        APP,
        "invalid_request",
        "scope parameter not supported",
    ),
    "a wrong secret": ({"client_secret": "x"}, APP, "invalid_client", "invalid client credentials"),
    "no secret": ({"client_secret": None}, APP, "invalid_client", "invalid client credentials"),
    "a wrong secret where none is required": (
        {"client_secret": "x"},
        replace(APP, require_secret_web=False),
        "invalid_client",
        "invalid client credentials",
    ),
    "no code": ({"code": None}, APP, "invalid_request", "missing required parameter: code"),
    "an unknown code": ({"code": "aPrx"}, APP, "invalid_grant", "invalid authorization code"),
    "another app's code": (
        {"client_id": OTHER.client_id},
        APP,
        "invalid_grant",
        "invalid authorization code",
    ),
    "no callback": (
        {"redirect_uri": None},
        APP,
        "invalid_request",
        "missing required parameter: redirect_uri",
    ),
    "another callback": (
        {"redirect_uri": REDIRECT_URI + "/"},
        APP,
        "redirect_uri_mismatch",
        "redirect_uri must match configuration",
    ),
    "no verifier": ({"code_verifier": None}, APP, "invalid_grant", "invalid code verifier"),
    "another verifier": (
        {"code_verifier": "x" * 43},
        APP,
        "invalid_grant",
        "invalid code verifier",
    ),
    "a person who left": ({}, replace(USER, active=False), "inactive_user", "user is inactive"),
    "a person who is frozen": ({}, replace(USER, frozen=True), "invalid_grant", "inactive user"),
    "a packaged app that was uninstalled": (
        {},
        replace(APP, installed=False),
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "a locked org": (
        {},
        replace(ORG, status="locked"),
        "inactive_org",
        "org is locked, closed, or suspended",
    ),
    "an uninstalled app": (
        {},
        replace(APP, kind="connected", installed=False),
        "invalid_client",
        "app must be installed into org",
    ),
    "a blocked app": ({}, replace(APP, blocked=True), "invalid_grant", "authentication failure"),
    "not preauthorized": (
        {},
        replace(APP, permitted_users="preauthorized"),
        "invalid_app_access",
        "user is not admin approved to access this app",
    ),
    "too many logins": (
        {},
        replace(USER, logins_left=False),
        "rate_limit_exceeded",
        "login rate exceeded",
    ),
    "an assertion without a certificate": (
        {
            "client_secret": None,
            "client_assertion": "eyJ.e30.x",
            "client_assertion_type": ASSERTION,
        },
        replace(APP, require_secret_web=False),
        "invalid_client",
        "invalid client credentials",
    ),
    "a local app at the generic host": (
        {},
        replace(APP, distribution="local"),
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "grant type before client": (
        {"grant_type": "x", "client_id": "x"},
        APP,
        "unsupported_grant_type",
        "grant type not supported",
    ),
    "client before secret": (
        {"client_id": "x", "client_secret": "x"},
        APP,
        "invalid_client_id",
        "client identifier invalid",
    ),
    "secret before code": (
        {"client_secret": "x", "code": "x"},
        APP,
        "invalid_client",
        "invalid client credentials",
    ),
    "code before callback": (
        {"code": "x", "redirect_uri": "x"},
        APP,
        "invalid_grant",
        "invalid authorization code",
    ),
    "callback before verifier": (
        {"redirect_uri": "x", "code_verifier": "x"},
        APP,
        "redirect_uri_mismatch",
        "redirect_uri must match configuration",
    ),
}


@pytest.mark.parametrize(("sent", "switch", "error", "description"), BAD.values(), ids=BAD)
def test_errors_row_by_row(
    salesforce: Salesforce, sent: dict[str, str | None], switch: Any, error: str, description: str
) -> None:
    """Status 400 and a JSON object of two members."""
    found = code(salesforce.login_url)
    salesforce.put(switch)
    reply = exchange(salesforce.login_url, {"code": found, **sent})
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json == {"error": error, "error_description": description}


def test_an_app_without_scopes(salesforce: Salesforce) -> None:
    """There is nothing to give."""
    salesforce.put(replace(APP, scopes=()))
    reply = exchange(salesforce.login_url, {"code": code(salesforce.login_url, scope=None)})
    assert reply.json == {"error": "invalid_grant", "error_description": "no valid scopes defined"}


def test_a_code_is_good_once(salesforce: Salesforce) -> None:
    """The second time it is called expired, and what the first gave stays good."""
    found = code(salesforce.login_url)
    first = exchange(salesforce.login_url, {"code": found}).json
    again = exchange(salesforce.login_url, {"code": found})
    assert again.json["error_description"] == "expired authorization code"
    assert limits(salesforce, first["access_token"]) == 200


@pytest.mark.parametrize(("age", "status"), [(900, 200), (901, 400)])
def test_a_code_is_good_for_a_quarter_of_an_hour(
    salesforce: Salesforce, clock: Clock, age: int, status: int
) -> None:
    """Then it is expired."""
    found = code(salesforce.login_url)
    clock.advance(age)
    assert exchange(salesforce.login_url, {"code": found}).status == status


@pytest.mark.parametrize("mangle", [lambda c: c.rstrip("="), lambda c: c.replace("=", "%3D")])
def test_a_code_with_its_end_cut_off_is_not_known(salesforce: Salesforce, mangle: Any) -> None:
    """The equals signs belong to it."""
    reply = exchange(salesforce.login_url, {"code": mangle(code(salesforce.login_url))})
    assert reply.json["error_description"] == "invalid authorization code"


def test_a_verifier_without_a_challenge_is_unexpected(salesforce: Salesforce) -> None:
    """Whoever sent no challenge sends no verifier."""
    salesforce.put(replace(APP, require_pkce=False))
    reply = exchange(
        salesforce.login_url, {"code": code(salesforce.login_url, code_challenge=None)}
    )
    assert reply.json == {"error": "invalid_grant", "error_description": "unexpected code verifier"}


def test_a_secret_that_is_not_required_may_be_left_out(salesforce: Salesforce) -> None:
    """At the exchange and at the refresh, by a switch for each."""
    salesforce.put(replace(APP, require_secret_web=False))
    reply = exchange(
        salesforce.login_url, {"code": code(salesforce.login_url), "client_secret": None}
    )
    token = reply.json["refresh_token"]
    assert (
        refresh(salesforce.login_url, token, client_secret=None).json["error"] == "invalid_client"
    )
    salesforce.put(replace(APP, require_secret_refresh=False))
    assert refresh(salesforce.login_url, token, client_secret=None).status == 200


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"{APP.client_id}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("form", "header", "status"),
    [
        ({"client_id": None, "client_secret": None}, APP.client_secret, 200),
        ({"client_secret": None}, APP.client_secret, 200),
        ({"client_id": None, "client_secret": None}, "wrong", 400),
        ({}, "wrong", 200),
    ],
    ids=[
        "in the header",
        "the client in the body too",
        "wrong in the header",
        "the body's pair counts",
    ],
)
def test_client_authentication_by_basic(
    salesforce: Salesforce, form: dict[str, str | None], header: str, status: int
) -> None:
    """The header is ignored if the body repeats the pair."""
    found = code(salesforce.login_url)
    reply = exchange(salesforce.login_url, {"code": found, **form}, Authorization=basic(header))
    assert reply.status == status


def whole_form(salesforce: Salesforce) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "code": code(salesforce.login_url),
    }


def test_parameters_may_be_in_the_query(salesforce: Salesforce) -> None:
    """It works, wise or not."""
    form = whole_form(salesforce)
    reply = ask(f"{salesforce.login_url}{OAUTH}/token?{urlencode(form)}", method="POST")
    assert reply.status == 200


def test_an_assertion_beside_a_secret_is_not_read(salesforce: Salesforce) -> None:
    """The secret is the proof then."""
    form = {"client_assertion": "nonsense", "client_assertion_type": ASSERTION}
    assert (
        exchange(salesforce.login_url, {"code": code(salesforce.login_url), **form}).status == 200
    )


def test_parameters_may_be_the_parts_of_a_multipart_body(salesforce: Salesforce) -> None:
    """As the vendor's own Postman collection sends them."""
    form = whole_form(salesforce)
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in form.items()
    ]
    reply = ask(
        f"{salesforce.login_url}{OAUTH}/token",
        method="POST",
        body="".join(parts) + "--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (reply.status, reply.json.get("token_type")) == (200, "Bearer")


# What has no switch of its own; any endpoint's next answer can be any other.
SAID: dict[str, str] = {
    "unknown_error": "retry your request",
    "oauth_flow_disabled": "the flow is switched off",
    "unsupported_response_type": "response type is not supported",
    "invalid_scope": "the requested scope is invalid, unknown, or malformed",
}


@pytest.mark.parametrize("error", SAID)
def test_the_next_answer_can_be_any_error(salesforce: Salesforce, error: str) -> None:
    """Once, and then all is as before."""
    answer = {"error": error, "error_description": SAID[error]}
    salesforce.faults.token = faults.oauth_error(error, SAID[error]).once()
    found = code(salesforce.login_url)
    reply = exchange(salesforce.login_url, {"code": found})
    assert (reply.status, reply.json) == (400, answer)
    assert exchange(salesforce.login_url, {"code": found}).status == 200


def test_a_json_body_has_no_grant_type(salesforce: Salesforce) -> None:
    """It is no form, so nothing in it is read."""
    reply = ask(
        f"{salesforce.login_url}{OAUTH}/token",
        method="POST",
        body=json.dumps({"grant_type": "authorization_code"}),
        headers={"Content-Type": "application/json"},
    )
    assert reply.json == {
        "error": "unsupported_grant_type",
        "error_description": "grant type not supported",
    }


@pytest.mark.parametrize(
    ("asked", "headers", "content_type"),
    [
        ({"format": "urlencoded"}, {}, FORM),
        ({"format": "xml"}, {}, "application/xml"),
        ({}, {"Accept": "application/xml"}, "application/xml"),
        ({"format": "json"}, {}, "application/json"),
    ],
)
def test_the_answer_has_the_format_that_is_asked_for(
    salesforce: Salesforce, asked: dict[str, str], headers: dict[str, str], content_type: str
) -> None:
    """JSON unless something else is asked for."""
    reply = exchange(salesforce.login_url, {"code": code(salesforce.login_url), **asked}, **headers)
    assert reply.headers["content-type"].startswith(content_type)
    if content_type == FORM:
        assert parse_qs(reply.text)["token_type"] == ["Bearer"]
    assert USER.user_id in reply.text


def test_a_refresh_keeps_the_refresh_token(salesforce: Salesforce, clock: Clock) -> None:
    """The answer has none; the old one stays good, and so do the access tokens."""
    first = tokens(salesforce.login_url)
    clock.advance(60)
    reply = refresh(salesforce.login_url, first["refresh_token"])
    assert "refresh_token" not in reply.json
    assert reply.json["issued_at"] == str(int(clock.now * 1000))
    assert refresh(salesforce.login_url, first["refresh_token"]).status == 200
    assert (
        limits(salesforce, first["access_token"])
        == limits(salesforce, reply.json["access_token"])
        == 200
    )


def test_a_replaced_refresh_token_used_again_ends_the_grant(salesforce: Salesforce) -> None:
    """
    With rotation each answer has a new one, the old one is dead at once, and its use
    ends all.
    """
    salesforce.put(replace(APP, rotate_refresh=True))
    first = tokens(salesforce.login_url)
    second = refresh(salesforce.login_url, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert limits(salesforce, second["access_token"]) == 200
    again = refresh(salesforce.login_url, first["refresh_token"])
    assert again.json == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert refresh(salesforce.login_url, second["refresh_token"]).status == 400
    assert limits(salesforce, second["access_token"]) == 401


def test_the_sixth_login_ends_the_first(salesforce: Salesforce) -> None:
    """Five grants of one person and app are kept; the oldest goes without a word."""
    all_six = [tokens(salesforce.login_url)["refresh_token"] for _ in range(6)]
    statuses = [refresh(salesforce.login_url, token).status for token in all_six]
    assert statuses == [400, 200, 200, 200, 200, 200]


BAD_REFRESH: dict[str, tuple[dict[str, str | None], object, int, str, str]] = {
    "a verifier": (
        {"code_verifier": VERIFIER},
        APP,
        0,
        "invalid_grant",
        "unexpected code verifier",
    ),
    "no token": (
        {"refresh_token": None},
        APP,
        0,
        "invalid_request",
        "missing required parameter: refresh_token",
    ),
    "an unknown token": (
        {"refresh_token": "x"},
        APP,
        0,
        "invalid_grant",
        "expired access/refresh token",
    ),
    "another app's token": (
        {"client_id": OTHER.client_id},
        APP,
        0,
        "invalid_grant",
        "expired access/refresh token",
    ),
    "too old by policy": (
        {},
        replace(APP, refresh_policy="absolute:100"),
        101,
        "invalid_grant",
        "token validity expired",
    ),
    "idle for too long": (
        {},
        replace(APP, refresh_policy="idle:100"),
        101,
        "invalid_grant",
        "expired access/refresh token",
    ),
    "a scope": ({"scope": "api"}, APP, 0, "invalid_request", "scope parameter not supported"),
    "idle for a month": (
        {},
        replace(APP, idle_limit=True),
        30 * 86400 + 1,
        "invalid_grant",
        "expired access/refresh token",
    ),
    "a person who left": ({}, replace(USER, active=False), 0, "inactive_user", "user is inactive"),
    "a person who is frozen": ({}, replace(USER, frozen=True), 0, "invalid_grant", "inactive user"),
    "a blocked app": ({}, replace(APP, blocked=True), 0, "invalid_grant", "authentication failure"),
    "an uninstalled app": (
        {},
        replace(APP, kind="connected", installed=False),
        0,
        "invalid_client",
        "app must be installed into org",
    ),
    "a packaged app that was uninstalled": (
        {},
        replace(APP, installed=False),
        0,
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "a local app at the generic host": (
        {},
        replace(APP, distribution="local"),
        0,
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "too many logins": (
        {},
        replace(USER, logins_left=False),
        0,
        "rate_limit_exceeded",
        "login rate exceeded",
    ),
    "a locked org": (
        {},
        replace(ORG, status="locked"),
        0,
        "inactive_org",
        "org is locked, closed, or suspended",
    ),
    "no longer preauthorized": (
        {},
        replace(APP, permitted_users="preauthorized"),
        0,
        "invalid_app_access",
        "user is not admin approved to access this app",
    ),
    "a wrong secret": (
        {"client_secret": "x"},
        APP,
        0,
        "invalid_client",
        "invalid client credentials",
    ),
}


@pytest.mark.parametrize(
    ("sent", "switch", "age", "error", "description"), BAD_REFRESH.values(), ids=BAD_REFRESH
)
def test_refresh_errors_row_by_row(
    salesforce: Salesforce,
    clock: Clock,
    sent: dict[str, str | None],
    switch: Any,
    age: int,
    error: str,
    description: str,
) -> None:
    """Status 400 and a JSON object of two members."""
    token = tokens(salesforce.login_url)["refresh_token"]
    salesforce.put(switch)
    clock.advance(age)
    reply = refresh(salesforce.login_url, token, **sent)
    assert reply.status == 400
    assert reply.json == {"error": error, "error_description": description}


def test_a_refresh_in_time_keeps_an_idle_grant_alive(salesforce: Salesforce, clock: Clock) -> None:
    """The policy counts from the last use."""
    token = tokens(salesforce.login_url)["refresh_token"]
    salesforce.put(replace(APP, refresh_policy="idle:100"))
    for _ in range(3):
        clock.advance(90)
        assert refresh(salesforce.login_url, token).status == 200


@pytest.mark.parametrize(
    ("policy", "days", "status"),
    [
        ("until_revoked", (29, 29, 29), 200),
        ("until_revoked", (29, 31), 400),
        ("absolute:5184000", (29, 29, 29), 400),
    ],
    ids=["used in time", "not used for a month", "used in time, and past the policy's end"],
)
def test_the_idle_limit_stands_beside_the_policy(
    salesforce: Salesforce, clock: Clock, policy: str, days: tuple[int, ...], status: int
) -> None:
    """Thirty days from the last use, whatever else the policy says."""
    token = tokens(salesforce.login_url)["refresh_token"]
    salesforce.put(replace(APP, idle_limit=True, refresh_policy=policy))
    for wait in days:
        clock.advance(wait * 86400)
        reply = refresh(salesforce.login_url, token)
    assert reply.status == status


def test_an_org_may_rotate_the_tokens_of_all_apps(salesforce: Salesforce) -> None:
    """Whatever the app's own switch says."""
    salesforce.put(replace(ORG, rotate_refresh=True))
    token = tokens(salesforce.login_url)["refresh_token"]
    assert refresh(salesforce.login_url, token).json["refresh_token"] != token
    assert refresh(salesforce.login_url, token).status == 400


@pytest.mark.parametrize(
    "switch",
    [
        replace(USER, active=False),
        replace(USER, frozen=True),
        replace(USER, logins_left=False),
        replace(ORG, status="locked"),
        replace(APP, blocked=True),
        replace(APP, installed=False),
        replace(APP, kind="connected", installed=False),
        replace(APP, permitted_users="preauthorized"),
        replace(APP, distribution="local"),
        replace(APP, client_secret="another"),
    ],
    ids=[
        "deactivated",
        "frozen",
        "too many logins",
        "locked org",
        "blocked app",
        "uninstalled package",
        "uninstalled connected app",
        "not preauthorized",
        "local app at the generic host",
        "new secret",
    ],
)
def test_what_an_administrator_takes_back_ends_no_grant(
    salesforce: Salesforce, switch: Any
) -> None:
    """The refresh token works again once the switch is back."""
    token = tokens(salesforce.login_url)["refresh_token"]
    salesforce.put(switch)
    assert refresh(salesforce.login_url, token).status == 400
    salesforce.put(APP, USER, ORG)
    assert refresh(salesforce.login_url, token).status == 200


def test_refresh_tokens_that_end_at_once_are_not_given(salesforce: Salesforce) -> None:
    """Assumed: the policy `immediate` gives none."""
    salesforce.put(replace(APP, refresh_policy="immediate"))
    assert "refresh_token" not in tokens(salesforce.login_url)


def test_faults_spoil_the_next_answer(salesforce: Salesforce) -> None:
    """As at the other server of the kit; what was asked is on record."""
    salesforce.faults.token = faults.HTML.once()
    page = post(f"{salesforce.login_url}{OAUTH}/token", {"grant_type": "refresh_token"})
    after = post(f"{salesforce.login_url}{OAUTH}/token", {"grant_type": "refresh_token"})
    assert "text/html" in page.headers["content-type"]
    assert after.status == 400
    assert [asked.value("grant_type") for asked in salesforce.wait_for("token", count=2)] == [
        "refresh_token"
    ] * 2
