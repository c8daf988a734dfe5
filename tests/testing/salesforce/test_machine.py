"""
Sign-ins without a person at the test kit's Salesforce: JWT bearer and client credentials, every
error of both.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from loopback_auth.testing.salesforce import APP, ORG, STEPS, USER, Org, Salesforce
from tests.support.asking import Clock
from tests.support.salesforce_asking import OAUTH, ask, exchange, limits, post, signed_in, tokens
from tests.support.salesforce_machines import (
    JWT_BEARER,
    PRODUCTION,
    assertion,
    base64url,
    by_assertion,
    by_client,
    certificate,
    public_key,
    rsa_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.asking import Reply

SANDBOX = Org(org_id="00D000000000003AAA", name="Acme", sandbox=True)
OTHER_ORG = Org(org_id="00D000000000002AAA", name="Globex", sites=("/portal",))
TESTS = "https://test.salesforce.com"
PIPELINE = replace(
    APP,
    distribution="local",
    permitted_users="preauthorized",
    certificate=certificate(rsa_key()),
    client_credentials=True,
    run_as=USER.username,
)
ADA = replace(USER, preauthorized=True)
GRACE = replace(
    ADA, username="grace@globex.example", user_id="005000000000002AAA", org_id=OTHER_ORG.org_id
)
TESTER = replace(
    ADA, username="ada@acme.sandbox", user_id="005000000000003AAA", org_id=SANDBOX.org_id
)


@pytest.fixture
def salesforce(clock: Clock) -> Iterator[Salesforce]:
    with Salesforce.running(
        apps=[PIPELINE], orgs=[ORG, OTHER_ORG, SANDBOX], users=[ADA, GRACE, TESTER], clock=clock
    ) as running:
        yield running


@pytest.mark.parametrize("bits", [2048, 4096])
@pytest.mark.parametrize("pem", [certificate, public_key])
def test_an_assertion_gives_a_token_and_nothing_to_refresh_it(
    salesforce: Salesforce, clock: Clock, bits: int, pem: Callable[[Any], str]
) -> None:
    """No refresh token, no expires_in, and neither issued_at nor signature."""
    key = rsa_key(bits=bits)
    salesforce.put(replace(PIPELINE, certificate=pem(key)))
    reply = by_assertion(salesforce.my_domain(), assertion(clock.now, key=key))
    assert reply.status == 200, reply.text
    assert set(reply.json) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert (reply.json["instance_url"], reply.json["token_type"]) == (
        salesforce.my_domain(),
        "Bearer",
    )
    assert reply.json["scope"] == "api id openid web full"
    assert limits(salesforce, reply.json["access_token"]) == 200


def test_an_assertion_may_give_a_jwt(salesforce: Salesforce, clock: Clock) -> None:
    """As every token answer of such an app."""
    salesforce.put(replace(PIPELINE, jwt_access_tokens=True))
    answer = by_assertion(salesforce.my_domain(), assertion(clock.now)).json
    assert (answer["token_format"], answer["access_token"][:3]) == ("jwt", "eyJ")


def test_a_connected_app_may_ask_at_the_login_host(salesforce: Salesforce, clock: Clock) -> None:
    """An External Client App may not; and neither needs PKCE or a callback."""
    salesforce.put(replace(PIPELINE, kind="connected"))
    assert by_assertion(salesforce.login_url, assertion(clock.now)).status == 200


@pytest.mark.parametrize(
    ("audience", "production", "sandbox", "site"),
    [
        (PRODUCTION, 200, 400, 400),
        (TESTS, 400, 200, 400),
        ("{login}", 200, 400, 400),
        ("{test}", 400, 200, 400),
        ("{own}", 200, 200, 400),
        ("{own}/portal", 400, 400, 200),
        (PRODUCTION + "/", 400, 400, 400),
        ("https://acme.my.salesforce.com", 400, 400, 400),
        (None, 400, 400, 400),
    ],
)
def test_the_audience_is_that_of_the_kind_of_org(
    salesforce: Salesforce,
    clock: Clock,
    audience: str | None,
    production: int,
    sandbox: int,
    site: int,
) -> None:
    """Production, sandbox, site; the org's own address is taken too."""
    salesforce.put(replace(PIPELINE, kind="connected"))
    found: list[int] = []
    for org, user, path in ((ORG, ADA, ""), (SANDBOX, TESTER, ""), (OTHER_ORG, GRACE, "/portal")):
        own = salesforce.my_domain(org)
        addresses = {"login": salesforce.login_url, "test": salesforce.test_url, "own": own}
        named = audience.format(**addresses) if audience else None
        reply = by_assertion(own + path, assertion(clock.now, aud=named, sub=user.username))
        assert reply.status == 200 or reply.json == {
            "error": "invalid_grant",
            "error_description": "audience is invalid",
        }
        found.append(reply.status)
    assert found == [production, sandbox, site]


