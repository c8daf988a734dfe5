"""
Authorize at the Salesforce of the test kit: parameters, Callback URLs, and the four
ways to fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from loopback_auth.testing import Browser
from loopback_auth.testing.http import faults
from loopback_auth.testing.salesforce import (
    APP,
    ORG,
    REDIRECT_URI,
    SUCCESS_URL,
    USER,
    App,
    Org,
    Salesforce,
)
from tests.support.asking import CHALLENGE, VERIFIER, Clock
from tests.support.salesforce_asking import (
    OAUTH,
    action,
    ask,
    authorize,
    code,
    cookie_of,
    decide,
    error_in,
    exchange,
    log_in,
    post,
    request,
    signed_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER_ORG = Org(org_id="00D000000000002AAA", name="Globex", sites=("/portal",))
SANDBOX = Org(org_id="00D000000000003AAA", name="Acme", sandbox=True)
PEOPLE = (
    USER,
    replace(
        USER, username="grace@globex.example", user_id="005000000000002AAA", org_id=OTHER_ORG.org_id
    ),
    replace(USER, username="ada@acme.sandbox", user_id="005000000000003AAA", org_id=SANDBOX.org_id),
)
EXACT = "http://localhost:8787/callback"


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    app = App(callback_urls=(REDIRECT_URI, EXACT, SUCCESS_URL, "myapp://auth"))
    with Salesforce.running(
        apps=[app], orgs=[ORG, OTHER_ORG, SANDBOX], users=PEOPLE, clock=Clock()
    ) as running:
        yield running


# What the vendor answers before anybody signs in: A.
REFUSED: dict[str, tuple[dict[str, str | None], dict[str, Any], str, str]] = {
    "an unknown client": (
        {"client_id": "3MVG9wrong"},
        {},
        "invalid_client_id",
        "client%20identifier%20invalid",
    ),
    "no client": ({"client_id": None}, {}, "invalid_client_id", "client%20identifier%20invalid"),
    "another callback": (
        {"redirect_uri": "http://localhost:9/no"},
        {},
        "redirect_uri_mismatch",
        "redirect_uri%20must%20match%20configuration",
    ),
    "no callback": (
        {"redirect_uri": None},
        {},
        "redirect_uri_missing",
        "redirect_uri%20not%20provided",
    ),
    "out of band": (
        {"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"},
        {},
        "invalid_request",
        "Out-of-band%20not%20supported",
    ),
    "no challenge": (
        {"code_challenge": None},
        {},
        "invalid_request",
        "missing%20required%20code%20challenge",
    ),
    "plain": (
        {"code_challenge_method": "plain"},
        {},
        "invalid_request",
        "invalid%20code%20challenge%20method",
    ),
    "another response type": (
        {"response_type": "token"},
        {},
        "unsupported_response_type",
        "response%20type%20not%20supported",
    ),
    "an app that the servers do not know yet": (
        {},
        {"active_from": Clock().now + 600},
        "invalid_client_id",
        "client%20identifier%20invalid",
    ),
    "response type before client": (
        {"response_type": None, "client_id": None},
        {},
        "unsupported_response_type",
        "response%20type%20not%20supported",
    ),
    "client before callback": (
        {"client_id": "x", "redirect_uri": "y"},
        {},
        "invalid_client_id",
        "client%20identifier%20invalid",
    ),
    "callback before challenge": (
        {"redirect_uri": "y", "code_challenge": None},
        {},
        "redirect_uri_mismatch",
        "redirect_uri%20must%20match%20configuration",
    ),
}


@pytest.mark.parametrize(("sent", "app", "error", "description"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_before_sign_in_is_a_form_without_a_type(
    salesforce: Salesforce,
    sent: dict[str, str | None],
    app: dict[str, Any],
    error: str,
    description: str,
) -> None:
    """A: status 400, an empty Content-Type, and the error as a form, letter for letter."""
    salesforce.put(replace(APP, **app))
    reply = authorize(salesforce.login_url, **sent)
    assert (reply.status, reply.headers.get("content-type", "")) == (400, "")
    assert reply.text == f"error={error}&error_description={description}"


def test_authorize_wants_get_and_https(salesforce: Salesforce) -> None:
    """
    A form that is posted is as good as a GET; other methods, and plain http where the switch says
    so, are refused as above.
    """
    url = f"{salesforce.login_url}{OAUTH}/authorize?{urlencode(request())}"
    put = ask(url, method="PUT")
    assert (put.status, put.headers.get("content-type", "")) == (400, "")
    assert put.text == "error=invalid_request&error_description=Must%20use%20HTTP%20GET"
    with Salesforce.running(https_only=True) as strict:
        plain = authorize(strict.login_url)
    assert (plain.status, plain.text) == (
        400,
        "error=invalid_request&error_description=HTTPS%20required",
    )


@pytest.mark.parametrize(
    ("decision", "error_in"),
    [("allow", {"code"}), ("deny", {"error", "error_description"}), ("close", None)],
)
def test_without_pages_the_persons_decision_is_taken_at_once(
    decision: Any, error_in: set[str] | None
) -> None:
    """Whatever the prompt; who closes the tab sends nothing back."""
    with Salesforce.running(
        users=[replace(USER, decision=decision)], auto=USER.username
    ) as automatic:
        reply = authorize(automatic.login_url, prompt="login")
    assert reply.status == (302 if error_in else 200)
    assert error_in is None or set(reply.sent_back) == {*error_in, "state"}


def test_without_pages_what_is_refused_is_refused() -> None:
    """In all of its ways: before anybody signs in, and to a person."""
    with Salesforce.running(users=[replace(USER, active=False)], auto=USER.username) as automatic:
        assert (
            error_in(authorize(automatic.login_url, client_id="x").text)[0] == "invalid_client_id"
        )
        assert authorize(automatic.login_url).sent_back["error"] == ["inactive_user"]


@pytest.mark.parametrize("display", ["page", "popup", "touch", "mobile"])
def test_each_display_is_a_login_page(salesforce: Salesforce, display: str) -> None:
    """Here they look alike."""
    assert 'id="Login"' in authorize(salesforce.login_url, display=display).text


def test_a_login_provider_that_is_named_replaces_the_login_page(
    salesforce: Salesforce,
) -> None:
    """The person is sent on at once."""
    reply = authorize(salesforce.my_domain(), sso_provider="Corporate")
    assert reply.status == 302
    assert urlsplit(reply.headers["location"]).path == "/services/auth/sso/Corporate"


# Free text, told to the app.
IN_TROUBLE = ("server_error", "unknown_error", "service_unavailable", "system_down")


@pytest.mark.parametrize("error", IN_TROUBLE)
def test_a_server_in_trouble_tells_the_app(salesforce: Salesforce, error: str) -> None:
    """D, by a fault: whatever the code."""
    salesforce.faults.authorize = faults.members(
        code=None, error=error, error_description="try again"
    )
    reply = decide(salesforce.login_url, signed_in(salesforce.login_url))
    assert reply.sent_back == {
        "error": [error],
        "error_description": ["try again"],
        "state": ["s&t=a te"],
    }


# What is told to the app, or, where the switch says so, on a page of the server's own: D or B.
NOT_THIS_ORG: dict[str, tuple[object, str, str]] = {
    "a local app of another org": (
        replace(APP, distribution="local", org_id=OTHER_ORG.org_id),
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
    ),
    "a local app at the generic host": (
        replace(APP, distribution="local"),
        "OAUTH_EC_APP_NOT_FOUND",
        "External client app is not installed in this org",
    ),
    "a packaged app that is not installed": (
        replace(APP, installed=False),
        "OAUTH_EC_APP_NOT_FOUND",
        "External client app is not installed in this org",
    ),
}


@pytest.mark.parametrize("on_page", [False, True])
@pytest.mark.parametrize(
    ("switch", "error", "description"), NOT_THIS_ORG.values(), ids=NOT_THIS_ORG
)
def test_an_app_that_is_not_of_this_org(
    salesforce: Salesforce, switch: Any, error: str, description: str, *, on_page: bool
) -> None:
    """The app hears of it with the state, unless the server keeps it to itself."""
    salesforce.put(switch)
    salesforce.state.errors_on_page = on_page
    reply = signed_in(salesforce.login_url)
    if on_page:
        location = reply.headers["location"]
        assert urlsplit(location).path == "/setup/secur/RemoteAccessErrorPage.apexp"
        assert error_in(urlsplit(location).query) == (error, description)
        assert f"{error} : {description}" in ask(location).text
    else:
        assert reply.headers["location"].startswith(REDIRECT_URI + "?")
        assert reply.sent_back == {
            "error": [error],
            "error_description": [description],
            "state": ["s&t=a te"],
        }


def test_scopes_that_the_app_has_not_may_be_left_out_without_a_word(salesforce: Salesforce) -> None:
    """Both are reported: the error page, and a token with fewer scopes."""
    salesforce.put(replace(APP, scopes=("api",), ignores_other_scopes=True))
    host = salesforce.login_url
    answer = exchange(host, {"code": code(host, scope="api refresh_token")}).json
    assert (answer["scope"], "refresh_token" in answer) == ("api", False)


def test_a_scope_that_no_app_could_have_is_reported_to_the_app(salesforce: Salesforce) -> None:
    """D: unlike one that this app has not."""
    salesforce.put(replace(APP, ignores_other_scopes=True))
    reply = signed_in(salesforce.login_url, scope="api read:user")
    assert reply.sent_back["error"] == ["invalid_scope"]
    assert reply.sent_back["error_description"] == [
        "requested scope is invalid, unknown, or malformed"
    ]


# What the server tells on a page of its own: B.
ERROR_PAGE: dict[str, tuple[object, str, str]] = {
    "a connected app that is not installed": (
        replace(APP, kind="connected", installed=False),
        "invalid_client",
        "app must be installed into org",
    ),
    "a person who may use the API alone": (
        replace(USER, api_only=True),
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "An unexpected error has occured during authentication. Please try again.",
    ),
    "a scope that the app has not": (
        replace(APP, scopes=("refresh_token",)),
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "An unexpected error has occured during authentication. Please try again.",
    ),
}


@pytest.mark.parametrize(("switch", "error", "description"), ERROR_PAGE.values(), ids=ERROR_PAGE)
def test_what_the_app_does_not_hear_of_stays_on_the_error_page(
    salesforce: Salesforce, switch: Any, error: str, description: str
) -> None:
    """
    B: a redirect to the server's own error page, without the state, and the text that a person sees
    there.
    """
    salesforce.put(switch)
    location = signed_in(salesforce.login_url).headers["location"]
    assert urlsplit(location).path == "/setup/secur/RemoteAccessErrorPage.apexp"
    assert error_in(urlsplit(location).query) == (error, description)
    assert "state" not in location
    page = ask(location)
    assert "We can&#x27;t authorize you because of an OAuth error." in page.text
    assert f"{error} : {description}" in page.text


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (USER.username, "wrong"),
        ("nobody@acme.example", "lovelace"),
        ("grace@globex.example", "lovelace"),
    ],
    ids=["a wrong password", "nobody of that name", "somebody of another org"],
)
def test_who_cannot_log_in_stays_on_the_login_page(
    salesforce: Salesforce, username: str, password: str
) -> None:
    """C: the same page again, and nothing goes to the app."""
    host = salesforce.my_domain()
    page = log_in(host, authorize(host), username=username, password=password)
    assert (page.status, page.headers.get("location")) == (200, None)
    assert "Please check your username and password." in page.text
    assert decide(host, log_in(host, page)).status == 302


# What the app hears of: D.
SENT_BACK: dict[str, tuple[object, dict[str, str | None], str, str]] = {
    "an app that is blocked": (
        replace(APP, blocked=True),
        {},
        "OAUTH_APP_BLOCKED",
        "this app is blocked by admin",
    ),
    "a person whom no administrator let in": (
        replace(APP, permitted_users="preauthorized"),
        {},
        "OAUTH_APP_ACCESS_DENIED",
        "user is not admin approved to access this app",
    ),
    "a person who left": (replace(USER, active=False), {}, "inactive_user", "user is inactive"),
    "a person who is frozen": (replace(USER, frozen=True), {}, "inactive_user", "user is inactive"),
    "an org that is locked": (
        replace(ORG, status="locked"),
        {},
        "inactive_org",
        "org is locked, closed, or suspended",
    ),
    "a person who logged in too often": (
        replace(USER, logins_left=False),
        {},
        "rate_limit_exceeded",
        "number of logins exceeded",
    ),
    "nobody logged in, and no page allowed": (
        APP,
        {"immediate": "true"},
        "immediate_unsuccessful",
        "immediate_unsuccessful",
    ),
}


@pytest.mark.parametrize(
    ("switch", "sent", "error", "description"), SENT_BACK.values(), ids=SENT_BACK
)
def test_what_the_app_hears_of_comes_with_the_state(
    salesforce: Salesforce, switch: Any, sent: dict[str, str | None], error: str, description: str
) -> None:
    """D: a redirect to the Callback URL with error, description and state."""
    salesforce.put(switch)
    page = authorize(salesforce.login_url, **sent)
    reply = page if "immediate" in sent else log_in(salesforce.login_url, page)
    assert reply.status == 302
    assert reply.headers["location"].startswith(REDIRECT_URI + "?")
    assert reply.sent_back == {
        "error": [error],
        "error_description": [description],
        "state": ["s&t=a te"],
    }


def test_deny_goes_back_to_the_app(salesforce: Salesforce) -> None:
    """D: access_denied, as an end user says it."""
    reply = decide(salesforce.login_url, signed_in(salesforce.login_url), "deny")
    assert reply.sent_back == {
        "error": ["access_denied"],
        "error_description": ["end-user denied authorization"],
        "state": ["s&t=a te"],
    }


def test_a_code_ends_in_equals_signs_and_comes_before_the_state(salesforce: Salesforce) -> None:
    """The redirect is a 302; the code's == is %3D%3D in the address."""
    reply = decide(salesforce.login_url, signed_in(salesforce.login_url))
    query = urlsplit(reply.headers["location"]).query
    assert reply.status == 302
    assert query.startswith("code=aPrx")
    assert query.endswith("%3D%3D&state=s%26t%3Da%20te")


