"""
What tokens are good for at the test kit's Salesforce: revoke, introspect, userinfo, the identity
URL, the API, discovery, headless.
"""

from __future__ import annotations

import base64
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from loopback_auth.testing import Browser
from loopback_auth.testing.salesforce import APP, ORG, SESSION_TIMEOUTS_S, USER, Org, Salesforce
from tests.support.salesforce_asking import (
    LIMITS,
    OAUTH,
    ask,
    authorize,
    bearer,
    decide,
    error_in,
    exchange,
    limits,
    log_in,
    post,
    refresh,
    request,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.asking import Clock, Reply

OTHER_ORG = Org(org_id="00D000000000002AAA", name="Globex")
APPROVED = replace(USER, preauthorized=True)
OTHER_APP = replace(APP, client_id="3MVG9other")


@pytest.fixture
def salesforce(clock: Clock) -> Iterator[Salesforce]:
    with Salesforce.running(apps=[APP, OTHER_APP], orgs=[ORG, OTHER_ORG], clock=clock) as running:
        yield running


def revoke(salesforce: Salesforce, token: str) -> Reply:
    return post(f"{salesforce.login_url}{OAUTH}/revoke", {"token": token})


def test_revoking_an_access_token_ends_that_session_only(salesforce: Salesforce) -> None:
    """200 and an empty body; nobody is asked who they are."""
    got = tokens(salesforce.login_url)
    reply = revoke(salesforce, got["access_token"])
    assert (reply.status, reply.body) == (200, b"")
    assert limits(salesforce, got["access_token"]) == 401
    assert refresh(salesforce.login_url, got["refresh_token"]).status == 200


def test_revoking_a_refresh_token_ends_all(salesforce: Salesforce) -> None:
    """It and every access token that came of it."""
    got = tokens(salesforce.login_url)
    assert revoke(salesforce, got["refresh_token"]).status == 200
    assert limits(salesforce, got["access_token"]) == 401
    assert refresh(salesforce.login_url, got["refresh_token"]).status == 400


def test_revoke_takes_a_get_and_answers_jsonp(salesforce: Salesforce) -> None:
    """For scripts in a page."""
    token = quote(tokens(salesforce.login_url)["refresh_token"])
    url = f"{salesforce.my_domain()}{OAUTH}/revoke?token={token}&callback=f"
    good, bad = ask(url), ask(url)
    assert (good.status, good.text[:2]) == (200, "f(")
    assert (bad.status, bad.text) == (400, 'f({"error": "invalid_token"});')


def test_revoke_tells_errors_as_a_form_and_echoes_the_token(salesforce: Salesforce) -> None:
    """Not JSON; and what was sent is in it, so that a client that prints it is found out."""
    unknown, missing = revoke(salesforce, "a-token"), revoke(salesforce, "")
    assert (unknown.status, missing.status) == (400, 400)
    assert error_in(unknown.text) == ("unsupported_token_type", "invalid token: a-token")
    assert error_in(missing.text) == ("unsupported_token_type", "Token type not supported")


def introspect(salesforce: Salesforce, token: str, **changes: str | None) -> Reply:
    form = {
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "token": token,
        **changes,
    }
    return post(f"{salesforce.login_url}{OAUTH}/introspect", form)


def test_introspection_counts_in_seconds(salesforce: Salesforce, clock: Clock) -> None:
    """Unlike the token answer."""
    got = tokens(salesforce.login_url)
    now = int(clock.now)
    assert introspect(salesforce, got["access_token"]).json == {
        "active": True,
        "scope": "api refresh_token",
        "client_id": APP.client_id,
        "username": USER.username,
        "sub": got["id"],
        "token_type": "access_token",
        "exp": now + 7200,
        "iat": now,
        "nbf": now,
    }
    assert introspect(salesforce, got["refresh_token"]).json["active"] is True


def test_introspection_of_what_is_dead_or_another_apps(
    salesforce: Salesforce, clock: Clock
) -> None:
    """It is not active, and no more is said."""
    got = tokens(salesforce.login_url)
    assert introspect(salesforce, got["access_token"], client_id=OTHER_APP.client_id).json == {
        "active": False
    }
    clock.advance(7200)
    assert introspect(salesforce, got["access_token"]).json == {"active": False}


@pytest.mark.parametrize(
    "changes", [{"client_secret": None}, {"client_secret": "x"}, {"client_id": "x"}]
)
def test_introspection_asks_who_asks(
    salesforce: Salesforce, changes: dict[str, str | None]
) -> None:
    """401 for everybody else."""
    assert introspect(salesforce, "x", **changes).status == 401


USERINFO = {
    *("sub", "user_id", "organization_id", "preferred_username", "nickname", "name", "email"),
    *(
        "email_verified",
        "given_name",
        "family_name",
        "zoneinfo",
        "photos",
        "profile",
        "picture",
        "address",
    ),
    *(
        "is_salesforce_integration_user",
        "urls",
        "active",
        "user_type",
        "language",
        "locale",
        "utcOffset",
    ),
    *("updated_at", "is_app_installed"),
}
IDENTITY = {
    *(
        "id",
        "asserted_user",
        "user_id",
        "organization_id",
        "username",
        "nick_name",
        "display_name",
        "email",
    ),
    *(
        "email_verified",
        "first_name",
        "last_name",
        "timezone",
        "photos",
        "addr_street",
        "addr_city",
    ),
    *("addr_state", "addr_country", "addr_zip", "mobile_phone", "mobile_phone_verified"),
    *(
        "is_lightning_login_user",
        "status",
        "urls",
        "active",
        "user_type",
        "language",
        "locale",
        "utcOffset",
    ),
    *("last_modified_date", "is_app_installed"),
}
URLS = {
    *(
        "enterprise",
        "metadata",
        "partner",
        "rest",
        "sobjects",
        "search",
        "query",
        "recent",
        "tooling_soap",
    ),
    *(
        "tooling_rest",
        "profile",
        "feeds",
        "groups",
        "users",
        "feed_items",
        "feed_elements",
        "custom_domain",
    ),
}


def test_userinfo_member_by_member(salesforce: Salesforce) -> None:
    """By GET and POST, at the login host and at the org's own."""
    got = tokens(salesforce.login_url)
    here = ask(f"{salesforce.login_url}{OAUTH}/userinfo", headers=bearer(got["access_token"])).json
    there = ask(
        f"{salesforce.my_domain()}{OAUTH}/userinfo",
        method="POST",
        headers=bearer(got["access_token"]),
    ).json
    assert here == there
    assert set(here) == USERINFO
    assert set(here["urls"]) == URLS
    assert "{version}" in here["urls"]["rest"]
    assert (here["sub"], here["preferred_username"]) == (got["id"], USER.username)
    assert (here["utcOffset"], here["active"], here["email_verified"]) == (0, True, True)


def test_the_identity_url_member_by_member(salesforce: Salesforce) -> None:
    """With the token in the header or in a parameter."""
    got = tokens(salesforce.login_url)
    answer = ask(got["id"], headers=bearer(got["access_token"])).json
    by_parameter = ask(f"{got['id']}?oauth_token={quote(got['access_token'])}").json
    assert answer == by_parameter
    assert (set(answer), set(answer["urls"])) == (IDENTITY, URLS)
    assert answer["username"] == USER.username


@pytest.mark.parametrize(
    ("query", "accept", "content_type", "beginning"),
    [
        ("", "application/json", "application/json", "{"),
        ("?format=json", "application/xml", "application/json", "{"),
        ("?format=xml", "", "application/xml", "<user>"),
        ("", "application/xml", "application/xml", "<user>"),
        ("?format=jsonp&callback=f", "", "application/javascript", "f({"),
    ],
)
def test_the_identity_url_in_each_format(
    salesforce: Salesforce, query: str, accept: str, content_type: str, beginning: str
) -> None:
    """By parameter, else by what is accepted."""
    got = tokens(salesforce.login_url)
    reply = ask(got["id"] + query, headers={**bearer(got["access_token"]), "Accept": accept})
    assert reply.headers["content-type"].startswith(content_type)
    assert reply.text.startswith(beginning)
    assert USER.username in reply.text


@pytest.mark.parametrize(
    ("version", "number"), [("64.0", "64.0"), ("latest", "66.0"), ("", "{version}")]
)
def test_the_identity_url_names_the_version_that_is_asked_for(
    salesforce: Salesforce, version: str, number: str
) -> None:
    """Without one its place stays in the addresses."""
    got = tokens(salesforce.login_url)
    answer = ask(f"{got['id']}?version={version}", headers=bearer(got["access_token"])).json
    assert answer["urls"]["rest"] == f"{salesforce.my_domain()}/services/data/v{number}/"


@pytest.mark.parametrize(
    ("switch", "word"),
    [
        (replace(USER, active=False), "Inactive_User"),
        (replace(ORG, status="locked"), "Inactive_Org"),
    ],
    ids=["a person who left", "a locked org"],
)
def test_the_identity_of_who_is_no_longer_there(
    salesforce: Salesforce, switch: Any, word: str
) -> None:
    """403 and a bare word."""
    got = tokens(salesforce.login_url)
    salesforce.put(switch)
    reply = ask(got["id"], headers=bearer(got["access_token"]))
    assert (reply.status, reply.text) == (403, word)


@pytest.mark.parametrize("where", ["userinfo", "identity"])
@pytest.mark.parametrize(
    ("headers", "word"),
    [({}, "Missing_OAuth_Token"), (bearer("00D!bad"), "Bad_OAuth_Token")],
    ids=["no token", "a bad token"],
)
def test_who_somebody_is_is_refused_with_a_bare_word(
    salesforce: Salesforce, where: str, headers: Mapping[str, str], word: str
) -> None:
    """403 and a text: no JSON, and no 401."""
    url = f"{salesforce.login_url}{OAUTH}/userinfo"
    if where == "identity":
        url = f"{salesforce.login_url}/id/{ORG.org_id}/{USER.user_id}"
    reply = ask(url, headers=headers)
    assert (reply.status, reply.text) == (403, word)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        (f"{OTHER_ORG.org_id}/{USER.user_id}", 403, "Wrong_Org"),
        (f"{ORG.org_id}/005x", 404, "Bad_Id"),
    ],
)
def test_another_identity_url_is_refused(
    salesforce: Salesforce, path: str, status: int, word: str
) -> None:
    """A token tells of its own person alone."""
    token = tokens(salesforce.login_url)["access_token"]
    reply = ask(f"{salesforce.login_url}/id/{path}", headers=bearer(token))
    assert (reply.status, reply.text) == (status, word)