def test_some_orgs_take_their_own_address_alone(salesforce: Salesforce, clock: Clock) -> None:
    """Reported, and neither documented nor explained."""
    salesforce.put(replace(ORG, generic_audience=False))
    own = salesforce.my_domain()
    assert (
        by_assertion(own, assertion(clock.now)).json["error_description"] == "audience is invalid"
    )
    assert by_assertion(own, assertion(clock.now, aud=own)).status == 200


# What is claimed, the switch thrown before, and the answer.
BAD_ASSERTIONS: dict[str, tuple[dict[str, Any], object, str, str]] = {
    "not approved by the person": (
        {},
        replace(PIPELINE, permitted_users="self"),
        "invalid_grant",
        "user hasn't approved this consumer",
    ),
    "not approved by an administrator": (
        {},
        USER,
        "invalid_app_access",
        "user is not admin approved to access this app",
    ),
    "no scope for refresh tokens": (
        {},
        replace(PIPELINE, scopes=("api",)),
        "invalid_request",
        (
            "refresh_token scope is required and the connected app should be installed and "
            "preauthorized."
        ),
    ),
    "an app of another org": (
        {},
        replace(PIPELINE, org_id=OTHER_ORG.org_id),
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "the audience of a sandbox": ({"aud": TESTS}, ADA, "invalid_grant", "audience is invalid"),
    "somebody who is not there": (
        {"sub": "ada@example.com"},
        ADA,
        "invalid_grant",
        "invalid assertion",
    ),
    "somebody of another org": ({"sub": GRACE.username}, ADA, "invalid_grant", "invalid assertion"),
    "nobody": ({"sub": None}, ADA, "invalid_grant", "invalid assertion"),
    "expired": ({"exp": Clock().now - 1}, ADA, "invalid_grant", "invalid assertion"),
    "no end": ({"exp": None}, ADA, "invalid_grant", "invalid assertion"),
    "no number": ({"exp": "soon"}, ADA, "invalid_grant", "invalid assertion"),
    "another algorithm": ({"header": {"alg": "ES256"}}, ADA, "invalid_grant", "invalid assertion"),
    "another key": (
        {"key": rsa_key("second")},
        replace(PIPELINE, kind="connected"),
        "invalid_grant",
        "invalid assertion",
    ),
    "another key, at an External Client App": (
        {"key": rsa_key("second")},
        ADA,
        "invalid_client",
        "invalid client credentials",
    ),
    "no certificate": (
        {},
        replace(PIPELINE, certificate=""),
        "invalid_client",
        "invalid client credentials",
    ),
    "the certificate of an elliptic curve": (
        {},
        replace(PIPELINE, certificate=certificate(ec.generate_private_key(ec.SECP256R1()))),
        "invalid_client",
        "invalid client credentials",
    ),
    "an unknown app": ({"iss": "3MVG9x"}, ADA, "invalid_client_id", "client identifier invalid"),
    "an app not synced": (
        {},
        replace(PIPELINE, active_from=Clock().now + 1),
        "invalid_client_id",
        "client identifier invalid",
    ),
    "a person who is frozen": ({}, replace(ADA, frozen=True), "invalid_grant", "inactive user"),
    "a person who left": ({}, replace(ADA, active=False), "inactive_user", "user is inactive"),
    "a locked org": (
        {},
        replace(ORG, status="locked"),
        "inactive_org",
        "org is locked, closed, or suspended",
    ),
    "too many logins": (
        {},
        replace(ADA, logins_left=False),
        "rate_limit_exceeded",
        "login rate exceeded",
    ),
    "out of hours": (
        {},
        replace(ADA, in_login_hours=False),
        "invalid_grant",
        "IP restricted or invalid login hours",
    ),
    "out of the profile's ranges": (
        {},
        replace(ADA, login_ip_ranges=True),
        "invalid_grant",
        "ip restricted",
    ),
    "an app that is uninstalled": (
        {},
        replace(PIPELINE, distribution="packaged", installed=False),
        "app_not_found",
        "External client app is not installed in this org",
    ),
    "a connected app that is uninstalled": (
        {},
        replace(PIPELINE, kind="connected", installed=False),
        "invalid_client",
        "app must be installed into org",
    ),
}


@pytest.mark.parametrize(
    ("claims", "switch", "error", "description"), BAD_ASSERTIONS.values(), ids=BAD_ASSERTIONS
)
def test_errors_of_an_assertion_row_by_row(
    salesforce: Salesforce,
    clock: Clock,
    claims: dict[str, Any],
    switch: Any,
    error: str,
    description: str,
) -> None:
    """Status 400 and a JSON object of two members."""
    salesforce.put(switch)
    salesforce.vpn = False
    reply = by_assertion(salesforce.my_domain(), assertion(clock.now, **claims))
    assert (reply.status, reply.json) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize("host", ["login_url", "test_url"])
@pytest.mark.parametrize("distribution", ["local", "packaged"])
def test_an_external_client_app_is_not_known_at_the_login_hosts(
    salesforce: Salesforce, clock: Clock, host: str, distribution: Any
) -> None:
    """Whatever its distribution: an assertion goes to the My Domain."""
    salesforce.put(replace(PIPELINE, distribution=distribution))
    reply = by_assertion(getattr(salesforce, host), assertion(clock.now))
    assert reply.json["error"] == "app_not_found"


@pytest.mark.parametrize(
    "jwt",
    ["", "eyJ", "a.b", "a.b.c", "e30.e30.x", f"{base64url(b'[]')}.{base64url(b'[]')}.x", "é.é.é"],
)
def test_what_is_no_assertion_is_an_invalid_one(salesforce: Salesforce, jwt: str) -> None:
    """Malformed in each of its parts."""
    reply = by_assertion(salesforce.my_domain(), jwt)
    assert (reply.status, reply.json["error_description"]) == (400, "invalid assertion")


def test_a_signature_is_for_what_was_signed(salesforce: Salesforce, clock: Clock) -> None:
    """The claims of one under the signature of the other."""
    one, other = (assertion(clock.now, sub=name) for name in (USER.username, "x"))
    mixed = ".".join((*one.split(".")[:2], other.split(".")[2]))
    assert by_assertion(salesforce.my_domain(), mixed).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "exp",
    [Clock().now + 1, str(int(Clock().now) + 180), (Clock().now + 300) * 1000, Clock().now + 86400],
)
def test_the_end_may_be_far_or_a_string(salesforce: Salesforce, clock: Clock, exp: Any) -> None:
    """
    Clients of the vendor's own send milliseconds, and others a string; a fast clock
    does no harm.
    """
    assert by_assertion(salesforce.my_domain(), assertion(clock.now, exp=exp)).status == 200