def test_post_is_as_good_as_get(salesforce: Salesforce) -> None:
    """The authorize request may be a form."""
    page = post(f"{salesforce.login_url}{OAUTH}/authorize", request())
    assert 'id="Login"' in page.text


def test_without_a_method_the_challenge_is_taken_for_s256(salesforce: Salesforce) -> None:
    """Clients of the vendor's own send none, and it works."""
    found = code(salesforce.login_url, code_challenge_method=None)
    assert exchange(salesforce.login_url, {"code": found}).status == 200


def test_without_a_scope_the_app_gets_all_of_its_own(salesforce: Salesforce) -> None:
    """No scope means every scope of the app."""
    found = code(salesforce.login_url, scope=None)
    answer = exchange(salesforce.login_url, {"code": found}).json
    assert answer["scope"] == " ".join(APP.scopes)


def test_without_a_state_none_comes_back(salesforce: Salesforce) -> None:
    """The state is an echo, and not invented."""
    reply = decide(salesforce.login_url, signed_in(salesforce.login_url, state=None))
    assert set(reply.sent_back) == {"code"}


def test_pkce_may_be_left_out_where_the_app_does_not_require_it(salesforce: Salesforce) -> None:
    """The switch is the app's."""
    salesforce.put(replace(APP, require_pkce=False))
    assert 'id="Login"' in authorize(salesforce.login_url, code_challenge=None).text