def test_userinfo_refuses_a_token_without_a_naming_scope(salesforce: Salesforce) -> None:
    """Userinfo refuses it, though the token is alive."""
    token = tokens(salesforce.login_url, scope="refresh_token")["access_token"]
    reply = ask(f"{salesforce.login_url}{OAUTH}/userinfo", headers=bearer(token))
    assert (reply.status, reply.text) == (403, "Bad_OAuth_Token")
    assert introspect(salesforce, token).json["active"] is True


def test_versions_are_for_everybody_and_oldest_first(salesforce: Salesforce) -> None:
    """No token is asked for."""
    document: Any = ask(f"{salesforce.my_domain()}/services/data").json
    numbers = [float(entry["version"]) for entry in document]
    assert numbers == sorted(numbers)
    assert {"label": "Winter '26", "url": "/services/data/v65.0", "version": "65.0"} in document


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 401, "INVALID_SESSION_ID"),
        ("Bearer 00D!bad", 401, "INVALID_SESSION_ID"),
        ("OAuth {token}", 401, "INVALID_AUTH_HEADER"),
        ("Bearer  {token}", 401, "INVALID_AUTH_HEADER"),
        ("{token}", 401, "INVALID_AUTH_HEADER"),
    ],
)
def test_the_api_refuses_with_an_array(
    salesforce: Salesforce, authorization: str | None, status: int, code: str
) -> None:
    """401, and a list of one error."""
    token = tokens(salesforce.login_url)["access_token"]
    headers = {"Authorization": authorization.format(token=token)} if authorization else {}
    reply = ask(salesforce.my_domain() + LIMITS, headers=headers)
    document: Any = reply.json
    assert (reply.status, document[0]["errorCode"]) == (status, code)
    if code == "INVALID_SESSION_ID":
        assert document == [{"message": "Session expired or invalid", "errorCode": code}]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("v65.0/nothing", 404, "NOT_FOUND"),
        ("v1.0/limits", 404, "NOT_FOUND"),
        ("v65.0/query?q=nonsense", 400, "MALFORMED_QUERY"),
        ("v65.0/query?q=SELECT+Id+FROM+Nothing", 400, "INVALID_TYPE"),
    ],
)
def test_api_errors_row_by_row(salesforce: Salesforce, path: str, status: int, code: str) -> None:
    """What is not there, and what cannot be read."""
    token = tokens(salesforce.login_url)["access_token"]
    reply = ask(f"{salesforce.my_domain()}/services/data/{path}", headers=bearer(token))
    document: Any = reply.json
    assert (reply.status, document[0]["errorCode"]) == (status, code)


