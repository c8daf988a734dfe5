"""
DS-04: an issuer that names another server's endpoints gets neither its code nor its tokens; real
servers raise no question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.files.pending_logins import PendingSignIns
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import HostNotTrusted
from loopback_auth.flows.login.browser import login
from loopback_auth.flows.login.manual import begin
from loopback_auth.flows.server.mix_up import refuse_mix_up
from loopback_auth.flows.services import Services
from loopback_auth.notices import OpenThisPage, Warned
from loopback_auth.oauth.metadata import server_metadata

from ...support.internet import Asked, Internet, document, profile, sign_in

if TYPE_CHECKING:
    from pathlib import Path


EVIL, HONEST, HONEST_TOKEN = (
    "https://evil.example",
    "https://login.honest.com",
    "https://token.honest.com",
)
MIXED = {"authorization_endpoint": f"{HONEST}/authorize", "token_endpoint": f"{EVIL}/token"}


async def test_ds_04_a_code_is_not_redeemed_where_only_the_issuer_says_so(tmp_path: Path) -> None:
    """DS-04: before the address is shown, and with the host to trust in the fix."""
    internet, notices = Internet(document=document(EVIL, **MIXED)), list[Any]()
    with pytest.raises(HostNotTrusted) as refused:
        await login(
            profile(issuer=EVIL),
            store=FileStore(str(tmp_path)),
            transport=internet,
            browser=None,
            environ={},
            notify=notices.append,
            timeout_s=0.1,
        )
    assert refused.value.exit_code == 2
    assert refused.value.fix.endswith("loopback-auth login work --trust-host evil.example")
    for host in ("login.honest.com", "evil.example"):
        assert host in str(refused.value)
    assert (internet.hosts, notices, FileStore(str(tmp_path)).load("work")) == ([], [], None)


async def test_ds_04_nor_when_the_address_is_printed_for_another_machine(tmp_path: Path) -> None:
    internet, pending = Internet(document=document(EVIL, **MIXED)), PendingSignIns(str(tmp_path))
    services = Services(store=FileStore(str(tmp_path)), transport=internet, environ={})
    with pytest.raises(HostNotTrusted):
        await begin(profile(issuer=EVIL), services, pending=pending)
    assert pending.load("work") is None
    about = profile(issuer=EVIL, trust_hosts=("evil.example",))
    await begin(about, services, pending=pending)
    assert pending.load("work") is not None


async def test_ds_04_a_no_is_a_no(tmp_path: Path) -> None:
    internet, asked = Internet(document=document(EVIL, **MIXED)), Asked(says=False)
    with pytest.raises(HostNotTrusted):
        await sign_in(tmp_path, internet, profile(issuer=EVIL), asked)
    assert asked.questions == [(EVIL, "login.honest.com", "evil.example")]
    assert internet.hosts == []


SPLIT = {
    "authorization_endpoint": "https://sso.corp.com/authorize",
    "token_endpoint": "https://idp.corp.net/t",
}


async def test_ds_04_a_yes_is_asked_for_once_and_pinned_with_the_profile(tmp_path: Path) -> None:
    issuer, asked = "https://sso.corp.com", Asked(says=True)
    internet = Internet(document=document(issuer, **SPLIT))
    stored, _ = await sign_in(tmp_path, internet, profile(issuer=issuer), asked)
    assert stored is not None
    assert stored["settings"]["trust_hosts"] == ["idp.corp.net"]
    assert internet.hosts == ["idp.corp.net"]
    nobody = Asked(says=False)
    for rediscover in (False, True):
        stored, _ = await sign_in(
            tmp_path, internet, profile(stored), nobody, rediscover=rediscover
        )
    assert (len(asked.questions), nobody.questions) == (1, [])


async def test_ds_04_metadata_taken_anew_is_asked_about_where_it_is_another_host(
    tmp_path: Path,
) -> None:
    issuer, asked = "https://sso.corp.com", Asked(says=True)
    internet = Internet(document=document(issuer, **SPLIT))
    stored, _ = await sign_in(tmp_path, internet, profile(issuer=issuer), asked)
    internet.document["token_endpoint"] = "https://idp.evil.example/t"
    with pytest.raises(HostNotTrusted):
        await sign_in(tmp_path, internet, profile(stored), None, rediscover=True)
    assert "idp.evil.example" not in internet.hosts


async def test_a_sign_in_of_before_this_rule_stays_as_it_is(tmp_path: Path) -> None:
    """What the store of an earlier version has from discovery was agreed to by being used."""
    issuer = "https://sso.corp.com"
    server = {**document(issuer, **SPLIT), "userinfo_endpoint": "https://idp.corp.net/me"}
    stored = {
        "client": {"client_id": "c"},
        "server": server,
        "settings": {"issuer": issuer, "client_id": "c"},
    }
    internet = Internet(document=server)
    for rediscover in (False, True):
        again, notices = await sign_in(
            tmp_path, internet, profile(stored), None, rediscover=rediscover
        )
        assert again is not None
        assert again["server"] == server
        assert not [each for each in notices if isinstance(each, Warned) and "ignored" in each.code]


GIVEN: dict[str, dict[str, Any]] = {
    "both endpoints by flags": MIXED,
    "the token endpoint by a flag": {"token_endpoint": f"{EVIL}/token"},
    "the host by a flag": {"trust_hosts": ("other.example", "evil.example")},
    "a provider's file": {"provider": "google", "issuer": None},
}


@pytest.mark.parametrize("name", GIVEN)
async def test_ds_04_nothing_is_asked_about_what_the_person_says_themselves(
    tmp_path: Path, name: str
) -> None:
    internet, nobody = Internet(document=document(EVIL, **MIXED)), Asked(says=False)
    stored, _ = await sign_in(
        tmp_path, internet, profile(**{"issuer": EVIL, **GIVEN[name]}), nobody
    )
    assert stored is not None
    assert nobody.questions == []


async def test_ds_04_an_authorization_endpoint_by_a_flag_says_not_where_its_code_may_go(
    tmp_path: Path,
) -> None:
    internet = Internet(document=document(EVIL, **MIXED))
    about = profile(issuer=EVIL, authorization_endpoint=f"{HONEST}/authorize")
    with pytest.raises(HostNotTrusted):
        await sign_in(tmp_path, internet, about, None, timeout_s=0.1)


OPTIONAL = ("userinfo_endpoint", "revocation_endpoint", "introspection_endpoint")
HONESTLY = {
    "authorization_endpoint": f"{HONEST}/authorize",
    "token_endpoint": f"{HONEST_TOKEN}/token",
}


@pytest.mark.parametrize("name", OPTIONAL)
async def test_ds_04_an_issuer_that_names_a_whole_other_server_gets_no_token_of_it_either(
    tmp_path: Path, name: str
) -> None:
    """
    A third host would be sent the honest server's token: at userinfo, at revocation, at
    introspection with the secret.
    """
    internet = Internet(document=document(EVIL, **HONESTLY, **{name: f"{EVIL}/third"}))
    stored, notices = await sign_in(tmp_path, internet, profile(issuer=EVIL))
    assert stored is not None
    assert name not in stored["server"]
    assert "evil.example" not in internet.hosts
    (message,) = [
        each.message
        for each in notices
        if isinstance(each, Warned) and each.code == "endpoint-ignored"
    ]
    assert "evil.example" in message
    (opened,) = [each for each in notices if isinstance(each, OpenThisPage)]
    assert (opened.issuer, set(opened.other_hosts)) == (
        EVIL,
        {"authorization_endpoint", "token_endpoint"},
    )


@pytest.mark.parametrize("name", OPTIONAL)
async def test_ds_04_such_an_endpoint_is_used_where_it_is_the_servers_or_the_persons(
    tmp_path: Path, name: str
) -> None:
    own = Internet(document=document(EVIL, **HONESTLY, **{name: "https://api.honest.com/third"}))
    for number, (internet, more) in enumerate(
        (
            (own, {}),
            (Internet(document=document(EVIL, **HONESTLY)), {name: "https://mine.example/third"}),
            (
                Internet(
                    document=document(EVIL, **HONESTLY, **{name: "https://mine.example/third"})
                ),
                {"trust_hosts": ("mine.example",)},
            ),
        )
    ):
        home = tmp_path / str(number)
        stored, _ = await sign_in(home, internet, profile(issuer=EVIL, **more))
        assert stored is not None
        assert stored["server"][name].endswith("/third")


B2C = "https://acme.b2clogin.com/acme.onmicrosoft.com/b2c_1_in"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
PREFIX, OWN = "https://acme.auth.eu-west-1.amazoncognito.com", "https://login.acme.com"
ENTRA = "https://login.microsoftonline.com/0d1f2c3b-0000-4000-8000-000000000000"
GOOGLE = "https://oauth2.googleapis.com"
KEYCLOAK = "/realms/dev/protocol/openid-connect"


def ends(
    authorization: str, token: str, userinfo: str | None = None, revocation: str | None = None
) -> dict[str, Any]:
    return {
        "authorization_endpoint": authorization,
        "token_endpoint": token,
        "userinfo_endpoint": userinfo,
        "revocation_endpoint": revocation,
    }


# What each publishes: issuer, endpoints.
REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "Google": (
        "https://accounts.google.com",
        ends(
            "https://accounts.google.com/o/oauth2/v2/auth",
            f"{GOOGLE}/token",
            "https://openidconnect.googleapis.com/v1/userinfo",
            f"{GOOGLE}/revoke",
        ),
    ),
    "GitHub": (
        "https://github.com/login/oauth",
        ends(
            "https://github.com/login/oauth/authorize",
            "https://github.com/login/oauth/access_token",
        ),
    ),
    "Cognito": (
        COGNITO,
        ends(
            f"{PREFIX}/oauth2/authorize",
            f"{PREFIX}/oauth2/token",
            f"{PREFIX}/oauth2/userInfo",
            f"{PREFIX}/oauth2/revoke",
        ),
    ),
    "Cognito with its own domain": (
        COGNITO,
        ends(
            f"{OWN}/oauth2/authorize",
            f"{OWN}/oauth2/token",
            f"{OWN}/oauth2/userInfo",
            f"{OWN}/oauth2/revoke",
        ),
    ),
    "Auth0 with its own domain": (
        f"{OWN}/",
        ends(f"{OWN}/authorize", f"{OWN}/oauth/token", f"{OWN}/userinfo", f"{OWN}/oauth/revoke"),
    ),
    "Okta": (
        "https://acme.okta.com/oauth2/default",
        ends(
            *(
                f"https://acme.okta.com/oauth2/default/v1/{n}"
                for n in ("authorize", "token", "userinfo", "revoke")
            )
        ),
    ),
    # The document of /common names the issuer {tenantid}, which discovery refuses; the provider
    # file has the same endpoints.
    "Entra common": (
        "https://login.microsoftonline.com/common/v2.0",
        ends(
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "https://graph.microsoft.com/oidc/userinfo",
        ),
    ),
    "Entra tenant": (
        f"{ENTRA}/v2.0",
        ends(
            f"{ENTRA}/oauth2/v2.0/authorize",
            f"{ENTRA}/oauth2/v2.0/token",
            "https://graph.microsoft.com/oidc/userinfo",
        ),
    ),
    "Entra B2C": (f"{B2C}/v2.0/", ends(f"{B2C}/oauth2/v2.0/authorize", f"{B2C}/oauth2/v2.0/token")),
    "Xero": (
        "https://identity.xero.com",
        ends(
            "https://login.xero.com/identity/connect/authorize",
            "https://identity.xero.com/connect/token",
            "https://identity.xero.com/connect/userinfo",
            "https://identity.xero.com/connect/revocation",
        ),
    ),
    "Keycloak": (
        "https://sso.acme.com/realms/dev",
        ends(
            *(
                f"https://sso.acme.com{KEYCLOAK}/{n}"
                for n in ("auth", "token", "userinfo", "revoke")
            )
        ),
    ),
    "Keycloak with a back channel below the company's domain": (
        "https://sso.acme.com/realms/dev",
        ends(
            f"https://sso.acme.com{KEYCLOAK}/auth",
            *(
                f"https://keycloak.internal.acme.com{KEYCLOAK}/{n}"
                for n in ("token", "userinfo", "revoke")
            ),
        ),
    ),
    "a server on this machine by two names": (
        "http://localhost:8080/realms/dev",
        ends(f"http://localhost:8080{KEYCLOAK}/auth", f"http://127.0.0.1:8080{KEYCLOAK}/token"),
    ),
    "a server at an address": (
        "https://192.0.2.7:8443",
        ends("https://192.0.2.7:8443/authorize", "https://192.0.2.7:9443/token"),
    ),
}


@pytest.mark.parametrize("name", REAL)
async def test_ds_04_real_servers_by_issuer_raise_no_question_and_lose_no_endpoint(
    name: str,
) -> None:
    issuer, endpoints = REAL[name]
    server, nobody, notices = (
        server_metadata({"issuer": issuer, **endpoints}),
        Asked(says=False),
        list[Any](),
    )
    found, _ = await refuse_mix_up(
        server, profile(issuer=issuer), may_trust=nobody, notify=notices.append
    )
    assert (found, nobody.questions, notices) == (server, [], [])


# The split that nothing but the server itself vouches for. Asked by its issuer, Keycloak's back
# channel is the front's host; it is another where a proxy hands the server a Host of its own
# (hostname-backchannel-dynamic), and then no rule over names can know.
QUESTIONS = {
    "Keycloak with a back channel at an address": (
        "https://sso.acme.com/realms/dev",
        ends(f"https://sso.acme.com{KEYCLOAK}/auth", f"https://10.0.0.10:8443{KEYCLOAK}/token"),
    ),
    "Keycloak with a back channel in its cluster": (
        "https://sso.acme.com/realms/dev",
        ends(
            f"https://sso.acme.com{KEYCLOAK}/auth",
            f"https://keycloak.sso.svc.cluster.local{KEYCLOAK}/token",
        ),
    ),
    "a neighbour at the same hoster": (
        "https://evil.herokuapp.com",
        ends("https://honest.herokuapp.com/authorize", "https://evil.herokuapp.com/token"),
    ),
    "this machine and another": (
        "http://localhost:8080",
        ends("https://login.honest.com/authorize", "http://localhost:8080/token"),
    ),
    "an address and its neighbour": (
        "https://192.0.2.7",
        ends("https://192.0.2.7/authorize", "https://192.0.2.8/token"),
    ),
    "Google's sign-in page and another's token endpoint": (
        "https://accounts.google.com",
        ends(
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com.evil.example/token",
        ),
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_ds_04_hosts_that_only_the_metadata_ties_together_are_asked_about(name: str) -> None:
    issuer, endpoints = QUESTIONS[name]
    server, asked = server_metadata({"issuer": issuer, **endpoints}), Asked(says=True)
    await refuse_mix_up(server, profile(issuer=issuer), may_trust=asked, notify=lambda _: None)
    assert len(asked.questions) == 1


async def test_ds_04_a_provider_vouches_for_its_pair_of_hosts_and_nothing_else() -> None:
    """
    An issuer of any name that leads to Google's page and Google's token endpoint gains nothing by
    it.
    """
    _, endpoints = REAL["Google"]
    server = server_metadata({"issuer": EVIL, **endpoints, "userinfo_endpoint": f"{EVIL}/me"})
    nobody = Asked(says=False)
    found, _ = await refuse_mix_up(
        server, profile(issuer=EVIL), may_trust=nobody, notify=lambda _: None
    )
    assert (nobody.questions, found.userinfo_endpoint) == ([], None)
    assert found.revocation_endpoint == f"{GOOGLE}/revoke"