def test_login_hint_fills_in_the_name(salesforce: Salesforce) -> None:
    """A person who was named has the password left to type."""
    assert 'value="grace@x"' in authorize(salesforce.login_url, login_hint="grace@x").text


@pytest.mark.parametrize(
    ("prompt", "seen"),
    [
        (None, None),
        ("login", 'id="Login"'),
        ("consent", 'id="oaapprove"'),
        ("login consent", 'id="Login"'),
        ("select_account", 'id="Login"'),
    ],
)
def test_prompt_brings_a_page_back(
    salesforce: Salesforce, prompt: str | None, seen: str | None
) -> None:
    """
    Whoever is logged in and has allowed it goes straight through, unless the prompt
    says otherwise.
    """
    host = salesforce.login_url
    page = signed_in(host)
    cookie = cookie_of(page)
    decide(host, page)
    reply = authorize(host, cookie=cookie, prompt=prompt)
    assert (reply.status == 302) if seen is None else (seen in reply.text)


def test_who_allowed_it_before_is_logged_in_and_sent_back_at_once(salesforce: Salesforce) -> None:
    """The redirect carries the session, so that the next time needs no password."""
    host = salesforce.login_url
    decide(host, signed_in(host))
    reply = signed_in(host)
    assert "code" in reply.sent_back
    assert "code" in authorize(host, cookie=cookie_of(reply)).sent_back