@pytest.mark.parametrize(
    ("switch", "code", "message"),
    [
        (
            replace(ORG, api_enabled=False),
            "API_DISABLED_FOR_ORG",
            "The REST API is not enabled for this Organization.",
        ),
        (
            replace(USER, api_enabled=False),
            "API_CURRENTLY_DISABLED",
            "API is disabled for this User",
        ),
        (replace(ORG, quota_left=False), "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    ],
    ids=["an org without API", "a person without API", "a quota that is used up"],
)
def test_a_good_token_opens_nothing(
    salesforce: Salesforce, switch: Any, code: str, message: str
) -> None:
    """403 and an array: a new token would not help."""
    token = tokens(salesforce.login_url)["access_token"]
    salesforce.put(switch)
    reply = ask(salesforce.my_domain() + LIMITS, headers=bearer(token))
    document: Any = reply.json
    assert (reply.status, document) == (403, [{"message": message, "errorCode": code}])


NOT_FOR_REST = [
    {
        "message": "This session is not valid for use with the REST API",
        "errorCode": "INVALID_SESSION_ID",
    }
]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("api", 200),
        ("full", 200),
        ("refresh_token", 401),
        ("id openid web", 401),
    ],
)
def test_the_api_wants_a_scope_that_opens_it(
    salesforce: Salesforce, scope: str, status: int
) -> None:
    """Else the session, which is alive, is not valid there; a new one would not be either."""
    got = tokens(salesforce.login_url, scope=scope)
    reply = ask(salesforce.my_domain() + LIMITS, headers=bearer(got["access_token"]))
    document: Any = reply.json
    assert (reply.status, status == 200 or document == NOT_FOR_REST) == (status, True)
    assert introspect(salesforce, got["access_token"]).json["active"] is True


