"""Which host a person means: every form that people have at hand, and what is refused."""

from __future__ import annotations

import os

import pytest

from loopback_auth import from_settings
from loopback_auth.errors import URLRefused
from loopback_auth.providers import load_provider
from loopback_auth.providers.login_host import login_host
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import resolve

HOSTS = load_provider("salesforce").login_hosts

MEANT: list[tuple[str, str, bool]] = [
    ("https://login.salesforce.com", "https://login.salesforce.com", False),
    ("https://test.salesforce.com/", "https://test.salesforce.com", False),
    ("login.salesforce.com", "https://login.salesforce.com", False),
    ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com", False),
    ("ACME.my.salesforce.com", "https://ACME.my.salesforce.com", False),
    (
        "https://acme-dev-ed.develop.my.salesforce.com",
        "https://acme-dev-ed.develop.my.salesforce.com",
        False,
    ),
    (
        "https://acme--qa.sandbox.my.salesforce.com",
        "https://acme--qa.sandbox.my.salesforce.com",
        False,
    ),
    ("https://acme.my.site.com/portal/", "https://acme.my.site.com/portal", False),
    ("https://portal.acme.example/customers", "https://portal.acme.example/customers", False),
    ("http://localhost:8080", "http://localhost:8080", False),
    ("https://acme.my.salesforce.com/lightning/page/home", "https://acme.my.salesforce.com", True),
    (
        "https://acme.lightning.force.com/lightning/page/home",
        "https://acme.my.salesforce.com",
        True,
    ),
    ("acme--qa.sandbox.lightning.force.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    (
        "https://acme.my.salesforce-setup.com/lightning/setup",
        "https://acme.my.salesforce.com",
        True,
    ),
    ("acme", "https://acme.my.salesforce.com", True),
    (" acme ", "https://acme.my.salesforce.com", True),
    ("acme--qa", "https://acme--qa.sandbox.my.salesforce.com", True),
    # The words of simple-salesforce and tap-salesforce.
    ("login", "https://login.salesforce.com", True),
    ("test", "https://test.salesforce.com", True),
    ("TEST", "https://test.salesforce.com", True),
    ("sandbox", "https://test.salesforce.com", True),
    ("production", "https://login.salesforce.com", True),
    ("acme.my", "https://acme.my.salesforce.com", True),
    ("acme--qa.sandbox.my", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("acme-dev-ed.develop.my", "https://acme-dev-ed.develop.my.salesforce.com", True),
    # A domain of Malaysia, and somebody's own.
    ("https://acme.my", "https://acme.my", False),
    ("portal.acme.my", "https://portal.acme.my", False),
    # Government and China.
    ("https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil", False),
    ("acme.lightning.crmforce.mil", "https://acme.my.salesforce.mil", True),
    ("acme--qa.sandbox.lightning.crmforce.mil", "https://acme--qa.sandbox.my.salesforce.mil", True),
    ("https://acme.my.sfcrmproducts.cn", "https://acme.my.sfcrmproducts.cn", False),
    (
        "https://acme.lightning.sfcrmapps.cn/lightning/page",
        "https://acme.my.sfcrmproducts.cn",
        True,
    ),
    ("acme.setup.sfcrmproducts.cn", "https://acme.my.sfcrmproducts.cn", True),
    # Visualforce, files, Builder, sites: the pages that people work on.
    ("https://acme--c.vf.force.com/apex/Page", "https://acme.my.salesforce.com", True),
    ("acme--qa--c.sandbox.vf.force.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("acme-dev-ed--c.develop.vf.force.com", "https://acme-dev-ed.develop.my.salesforce.com", True),
    ("acme--c.visualforce.com", "https://acme.my.salesforce.com", True),
    ("acme--qa--c.visualforce.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("acme--c.na139.visual.force.com", "https://acme.my.salesforce.com", True),
    ("acme--qa--c.cs42.visual.force.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("https://acme.file.force.com/sfc/servlet.shepherd", "https://acme.my.salesforce.com", True),
    ("acme--qa.sandbox.file.force.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("acme--c.na139.content.force.com", "https://acme.my.salesforce.com", True),
    (
        "https://acme.builder.salesforce-experience.com/x.jsp",
        "https://acme.my.salesforce.com",
        True,
    ),
    (
        "acme--dev1.sandbox.builder.salesforce-experience.com",
        "https://acme--dev1.sandbox.my.salesforce.com",
        True,
    ),
    ("acme.live-preview.salesforce-experience.com", "https://acme.my.salesforce.com", True),
    ("acme.my.salesforce-sites.com", "https://acme.my.salesforce.com", True),
    ("acme.my.salesforce-scrt.com", "https://acme.my.salesforce.com", True),
    # Sandboxes as they were called before enhanced domains; since Spring '26 nothing leads on from
    # there.
    ("https://acme--qa.my.salesforce.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("acme--qa.cs42.my.salesforce.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    # A page that Microsoft Defender for Cloud Apps stands before.
    ("acme.lightning.force.com.mcas.ms", "https://acme.my.salesforce.com", True),
]

REFUSED = [
    ("https://na139.salesforce.com", "Spring '26"),
    ("cs42.salesforce.com", "Spring '26"),
    ("mc.s10.exacttarget.com", "Marketing Cloud"),
    ("https://abc123.auth.marketingcloudapis.com", "Marketing Cloud"),
    ("cloud.s10.marketingcloudapps.com", "Marketing Cloud"),
    ("https://pi.pardot.com", "pardot_api"),
    ("https://api.salesforce.com", "APIs"),
    ("abc123.c360a.salesforce.com", "Data Cloud"),
    ("c.na139.content.force.com", "files"),
]


@pytest.mark.parametrize(("given", "meant", "noted"), MEANT)
def test_what_people_have_at_hand_becomes_a_host_to_sign_in_at(
    given: str, meant: str, *, noted: bool
) -> None:
    url, note = login_host(given, HOSTS)
    assert (url, note is not None) == (meant, noted)
    assert note is None or meant.removeprefix("https://") in note


@pytest.mark.parametrize(
    "given",
    [
        "",
        "two words",
        "http://login.salesforce.com",
        "http://acme.my.salesforce.com",
        "lgoin.salesforce.com",
        "https://login.saleforce.com",
        "https://acme.my.salesfroce.com",
        "https://www.salesforce.com",
        "https://ada:secret@acme.my.salesforce.com",
        "https://acme.my.salesforce.com#x",
        "ftp://acme.my.salesforce.com",
        "-acme-",
        "acme\n.my.salesforce.com",
    ],
)
def test_plain_http_and_typos_are_refused(given: str) -> None:
    with pytest.raises(URLRefused) as refused:
        login_host(given, HOSTS)
    assert refused.value.exit_code == 2
    assert "loopback-auth" in refused.value.fix
    assert "secret" not in f"{refused.value}{refused.value.cause}{refused.value.fix}"


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_a_host_that_nobody_signs_in_at_is_refused_with_the_reason(given: str, reason: str) -> None:
    with pytest.raises(URLRefused) as refused:
        login_host(given, HOSTS)
    assert reason in refused.value.cause
    assert "looks like" not in refused.value.cause
    assert "loopback-auth login --login-url https://MYDOMAIN.my.salesforce.com" in refused.value.fix


@pytest.mark.parametrize("word", ["login", "test", "sandbox", "production"])
@pytest.mark.parametrize("provider", ["salesforce", "salesforce-sandbox"])
def test_no_word_of_another_tool_leads_to_a_strangers_org(word: str, provider: str) -> None:
    url, note = login_host(word, load_provider(provider).login_hosts)
    assert url in ("https://login.salesforce.com", "https://test.salesforce.com")
    host = url.removeprefix("https://")
    assert note == f"{word} is read as {host}"


def test_both_files_of_this_server_call_its_hosts_the_same() -> None:
    assert load_provider("salesforce-sandbox").login_hosts == HOSTS


def test_a_profile_signs_in_there_and_says_so() -> None:
    """
    The same host for both endpoints: a server that others share does not know an app of one org
    alone.
    """
    config = parse_config(os.path.join("x", "config.toml"), "")
    flags = {"provider": "salesforce", "login_url": "acme.lightning.force.com"}
    profile = resolve(
        "p", flags=flags, environ={}, config=config, stored=None, find_provider=load_provider
    )
    assert profile.get("login_url") == "https://acme.my.salesforce.com"
    assert len(profile.notes) == 1
    endpoints = profile.endpoints()
    assert (
        endpoints["authorization_endpoint"]
        == "https://acme.my.salesforce.com/services/oauth2/authorize"
    )
    assert endpoints["token_endpoint"] == "https://acme.my.salesforce.com/services/oauth2/token"


_ENTRA = "https://login.microsoftonline.com"
_TENANT = "11111111-2222-3333-4444-555555555555"
TENANTS = [
    (_TENANT, f"{_ENTRA}/{_TENANT}"),
    ("acme", f"{_ENTRA}/acme.onmicrosoft.com"),
    ("acme.onmicrosoft.com", f"{_ENTRA}/acme.onmicrosoft.com"),
    ("https://acme.onmicrosoft.com/", f"{_ENTRA}/acme.onmicrosoft.com"),
    ("acme.example", f"{_ENTRA}/acme.example"),
    ("organizations", f"{_ENTRA}/organizations"),
    ("login.microsoftonline.com", f"{_ENTRA}/common"),
    (_ENTRA, f"{_ENTRA}/common"),
    (f"{_ENTRA}/{_TENANT}", f"{_ENTRA}/{_TENANT}"),
    (f"{_ENTRA}/{_TENANT}/v2.0", f"{_ENTRA}/{_TENANT}"),
    (f"{_ENTRA}/{_TENANT}/oauth2/v2.0/authorize", f"{_ENTRA}/{_TENANT}"),
    ("https://acme.ciamlogin.com/acme.onmicrosoft.com",) * 2,
    ("https://id.acme.example/acme.onmicrosoft.com",) * 2,
]


@pytest.mark.parametrize(("given", "meant"), TENANTS)
def test_a_tenant_of_microsoft_is_found_from_what_people_know_of_it(given: str, meant: str) -> None:
    profile = from_settings("work", provider="microsoft", login_url=given, client_id="0a1b")
    assert profile.settings["login_url"].value == meant


@pytest.mark.parametrize("given", ["https://portal.azure.com/#home", "entra.microsoft.com"])
def test_the_admin_center_of_microsoft_is_no_tenant(given: str) -> None:
    with pytest.raises(URLRefused):
        from_settings("work", provider="microsoft", login_url=given, client_id="0a1b")
