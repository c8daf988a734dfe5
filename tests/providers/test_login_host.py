"""Which host a person means: every form that people have at hand, and what is refused."""

from __future__ import annotations

import os

import pytest

from loopback_auth.edge.config import parse_config
from loopback_auth.errors import URLRefused
from loopback_auth.flows.profile import resolve
from loopback_auth.providers import load_provider
from loopback_auth.providers.login_host import login_host

HOSTS = load_provider("salesforce").login_hosts

MEANT: list[tuple[str, str, bool]] = [
    ("https://login.salesforce.com", "https://login.salesforce.com", False),
    ("https://test.salesforce.com/", "https://test.salesforce.com", False),
    ("login.salesforce.com", "https://login.salesforce.com", False),
    ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com", False),
    ("ACME.my.salesforce.com", "https://ACME.my.salesforce.com", False),
    ("https://acme-dev-ed.develop.my.salesforce.com", "https://acme-dev-ed.develop.my.salesforce.com", False),
    ("https://acme--qa.sandbox.my.salesforce.com", "https://acme--qa.sandbox.my.salesforce.com", False),
    ("https://acme.my.site.com/portal/", "https://acme.my.site.com/portal", False),
    ("https://portal.acme.example/customers", "https://portal.acme.example/customers", False),
    ("http://localhost:8080", "http://localhost:8080", False),
    ("https://acme.my.salesforce.com/lightning/page/home", "https://acme.my.salesforce.com", True),
    ("https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com", True),
    ("acme--qa.sandbox.lightning.force.com", "https://acme--qa.sandbox.my.salesforce.com", True),
    ("https://acme.my.salesforce-setup.com/lightning/setup", "https://acme.my.salesforce.com", True),
    ("acme", "https://acme.my.salesforce.com", True),
    (" acme ", "https://acme.my.salesforce.com", True),
    ("acme--qa", "https://acme--qa.sandbox.my.salesforce.com", True),
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


def test_a_profile_signs_in_there_and_says_so() -> None:
    """The same host for both endpoints: a server that others share does not know an app of one org alone."""
    config = parse_config(os.path.join("x", "config.toml"), "")
    flags = {"provider": "salesforce", "login_url": "acme.lightning.force.com"}
    profile = resolve("p", flags=flags, environ={}, config=config, stored=None, find_provider=load_provider)
    assert profile.get("login_url") == "https://acme.my.salesforce.com"
    assert len(profile.notes) == 1
    endpoints = profile.endpoints()
    assert endpoints["authorization_endpoint"] == "https://acme.my.salesforce.com/services/oauth2/authorize"
    assert endpoints["token_endpoint"] == "https://acme.my.salesforce.com/services/oauth2/token"