def test_the_api_is_not_for_an_app_that_access_control_does_not_admit(
    salesforce: Salesforce,
) -> None:
    """Tokens are given and refreshed, and open nothing."""
    got = tokens(salesforce.login_url)
    salesforce.put(replace(APP, rest_access=False))
    again = refresh(salesforce.login_url, got["refresh_token"]).json
    for token in (got["access_token"], again["access_token"]):
        reply = ask(salesforce.my_domain() + LIMITS, headers=bearer(token))
        document: Any = reply.json
        assert (reply.status, document) == (401, NOT_FOR_REST)


@pytest.mark.parametrize("is_jwt", [False, True])
def test_the_token_of_a_site_is_for_the_site(salesforce: Salesforce, *, is_jwt: bool) -> None:
    """The org's own API does not take it: a JWT has the wrong issuer there."""
    salesforce.put(replace(ORG, sites=("/portal",)), replace(APP, jwt_access_tokens=is_jwt))
    host = salesforce.my_domain()
    site = f"{host}/portal"
    consent = log_in(host, authorize(site))
    found = decide(host, consent).sent_back["code"][0]
    token = exchange(site, {"code": found}).json["access_token"]
    assert ask(site + LIMITS, headers=bearer(token)).status == 200
    reply = ask(host + LIMITS, headers=bearer(token))
    document: Any = reply.json
    wrong_issuer = [{"message": "INVALID_AUTH_HEADER", "errorCode": "INVALID_ISS"}]
    assert (reply.status, document) == (401, wrong_issuer if is_jwt else NOT_FOR_REST)