def test_immediate_goes_through_without_a_page(salesforce: Salesforce) -> None:
    """A session and an earlier consent are enough; without the consent it is unsuccessful."""
    host = salesforce.login_url
    page = signed_in(host)
    cookie = cookie_of(page)
    before = authorize(host, cookie=cookie, immediate="true")
    decide(host, page)
    after = authorize(host, cookie=cookie, immediate="true")
    assert before.sent_back["error"] == ["immediate_unsuccessful"]
    assert "code" in after.sent_back


@pytest.mark.parametrize(
    "near",
    [
        "http://localhost:8788/callback",
        "http://localhost:8787/callback/",
        "http://localhost:8787/Callback",
        "http://LOCALHOST:8787/callback",
        "https://localhost:8787/callback",
        "http://127.0.0.1:8787/callback",
        "http://localhost:8787/callback?a=b",
    ],
)
def test_callback_urls_are_compared_character_by_character(
    salesforce: Salesforce, near: str
) -> None:
    """Port, path, slash, case, scheme and host: nothing is left out."""
    assert (
        error_in(authorize(salesforce.login_url, redirect_uri=near).text)[0]
        == "redirect_uri_mismatch"
    )


@pytest.mark.parametrize("redirect_uri", [EXACT, SUCCESS_URL, "myapp://auth"])
def test_each_registered_callback_is_good(salesforce: Salesforce, redirect_uri: str) -> None:
    """An app has several lines, and a scheme of its own is allowed."""
    reply = decide(salesforce.login_url, signed_in(salesforce.login_url, redirect_uri=redirect_uri))
    assert reply.headers["location"].startswith(redirect_uri + "?code=")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1717/x", "http://[::1]:1717/x", "http://app.example/x"]
)
def test_setup_saves_http_for_localhost_alone(url: str) -> None:
    """The message is the one of Setup."""
    with pytest.raises(ValueError, match="Cannot be an HTTP URL"):
        App(callback_urls=(url,))