def test_a_name_of_an_assertion_is_used_once(salesforce: Salesforce, clock: Clock) -> None:
    """Without one, the same assertion is good until it ends."""
    host, plain = salesforce.my_domain(), assertion(clock.now)
    named = assertion(clock.now, jti="a")
    assert [by_assertion(host, jwt).status for jwt in (plain, plain, named, named)] == [
        200,
        200,
        200,
        400,
    ]
    assert by_assertion(host, named).json["error"] == "bad_jti_claim"


def test_the_approval_of_a_person_is_enough_where_the_app_leaves_it_to_them(
    salesforce: Salesforce, clock: Clock
) -> None:
    """A sign-in in the browser, with a scope for refresh tokens, approves the app for good."""
    salesforce.put(replace(PIPELINE, permitted_users="self"))
    host = salesforce.my_domain()
    tokens(host, scope="api")
    assert by_assertion(host, assertion(clock.now)).status == 400
    tokens(host, scope="api refresh_token")
    assert by_assertion(host, assertion(clock.now)).status == 200


def test_an_assertion_replaces_no_grant(salesforce: Salesforce, clock: Clock) -> None:
    """However many: the five grants of a person are those with a refresh token."""
    host = salesforce.my_domain()
    tokens(host)
    for _ in range(6):
        by_assertion(host, assertion(clock.now))
    assert [grant.revoked for grant in salesforce.state.grants] == [False]


