"""
Every refusal that the Salesforce of the test kit gives leads to its pitfall, as somebody pastes it:
the answer, and what was asked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.explain.pitfalls import pitfall_for
from loopback_auth.explain.report import read_paste
from loopback_auth.testing.salesforce import APP, ORG, USER, App, Org, Salesforce, User

from ..support.salesforce_asking import LIMITS, ask, authorize, bearer, log_in, refresh, tokens
from ..support.salesforce_machines import assertion, by_assertion, by_client, certificate, rsa_key
from .pitfalls_table import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..support.asking import Reply

LOCAL = replace(APP, distribution="local")
PIPELINE = replace(
    LOCAL,
    permitted_users="preauthorized",
    certificate=certificate(rsa_key()),
    client_credentials=True,
    run_as=USER.username,
)
ADA = replace(USER, preauthorized=True)
OTHER_ORG = Org(org_id="00D000000000002AAA", name="Globex")
STRANGER = replace(
    ADA, username="grace@globex.example", user_id="005000000000002AAA", org_id=OTHER_ORG.org_id
)
MCP = "/platform/mcp/v1/platform/sobject-all"
AGENT = "/einstein/ai-agent/v1/agents/0XxRM0000004Cxx/sessions"


@dataclass(kw_only=True)
class Case:
    """A Salesforce, set up in some way, and tokens of it."""

    salesforce: Salesforce
    tokens: dict[str, Any]

    @property
    def host(self) -> str:
        return self.salesforce.my_domain()

    def put(self, *accounts: App | Org | User) -> None:
        for account in accounts:
            self.salesforce.put(account)

    def api(self, path: str = LIMITS, *, host: str = "") -> Reply:
        return ask((host or self.host) + path, headers=bearer(self.tokens["access_token"]))

    def sign_in(self, **changes: str | None) -> Reply:
        return log_in(self.host, authorize(self.host, **changes))

    def jwt(self, **claims: Any) -> Reply:
        return by_assertion(self.host, assertion(time.time(), **claims))


@pytest.fixture
def case() -> Iterator[Case]:
    accounts = {"apps": [LOCAL], "orgs": [ORG, OTHER_ORG], "users": [ADA, STRANGER]}
    with Salesforce.running(**accounts) as running:  # type: ignore[arg-type]  # as above
        yield Case(salesforce=running, tokens=tokens(running.my_domain()))


def after(*accounts: App | Org | User, outside: str = "") -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.put(*accounts)
        if outside:
            case.salesforce.state.outside = frozenset({outside})

    return change


def refreshed(case: Case) -> Reply:
    return refresh(case.host, case.tokens["refresh_token"])


VPN = replace(ADA, login_ip_ranges=True)

# What was set up, what is asked, and the number of the pitfall.
CASES: dict[str, tuple[Callable[[Case], None], Callable[[Case], Reply], int]] = {
    "refresh: another network": (after(VPN, outside="refresh"), refreshed, 20),
    "refresh: the hour": (after(replace(ADA, in_login_hours=False)), refreshed, 20),
    "refresh: frozen": (after(replace(ADA, frozen=True)), refreshed, 29),
    "refresh: inactive": (after(replace(ADA, active=False)), refreshed, 29),
    "refresh: locked org": (after(replace(ORG, status="locked")), refreshed, 29),
    "refresh: blocked": (after(replace(LOCAL, blocked=True)), refreshed, 19),
    "refresh: not installed": (after(replace(APP, installed=False)), refreshed, 10),
    "refresh: not approved": (
        after(replace(LOCAL, permitted_users="preauthorized"), replace(ADA, preauthorized=False)),
        refreshed,
        14,
    ),
    "refresh: too often": (after(replace(ADA, logins_left=False)), refreshed, 30),
    "refresh: another secret": (after(replace(LOCAL, client_secret="n" * 64)), refreshed, 21),
    "refresh: no token of theirs": (after(), lambda case: refresh(case.host, "5Aep861none"), 24),
    "refresh: with a scope": (
        after(),
        lambda case: refresh(case.host, case.tokens["refresh_token"], scope="api"),
        55,
    ),
    "refresh: at the login host": (
        after(),
        lambda case: refresh(case.salesforce.login_url, case.tokens["refresh_token"]),
        10,
    ),
    "api: API Access Control": (
        after(replace(LOCAL, rest_access=False)),
        lambda case: case.api(),
        59,
    ),
    "api: at a login host": (after(), lambda case: case.api(host=case.salesforce.login_url), 60),
    "api: off for the user": (after(replace(ADA, api_enabled=False)), lambda case: case.api(), 37),
    "api: off for the org": (after(replace(ORG, api_enabled=False)), lambda case: case.api(), 37),
    "api: quota": (after(replace(ORG, quota_left=False)), lambda case: case.api(), 36),
    "api: a dead token": (
        after(),
        lambda case: ask(case.host + LIMITS, headers=bearer("00D!x")),
        33,
    ),
    "api: a header": (
        after(),
        lambda case: ask(case.host + LIMITS, headers={"Authorization": "x"}),
        34,
    ),
    "mcp: an opaque token": (after(), lambda case: case.api(MCP), 38),
    "authorize: another org": (
        after(replace(LOCAL, org_id=OTHER_ORG.org_id)),
        lambda case: case.sign_in(),
        8,
    ),
    "authorize: not installed": (
        after(replace(APP, installed=False)),
        lambda case: case.sign_in(),
        9,
    ),
    "authorize: blocked": (after(replace(LOCAL, blocked=True)), lambda case: case.sign_in(), 12),
    "authorize: not approved": (
        after(replace(LOCAL, permitted_users="preauthorized"), replace(ADA, preauthorized=False)),
        lambda case: case.sign_in(),
        13,
    ),
    "authorize: another network": (
        after(VPN, outside="authorize"),
        lambda case: case.sign_in(),
        20,
    ),
    "authorize: a scope": (after(), lambda case: case.sign_in(scope="api email"), 6),
    "authorize: a scope of none": (after(), lambda case: case.sign_in(scope="everything"), 28),
    "authorize: no challenge": (after(), lambda case: authorize(case.host, code_challenge=None), 5),
    "authorize: a callback": (
        after(),
        lambda case: authorize(case.host, redirect_uri="https://x/"),
        1,
    ),
    "authorize: a key": (after(), lambda case: authorize(case.host, client_id="3MVG9none"), 4),
    "jwt: a key of another certificate": (
        after(PIPELINE),
        lambda case: case.jwt(key=rsa_key("other")),
        76,
    ),
    "jwt: no Username": (after(PIPELINE), lambda case: case.jwt(sub="ada@mail.example"), 57),
    "jwt: too late": (after(PIPELINE), lambda case: case.jwt(exp=int(time.time()) - 3600), 57),
    "jwt: nonsense": (after(PIPELINE), lambda case: by_assertion(case.host, "x.y.z"), 57),
    "jwt: audience": (
        after(PIPELINE),
        lambda case: case.jwt(aud="https://test.salesforce.com"),
        87,
    ),
    "jwt: a key of no app": (after(PIPELINE), lambda case: case.jwt(iss="3MVG9none"), 4),
    "jwt: login host": (
        after(PIPELINE),
        lambda case: by_assertion(case.salesforce.login_url, assertion(time.time())),
        10,
    ),
    "jwt: no refresh_token scope": (
        after(replace(PIPELINE, scopes=("api",))),
        lambda case: case.jwt(),
        56,
    ),
    "jwt: nobody approved": (
        after(replace(PIPELINE, permitted_users="self", client_id="3MVG9other")),
        lambda case: case.jwt(iss="3MVG9other"),
        86,
    ),
    "jwt: not selected": (
        after(PIPELINE, replace(ADA, preauthorized=False)),
        lambda case: case.jwt(),
        14,
    ),
    "jwt: another network": (
        after(PIPELINE, VPN, outside="jwt_bearer"),
        lambda case: case.jwt(),
        77,
    ),
    "jwt: with a scope": (
        after(PIPELINE),
        lambda case: by_assertion(case.host, assertion(time.time()), scope="api"),
        55,
    ),
    "client: login host": (after(PIPELINE), lambda case: by_client(case.salesforce.login_url), 58),
    "client: off": (
        after(replace(PIPELINE, client_credentials=False)),
        lambda case: by_client(case.host),
        81,
    ),
    "client: no Run As": (
        after(replace(PIPELINE, run_as="")),
        lambda case: by_client(case.host),
        88,
    ),
    "client: a portal user": (
        after(PIPELINE, replace(ADA, portal=True)),
        lambda case: by_client(case.host),
        80,
    ),
    "client: no api scope": (
        after(replace(PIPELINE, scopes=("full",))),
        lambda case: by_client(case.host),
        79,
    ),
    "client: a scope": (after(PIPELINE), lambda case: by_client(case.host, scope="api"), 55),
    "client: secret": (after(PIPELINE), lambda case: by_client(case.host, client_secret="x"), 21),
    "client: not selected": (
        after(PIPELINE, replace(ADA, preauthorized=False)),
        lambda case: by_client(case.host),
        14,
    ),
}

ASKED = {
    "jwt": (
        "$ curl -i -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer"
        " -d assertion=@jwt HOST\n"
    ),
    "client": "$ curl -i -d grant_type=client_credentials -d client_id=3MVG9x HOST\n",
}


@pytest.mark.parametrize("name", CASES)
def test_what_it_answers_is_explained(case: Case, name: str) -> None:
    switch, asked, number = CASES[name]
    switch(case)
    reply = asked(case)
    assert reply.status >= 300, reply.text
    head = "".join(f"{name}: {value}\n" for name, value in reply.headers.items())
    transcript = (
        f"{ASKED.get(name.partition(':')[0], '')}HTTP/1.1 {reply.status} X\n{head}\n{reply.text}"
    )
    pitfall = pitfall_for(read_paste(transcript), pitfalls="salesforce", facts=FACTS)
    assert pitfall, transcript
    assert pitfall.number == number, (transcript, pitfall)