def test_the_login_host_has_no_api(salesforce: Salesforce) -> None:
    """A good token is sent to the instance URL; a bad one is bad everywhere."""
    token = tokens(salesforce.login_url)["access_token"]
    good = ask(salesforce.login_url + LIMITS, headers=bearer(token))
    bad = ask(salesforce.login_url + LIMITS, headers=bearer("00D!bad"))
    good_answer: Any = good.json
    bad_answer: Any = bad.json
    assert (good.status, bad.status) == (401, 401)
    assert good_answer == [
        {
            "message": "Destination URL not reset. The URL returned from login must be set",
            "errorCode": "URL_NOT_RESET",
        }
    ]
    assert bad_answer[0]["errorCode"] == "INVALID_SESSION_ID"


MCP = "/platform/mcp/v1/platform/sobject-reads"
AGENT = "/einstein/ai-agent/v1/agents/0XxRM0000004Cxx/sessions"


@pytest.mark.parametrize("path", [MCP, AGENT])
@pytest.mark.parametrize(("is_jwt", "status"), [(False, 401), (True, 200)])
def test_the_servers_for_agents_take_jwts_alone(
    salesforce: Salesforce, path: str, *, is_jwt: bool, status: int
) -> None:
    """An opaque token is told what is wrong with it."""
    salesforce.put(replace(APP, jwt_access_tokens=is_jwt))
    got = tokens(salesforce.login_url)
    reply = ask(salesforce.my_domain() + path, method="POST", headers=bearer(got["access_token"]))
    document: Any = reply.json
    assert (reply.status, got.get("token_format")) == (status, "jwt" if is_jwt else None)
    assert is_jwt or document == [
        {"message": "INVALID_JWT_FORMAT", "errorCode": "INVALID_AUTH_HEADER"}
    ]


def test_an_agent_takes_the_apps_that_are_attached_to_it(salesforce: Salesforce) -> None:
    """A 401 that no new token mends, and an object, not an array."""
    salesforce.put(replace(APP, jwt_access_tokens=True, attached_to_agent=False))
    token = tokens(salesforce.login_url)["access_token"]
    reply = ask(salesforce.my_domain() + AGENT, method="POST", headers=bearer(token))
    assert (reply.status, reply.json["message"]) == (401, "Connected app is not attached to Agent")
    assert ask(salesforce.my_domain() + MCP, method="POST", headers=bearer(token)).status == 200


def test_the_login_page_is_described(salesforce: Salesforce) -> None:
    """At every host; an org's names the org."""
    login = ask(f"{salesforce.login_url}/.well-known/auth-configuration").json
    own = ask(f"{salesforce.my_domain()}/.well-known/auth-configuration").json
    assert (login["OrgId"], own["OrgId"]) == ("", ORG.org_id[:15])
    assert "AuthProviders" in own


def test_introspection_takes_the_client_by_basic(salesforce: Salesforce) -> None:
    """As the token endpoint does; an app that has no secret to show is nobody."""
    token = tokens(salesforce.login_url)["access_token"]
    pair = base64.b64encode(f"{APP.client_id}:{APP.client_secret}".encode()).decode()
    url = f"{salesforce.login_url}{OAUTH}/introspect"
    assert post(url, {"token": token}, Authorization=f"Basic {pair}").json["active"] is True
    salesforce.put(replace(APP, require_secret_web=False, require_secret_refresh=False))
    assert post(url, {"token": token, "client_id": APP.client_id}).status == 401


