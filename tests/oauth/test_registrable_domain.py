"""DS-04: which hosts belong together as far as their names can tell, and which never do."""

from __future__ import annotations

import itertools

import pytest

from loopback_auth.oauth.registrable_domain import belong_together, registrable_domain

DOMAINS = [
    ("example.com", "example.com"),
    ("id.example.com", "example.com"),
    ("a.b.c.example.com", "example.com"),
    ("ID.Example.COM", "example.com"),
    ("id.example.com.", "example.com"),
    ("login.xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("id.example.co.uk", "example.co.uk"),
    ("a.b.example.com.au", "example.com.au"),
    ("id.example.ne.jp", "example.ne.jp"),
    ("id.example.gouv.fr", "example.gouv.fr"),
    ("id.example.govt.nz", "example.govt.nz"),
    ("id.example.de", "example.de"),
    ("co.uk", ""),
    ("uk", ""),
    ("localhost", ""),
    ("keycloak", ""),
    ("", ""),
    ("10.0.0.1", ""),
    ("192.0.2.7", ""),
    ("0x7f.0.0.1", ""),
    ("10.0.0.0x1", ""),
    ("2001:db8::1", ""),
    ("github.io", ""),
    ("acme.github.io", "acme.github.io"),
    ("a.acme.github.io", "a.acme.github.io"),
    ("d1234.cloudfront.net", "d1234.cloudfront.net"),
    ("app.westeurope.cloudapp.azure.com", "app.westeurope.cloudapp.azure.com"),
    ("login.azure.com", "azure.com"),
    ("acme.auth.eu-west-1.amazoncognito.com", "acme.auth.eu-west-1.amazoncognito.com"),
    ("cognito-idp.eu-west-1.amazonaws.com", "cognito-idp.eu-west-1.amazonaws.com"),
    ("sso.shop.svc.cluster.local", "sso.shop.svc.cluster.local"),
]


@pytest.mark.parametrize(("host", "domain"), DOMAINS)
def test_the_registrable_domain_of_a_host(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


TOGETHER = [
    ("id.example.com", "id.example.com"),
    ("ID.example.com", "id.example.com."),
    ("login.xero.com", "identity.xero.com"),
    ("example.com", "id.example.com"),
    ("id.example.co.uk", "token.example.co.uk"),
    ("keycloak.internal.example.com", "sso.example.com"),
    ("localhost", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.2"),
    ("::1", "localhost"),
    ("10.0.0.1", "10.0.0.1"),
    ("2001:db8::1", "2001:db8::1"),
    ("keycloak", "keycloak"),
    ("acme.github.io", "acme.github.io"),
    ("acme.github.io", "a.acme.github.io"),
]
APART = [
    ("accounts.google.com", "oauth2.googleapis.com"),
    ("login.microsoftonline.com", "graph.microsoft.com"),
    ("id.example.com", "id.example.org"),
    ("id.example.com", "example.com.evil.example"),
    ("example.com", "notexample.com"),
    ("honest.co.uk", "evil.co.uk"),
    ("honest.com.au", "evil.com.au"),
    ("honest.gouv.fr", "evil.gouv.fr"),
    ("evil.co.uk", "co.uk"),
    ("honest.github.io", "evil.github.io"),
    ("honest.github.io", "github.io"),
    ("honest.herokuapp.com", "evil.herokuapp.com"),
    ("honest.westeurope.cloudapp.azure.com", "evil.westeurope.cloudapp.azure.com"),
    ("honest.azurewebsites.net", "evil.azurewebsites.net"),
    ("honest.a.run.app", "evil.a.run.app"),
    ("honest.execute-api.eu-west-1.amazonaws.com", "evil.execute-api.eu-west-1.amazonaws.com"),
    ("sso.honest.svc.cluster.local", "sso.evil.svc.cluster.local"),
    ("10.0.0.1", "10.0.0.2"),
    ("192.0.0.1", "10.0.0.1"),
    ("10.0x0.0.1", "11.0x0.0.1"),
    ("127.0.0.1", "10.0.0.1"),
    ("127.0.0.1", "127.0.0.1.example.com"),
    ("localhost", "evil.localhost"),
    ("localhost", "localhost.example.com"),
    ("2001:db8::1", "2001:db8::2"),
    ("keycloak", "evil.keycloak"),
    ("keycloak", "hydra"),
    ("", "id.example.com"),
]


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_ds_04_hosts_of_one_registrable_domain_belong_together(one: str, other: str) -> None:
    assert belong_together(one, other)
    assert belong_together(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_ds_04_hosts_that_anybody_can_have_do_not(one: str, other: str) -> None:
    assert not belong_together(one, other)
    assert not belong_together(other, one)


def test_ds_04_it_is_the_same_in_both_directions_whatever_the_hosts() -> None:
    hosts = {host for row in (*DOMAINS, *TOGETHER, *APART) for host in row}
    for one, other in itertools.product(hosts, hosts):
        assert belong_together(one, other) == belong_together(other, one), (one, other)