@pytest.mark.parametrize("seconds", [0, 60, 899, 901, 5400, 7201, 172800])
def test_setup_saves_the_session_timeouts_of_its_list_alone(seconds: int) -> None:
    """15 and 30 minutes, 1, 2, 4, 8, 12 and 24 hours."""
    with pytest.raises(ValueError, match="Timeout Value"):
        App(session_timeout=seconds)


def test_a_local_app_is_known_at_its_own_org(salesforce: Salesforce) -> None:
    """At the My Domain the local app works."""
    salesforce.put(replace(APP, distribution="local"))
    host = salesforce.my_domain()
    assert exchange(host, {"code": code(host)}).status == 200


GRACE = "grace@globex.example"


@pytest.mark.parametrize("prompt", [None, "login"])
def test_a_browser_that_is_signed_in_to_another_org_does_not_find_a_local_app(
    salesforce: Salesforce, prompt: str | None
) -> None:
    """
    A: as if the key were wrong, whatever the prompt; a request without cookies is
    answered well.
    """
    salesforce.put(replace(APP, distribution="local"))
    elsewhere = salesforce.my_domain(OTHER_ORG)
    page = log_in(elsewhere, ask(f"{elsewhere}/login"), username=GRACE)
    assert (page.status, "Globex" in page.text) == (200, True)
    host = salesforce.my_domain()
    refused = authorize(host, cookie=cookie_of(page), prompt=prompt)
    assert (refused.status, error_in(refused.text)) == (
        400,
        ("invalid_client_id", "client identifier invalid"),
    )
    assert 'id="Login"' in authorize(host, prompt=prompt).text