@pytest.mark.parametrize("is_jwt", [False, True])
@pytest.mark.parametrize("seconds", SESSION_TIMEOUTS_S)
def test_the_session_times_out_by_the_clock(
    salesforce: Salesforce, clock: Clock, seconds: int, *, is_jwt: bool
) -> None:
    """By the app's timeout; only introspection, or a JWT, says when."""
    salesforce.put(replace(APP, session_timeout=seconds, jwt_access_tokens=is_jwt))
    got = tokens(salesforce.login_url)
    assert "expires_in" not in got
    assert introspect(salesforce, got["access_token"]).json["exp"] == int(clock.now) + seconds
    clock.advance(seconds - 1)
    assert limits(salesforce, got["access_token"]) == 200
    clock.advance(1)
    assert limits(salesforce, got["access_token"]) == 401
    again = refresh(salesforce.login_url, got["refresh_token"]).json
    assert limits(salesforce, again["access_token"]) == 200


def test_a_session_keeps_the_timeout_that_it_began_with(
    salesforce: Salesforce, clock: Clock
) -> None:
    """Another timeout is for the sessions after it."""
    old = tokens(salesforce.login_url)["access_token"]
    salesforce.put(replace(APP, session_timeout=900))
    new = tokens(salesforce.login_url)["access_token"]
    clock.advance(900)
    assert (limits(salesforce, old), limits(salesforce, new)) == (200, 401)


def test_a_token_is_for_its_own_org(salesforce: Salesforce) -> None:
    """Another org's host does not know it."""
    token = tokens(salesforce.login_url)["access_token"]
    assert ask(salesforce.my_domain(OTHER_ORG) + LIMITS, headers=bearer(token)).status == 401


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT Id, Name FROM Account", ["Acme", "Globex", "Initech"]),
        ("select Id, Name from User", [USER.name]),
    ],
)
def test_a_query_answers_records(salesforce: Salesforce, query: str, names: list[str]) -> None:
    """With attributes, totalSize and done, as client libraries want them."""
    token = tokens(salesforce.login_url)["access_token"]
    url = f"{salesforce.my_domain()}/services/data/v65.0/query?{urlencode({'q': query})}"
    answer = ask(url, headers=bearer(token)).json
    assert (answer["totalSize"], answer["done"]) == (len(names), True)
    assert [record["Name"] for record in answer["records"]] == names
    assert all(set(record) == {"attributes", "Id", "Name"} for record in answer["records"])


def test_objects_and_the_person_behind_the_token(salesforce: Salesforce) -> None:
    """The second check of a token, and where the real user name is."""
    token = tokens(salesforce.login_url)["access_token"]
    base = f"{salesforce.my_domain()}/services/data/v65.0/sobjects/"
    assert {"name": "Account"} in ask(base, headers=bearer(token)).json["sobjects"]
    person = ask(f"{base}User/{USER.user_id}", headers=bearer(token)).json
    assert person["Username"] == USER.username


def test_discovery_says_neither_pkce_nor_grant_types(salesforce: Salesforce) -> None:
    """A client that takes their absence for a no has not read on."""
    login = salesforce.login_url
    document = ask(f"{login}/.well-known/openid-configuration").json
    assert not {"code_challenge_methods_supported", "grant_types_supported"} & set(document)
    assert document["issuer"] == login
    assert document["authorization_endpoint"] == f"{login}{OAUTH}/authorize"
    assert document["jwks_uri"] == f"{login}/id/keys"
    assert document["registration_endpoint"] == f"{login}{OAUTH}/register"
    assert document["response_types_supported"] == ["code", "token", "token id_token"]
    assert {"mcp_api", "sfap_api", "refresh_token"} <= set(document["scopes_supported"])
    assert {"is_app_installed", "zoneinfo"} <= set(document["claims_supported"])
    assert ask(document["jwks_uri"]).json["keys"][0]["alg"] == "RS256"