@pytest.mark.parametrize("by", [by_assertion, by_client])
@pytest.mark.parametrize(
    ("app", "refused"),
    [
        ({}, {by_assertion, by_client}),
        ({"ip_relaxation": "relax"}, {by_assertion}),
    ],
    ids=["enforced", "relaxed"],
)
def test_relaxed_ip_restrictions_do_not_help_an_assertion(
    salesforce: Salesforce,
    clock: Clock,
    by: Any,
    app: dict[str, Any],
    refused: set[Any],
) -> None:
    """The profile's ranges count; the allowlist for refresh tokens has nothing to do with it."""
    salesforce.put(
        replace(PIPELINE, refresh_ip_allowlist=True, **app), replace(ADA, login_ip_ranges=True)
    )
    host = salesforce.my_domain()

    def ask_for_token() -> Reply:
        reply: Reply = by(host, assertion(clock.now)) if by is by_assertion else by(host)
        return reply

    assert ask_for_token().status == 200
    salesforce.vpn = False
    assert (ask_for_token().status == 400) is (by in refused)
    salesforce.state.outside = STEPS - {"jwt_bearer", "client_credentials"}
    assert ask_for_token().status == 200


@pytest.mark.parametrize("basic", [False, True])
def test_a_client_gets_a_token_for_its_run_as_user(salesforce: Salesforce, *, basic: bool) -> None:
    """In the body or by Basic; without a refresh token, otherwise as any token answer."""
    host = salesforce.my_domain()
    if basic:
        pair = base64.b64encode(f"{APP.client_id}:{APP.client_secret}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        reply = post(f"{host}{OAUTH}/token", form, Authorization=f"Basic {pair}")
    else:
        reply = by_client(host)
    assert reply.status == 200, reply.text
    assert set(reply.json) == {
        *(
            "access_token",
            "signature",
            "scope",
            "instance_url",
            "id",
            "token_type",
            "issued_at",
            "id_token",
        )
    }
    assert reply.json["id"].endswith(USER.user_id)
    assert limits(salesforce, reply.json["access_token"]) == 200


NOT_HERE = ("invalid_grant", "request not supported on this domain")
NO_USER = ("invalid_grant", "no client credentials user enabled")
# What is sent, the switches thrown before, and the answer.
BAD_CLIENTS: dict[str, tuple[dict[str, str | None], tuple[object, ...], tuple[str, str]]] = {
    "no Run As": ({}, (replace(PIPELINE, run_as=""),), NO_USER),
    "a mail address as Run As": ({}, (replace(PIPELINE, run_as="ada@mail.example"),), NO_USER),
    "a Run As of another org": ({}, (replace(PIPELINE, run_as=GRACE.username),), NO_USER),
    "no scopes": (
        {},
        (replace(PIPELINE, scopes=()),),
        ("invalid_grant", "no valid scopes defined"),
    ),
    "full is no scope": (
        {},
        (replace(PIPELINE, scopes=("full", "refresh_token")),),
        ("invalid_grant", "no valid scopes defined"),
    ),
    "a scope that is sent": (
        {"scope": "api"},
        (),
        ("invalid_request", "scope parameter not supported"),
    ),
    "not approved by an administrator": (
        {},
        (USER,),
        ("invalid_app_access", "user is not admin approved to access this app"),
    ),
    "a portal user": (
        {},
        (replace(ADA, portal=True),),
        ("access_denied", "end-user denied authorization"),
    ),
    "a wrong secret": (
        {"client_secret": "x"},
        (),
        ("invalid_client", "invalid client credentials"),
    ),
    "no secret": ({"client_secret": None}, (), ("invalid_client", "invalid client credentials")),
    "no secret where other flows want none": (
        {"client_secret": None},
        (replace(PIPELINE, require_secret_web=False, require_secret_refresh=False),),
        ("invalid_client", "invalid client credentials"),
    ),
    "an unknown key": ({"client_id": "x"}, (), ("invalid_client_id", "client identifier invalid")),
    "the flow is off": (
        {},
        (replace(PIPELINE, client_credentials=False),),
        ("invalid_grant", "client credentials flow not enabled"),
    ),
    "an app of another org": (
        {},
        (replace(PIPELINE, org_id=OTHER_ORG.org_id),),
        ("app_not_found", "External client app is not installed in this org"),
    ),
    "a person who is frozen": (
        {},
        (replace(ADA, frozen=True),),
        ("invalid_grant", "inactive user"),
    ),
    "too many logins": (
        {},
        (replace(ADA, logins_left=False),),
        ("rate_limit_exceeded", "login rate exceeded"),
    ),
}


@pytest.mark.parametrize(("sent", "switches", "error_in"), BAD_CLIENTS.values(), ids=BAD_CLIENTS)
def test_errors_of_a_client_row_by_row(
    salesforce: Salesforce,
    sent: dict[str, str | None],
    switches: tuple[Any, ...],
    error_in: tuple[str, str],
) -> None:
    """Status 400 and a JSON object of two members."""
    salesforce.put(*switches)
    reply = by_client(salesforce.my_domain(), **sent)
    assert (reply.status, reply.json) == (
        400,
        {"error": error_in[0], "error_description": error_in[1]},
    )


@pytest.mark.parametrize("host", ["login_url", "test_url"])
@pytest.mark.parametrize(
    "app", [PIPELINE, replace(PIPELINE, kind="connected")], ids=["eca", "connected"]
)
def test_client_credentials_are_for_the_my_domain(
    salesforce: Salesforce, host: str, app: Any
) -> None:
    """At the login hosts it is the domain that is wrong, for apps of both kinds."""
    salesforce.put(app)
    reply = by_client(getattr(salesforce, host))
    assert (reply.json["error"], reply.json["error_description"]) == NOT_HERE


@pytest.mark.parametrize("user", [{"api_only": True}, {"portal": False}])
def test_an_api_only_user_may_run_an_app(salesforce: Salesforce, user: dict[str, bool]) -> None:
    """It is what the vendor recommends."""
    salesforce.put(replace(ADA, **user))
    assert by_client(salesforce.my_domain()).status == 200


@pytest.mark.parametrize("grant", ["client_credentials", JWT_BEARER])
def test_a_get_has_no_grant_type(salesforce: Salesforce, grant: str) -> None:
    """What a redirect makes of a POST."""
    reply = ask(f"{salesforce.my_domain()}{OAUTH}/token?grant_type={grant}")
    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")


def test_setup_saves_no_certificate_of_more_than_4_kb() -> None:
    """As PEM: one of 4096 bits is smaller."""
    with pytest.raises(ValueError, match="4 KB"):
        replace(APP, certificate=certificate(rsa_key(bits=4096)) * 3)


def test_the_browser_flow_is_as_it_was(salesforce: Salesforce) -> None:
    """An app for machines can be one for people."""
    host = salesforce.my_domain()
    assert exchange(host, {"code": "x"}).json["error_description"] == "invalid authorization code"
    assert 'id="oaapprove"' in signed_in(host).text