def test_a_browser_that_is_signed_in_to_both_orgs_finds_it(salesforce: Salesforce) -> None:
    """The app's own org is among them."""
    salesforce.put(replace(APP, distribution="local"))
    host, elsewhere = salesforce.my_domain(), salesforce.my_domain(OTHER_ORG)
    pages = (
        log_in(elsewhere, ask(f"{elsewhere}/login"), username=GRACE),
        log_in(host, ask(f"{host}/login")),
    )
    reply = authorize(host, cookie="; ".join(map(cookie_of, pages)))
    assert 'id="oaapprove"' in reply.text


@pytest.mark.parametrize("kind", ["packaged", "connected"])
def test_an_app_that_every_org_may_know_is_found_from_any(
    salesforce: Salesforce, kind: str
) -> None:
    """Its key is the same in all of them."""
    connected = replace(APP, kind="connected")
    salesforce.put(connected if kind == "connected" else APP)
    elsewhere = salesforce.my_domain(OTHER_ORG)
    cookie = cookie_of(log_in(elsewhere, ask(f"{elsewhere}/login"), username=GRACE))
    assert 'id="Login"' in authorize(salesforce.my_domain(), cookie=cookie).text


def test_the_browser_of_the_kit_carries_a_session_from_org_to_org(salesforce: Salesforce) -> None:
    """It signs in where it is sent first; a browser of its own, a private window, finds the app."""
    salesforce.put(replace(APP, distribution="local"))
    address = f"{salesforce.my_domain()}{OAUTH}/authorize?{urlencode(request())}"
    signed_in_elsewhere = Browser(username=GRACE, password=USER.password)
    signed_in_elsewhere.visit(f"{salesforce.my_domain(OTHER_ORG)}/login")
    assert "invalid_client_id" in signed_in_elsewhere.visit(address).text
    private = Browser(username=USER.username, password=USER.password)
    assert "code=" in private.visit(address).url


def test_a_sandbox_has_a_login_host_of_its_own(salesforce: Salesforce) -> None:
    """Its people log in there and nowhere else, and are named there."""
    name = "ada@acme.sandbox"
    stays = signed_in(salesforce.login_url, username=name)
    found = code(salesforce.test_url, username=name)
    answer = exchange(salesforce.test_url, {"code": found}).json
    assert "Please check your username" in stays.text
    assert answer["id"] == f"{salesforce.test_url}/id/{SANDBOX.org_id}/005000000000003AAA"


def test_an_org_may_close_the_generic_host(salesforce: Salesforce) -> None:
    """Then its people log in at the My Domain alone."""
    salesforce.put(replace(ORG, login_from_generic_host=False))
    assert "Please check your username" in signed_in(salesforce.login_url).text
    assert code(salesforce.my_domain())


def test_a_site_stands_before_the_paths_and_is_named_in_the_redirect(
    salesforce: Salesforce,
) -> None:
    """Experience Cloud: the site's path stays, and its address and ID come back."""
    site = f"{salesforce.my_domain(OTHER_ORG)}/portal"
    page = authorize(site)
    assert action(page) == "/portal/login"
    consent = log_in(
        salesforce.my_domain(OTHER_ORG),
        page,
        username="grace@globex.example",
    )
    reply = decide(salesforce.my_domain(OTHER_ORG), consent)
    assert reply.sent_back["sfdc_community_url"] == [site]
    assert reply.sent_back["sfdc_community_id"] == ["0DB000000000001"]
    answer = exchange(site, {"code": reply.sent_back["code"][0]}).json
    assert answer["sfdc_community_url"] == answer["sfdc_site_url"] == site
    assert answer["sfdc_community_id"] == answer["sfdc_site_id"]


def test_the_landing_page_keeps_the_code_in_the_address(salesforce: Salesforce) -> None:
    """The built-in page for those who have no place to come back to."""
    assert ask(f"{salesforce.login_url}{OAUTH}/success?code=aPrx").status == 200


def test_the_verifier_of_these_tests_fits_its_challenge() -> None:
    """They are the pair of RFC 7636 appendix B."""
    assert (VERIFIER[:4], CHALLENGE[:4]) == ("dBjf", "E9Me")