def test_discovery_of_an_org_adds_the_logout(salesforce: Salesforce) -> None:
    """The generic host has none, and RFC 8414's document is nowhere."""
    own, login = salesforce.my_domain(), salesforce.login_url
    document = ask(f"{own}/.well-known/openid-configuration").json
    assert document["issuer"] == own
    assert document["end_session_endpoint"] == f"{own}/services/auth/idp/oidc/logout"
    assert "end_session_endpoint" not in ask(f"{login}/.well-known/openid-configuration").json
    assert ask(f"{login}/.well-known/oauth-authorization-server").status == 404


def headless(salesforce: Salesforce, *, password: str = USER.password, **headers: str) -> Reply:
    pair = base64.b64encode(f"{USER.username}:{password}".encode()).decode()
    form = request(response_type="code_credentials")
    sent = {"Authorization": f"Basic {pair}", "Auth_Request_Type": "Named-User", **headers}
    return post(f"{salesforce.my_domain()}{OAUTH}/authorize", form, **sent)


def test_headless_needs_both_switches_and_the_header(salesforce: Salesforce) -> None:
    """Without one of the three it is a login page with status 200."""
    neither = headless(salesforce)
    salesforce.put(replace(APP, code_credentials=True))
    app_alone = headless(salesforce)
    salesforce.put(replace(ORG, code_credentials=True))
    no_header = headless(salesforce, Auth_Request_Type="x")
    for page in (neither, app_alone, no_header):
        assert (page.status, 'id="Login"' in page.text) == (200, True)


def test_headless_gives_a_code_for_a_name_and_a_password(salesforce: Salesforce) -> None:
    """The code is redeemed like any other; a wrong password is told as JSON."""
    salesforce.put(
        replace(APP, code_credentials=True), replace(ORG, code_credentials=True), APPROVED
    )
    answer = headless(salesforce).json
    assert set(answer) == {"code", "sfdc_community_url", "sfdc_community_id"}
    assert exchange(salesforce.my_domain(), {"code": answer["code"]}).status == 200
    wrong = headless(salesforce, password="wrong")
    assert wrong.status == 400
    assert wrong.json == {"error": "invalid_grant", "error_description": "authentication failure"}


def test_headless_wants_a_person_whom_an_administrator_let_in(salesforce: Salesforce) -> None:
    """There is no page on which to approve the app oneself, whatever the app permits."""
    salesforce.put(replace(APP, code_credentials=True), replace(ORG, code_credentials=True))
    refused = headless(salesforce)
    assert (refused.status, refused.json) == (
        400,
        {
            "error": "invalid_app_access",
            "error_description": "user is not admin approved to access this app",
        },
    )


@pytest.mark.parametrize("gone", [{"active": False}, {"frozen": True}])
def test_headless_is_not_for_who_may_not_log_in(
    salesforce: Salesforce, gone: dict[str, Any]
) -> None:
    """It is told as a wrong password is."""
    salesforce.put(replace(APP, code_credentials=True), replace(ORG, code_credentials=True))
    salesforce.put(replace(APPROVED, **gone))
    assert headless(salesforce).json["error_description"] == "authentication failure"


def test_it_listens_where_browsers_look_for_localhost(salesforce: Salesforce) -> None:
    """On both families, where there are both."""
    port = urlsplit(salesforce.login_url).port
    assert salesforce.login_url == f"http://localhost:{port}"
    for address in {
        entry[4][0] for entry in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
    }:
        socket.create_connection((str(address), port or 0), timeout=5).close()


@pytest.mark.parametrize(
    ("decision", "outcome"), [("allow", "code"), ("deny", "error=access_denied")]
)
def test_the_browser_without_a_window_clicks_through(
    salesforce: Salesforce, decision: Any, outcome: str
) -> None:
    """The pages are forms like those of the other server."""
    location = f"{salesforce.login_url}{OAUTH}/authorize?{urlencode(request())}"
    browser = Browser(username=USER.username, password=USER.password, decision=decision)
    assert outcome in urlsplit(browser.visit(location).url).query


def test_the_fixture_is_in_the_plug_in(salesforce_server: Salesforce) -> None:
    """With its own app, org and person."""
    assert 'id="Login"' in authorize(salesforce_server.login_url).text
    assert [asked.endpoint for asked in salesforce_server.requests] == ["authorize"]
