"""
The formats of `export`: what each program is given, and what is refused because it would read
something else.
"""

from __future__ import annotations

import json
import netrc
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import LoopbackAuthError, SignInNeeded, UsageError, ValueUnquotable
from loopback_auth.export.program.formats import EXPORT_FORMATS, text_of
from loopback_auth.oauth.credential import Credential

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOST = "acme.my.salesforce.com"
ID = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"

# The Salesforce CLI's own expressions, with and without a host that has a port.
GRAMMAR = re.compile(
    r"^force://([a-zA-Z0-9._-]+={0,2}):([a-zA-Z0-9._-]*={0,2}):([a-zA-Z0-9._-]+={0,2})@([a-zA-Z0-9:._-]+)"
)


def credential(
    *,
    client: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
    login_host: str = "login.salesforce.com",
    **members: Any,
) -> Credential:
    return Credential.from_document(
        {
            "version": 1,
            "profile": "work",
            "access_token": "00D000000000001!AQ4.x_y",
            "refresh_token": "5Aep861.x_y==",
            "token_type": "Bearer",
            "scope": "api refresh_token",
            "obtained_at": "2026-11-24T09:00:00Z",
            "client": {"client_id": "3MVG9.a_b", "client_secret": "ABC123", **(client or {})},
            "server": {
                "authorization_endpoint": f"https://{login_host}/services/oauth2/authorize",
                "token_endpoint": f"https://{login_host}/services/oauth2/token",
            },
            "extra": {"instance_url": f"https://{HOST}", "id": ID, **(extra or {})},
            **members,
        }
    )


def exported(form: str, of: Credential | None = None) -> Any:
    return EXPORT_FORMATS[form].write(of or credential(), AT)


def values(of: Credential | None = None) -> dict[str, str]:
    return {value["key"]: value["value"] for value in exported("postman", of)["values"]}


SFDX_URLS = {
    "a secret": ({}, f"force://3MVG9.a_b:ABC123:5Aep861.x_y==@{HOST}"),
    "a public client": (
        {"client": {"client_secret": None}},
        f"force://3MVG9.a_b::5Aep861.x_y==@{HOST}",
    ),
    "the CLI's own client": (
        {"client": {"client_id": "PlatformCLI", "client_secret": None}},
        f"force://PlatformCLI::5Aep861.x_y==@{HOST}",
    ),
    "a trailing slash": (
        {"extra": {"instance_url": f"https://{HOST}/"}},
        f"force://3MVG9.a_b:ABC123:5Aep861.x_y==@{HOST}",
    ),
    "a port": (
        {"extra": {"instance_url": "https://localhost:8443"}},
        "force://3MVG9.a_b:ABC123:5Aep861.x_y==@localhost:8443",
    ),
}


@pytest.mark.parametrize("name", SFDX_URLS)
def test_an_sfdx_url_is_what_the_cli_reads(name: str) -> None:
    given, url = SFDX_URLS[name]
    assert exported("sfdx-url", credential(**given)) == url
    assert GRAMMAR.fullmatch(url)


UNFIT = {
    "a client ID with a colon": ({"client": {"client_id": "a:b"}}, "client ID"),
    "a secret with an at sign": ({"client": {"client_secret": "a@b"}}, "client secret"),
    "a secret with three ends": ({"client": {"client_secret": "a==="}}, "client secret"),
    "a token with a slash": ({"refresh_token": "a/b"}, "refresh token"),
    "a token that ends a line": ({"refresh_token": "a\n"}, "refresh token"),
    "a host with a path": (
        {"extra": {"instance_url": "https://a.example/site"}},
        "instance's host",
    ),
    "a host in brackets": ({"extra": {"instance_url": "https://[::1]"}}, "instance's host"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_cl_04_what_the_cli_would_read_as_something_else_is_refused(name: str) -> None:
    """CL-04: and the error names the part, not its value."""
    given, part = UNFIT[name]
    with pytest.raises(ValueUnquotable) as refused:
        exported("sfdx-url", credential(**given))
    assert refused.value.message == f"the {part} cannot stand in an SFDX URL"


def test_postman_has_the_variables_of_the_collection() -> None:
    assert values() == {
        "url": "https://login.salesforce.com",
        "version": "65.0",
        "site": "",
        "clientId": "3MVG9.a_b",
        "clientSecret": "ABC123",
        "redirectUrl": "",
        "_accessToken": "00D000000000001!AQ4.x_y",
        "_refreshToken": "5Aep861.x_y==",
        "_endpoint": f"https://{HOST}",
        "_orgId": "00D000000000001AAA",
        "_userId": "005000000000001AAA",
    }


def test_postman_is_an_environment_that_a_later_one_replaces() -> None:
    one, other = exported("postman"), exported("postman", credential(profile="other"))
    assert one == exported("postman")
    assert one["id"] != other["id"]
    assert (one["name"], one["_postman_variable_scope"]) == ("work (loopback-auth)", "environment")
    assert one["_postman_exported_at"] == "2026-11-24T09:30:00.000Z"
    hidden = {value["key"] for value in one["values"] if value["type"] == "secret"}
    assert hidden == {"clientSecret", "_accessToken", "_refreshToken"}


POSTMAN = {
    "a site in the path": (
        {"login_host": "acme.my.site.com/partners"},
        {"url": "https://acme.my.site.com", "site": "/partners"},
    ),
    "no identity URL": ({"extra": {"id": None}}, {"_orgId": "", "_userId": ""}),
    "another redirect URI": (
        {"settings": {"redirect_uris": ["http://localhost:8787/callback"]}},
        {"redirectUrl": "http://localhost:8787/callback"},
    ),
    "no refresh token": ({"refresh_token": None}, {"_refreshToken": ""}),
    "a public client": ({"client": {"client_secret": None}}, {"clientSecret": ""}),
}


@pytest.mark.parametrize("name", POSTMAN)
def test_postman_with(name: str) -> None:
    given, some = POSTMAN[name]
    assert some.items() <= values(credential(**given)).items()


def test_simple_salesforce_gets_its_keyword_arguments() -> None:
    assert exported("simple-salesforce") == {
        "instance_url": f"https://{HOST}",
        "session_id": "00D000000000001!AQ4.x_y",
    }


def test_singer_gets_the_sign_in_of_its_config() -> None:
    assert exported("singer") == {
        "client_id": "3MVG9.a_b",
        "client_secret": "ABC123",
        "refresh_token": "5Aep861.x_y==",
        "is_sandbox": False,
    }


SANDBOXES = {
    "test.salesforce.com": True,
    "acme--dev.sandbox.my.salesforce.com": True,
    "acme.scratch.my.salesforce.com": True,
    "acme--dev.my.salesforce.com": True,
    "login.salesforce.com": False,
    "acme.my.salesforce.com": False,
    "acme-dev-ed.develop.my.salesforce.com": False,
}


@pytest.mark.parametrize("host", SANDBOXES)
def test_singer_is_told_a_sandbox(host: str) -> None:
    of = credential(login_host=host)
    assert exported("singer", of)["is_sandbox"] is SANDBOXES[host]


@pytest.mark.parametrize("form", [name for name, form in EXPORT_FORMATS.items() if form.only_for])
def test_a_sign_in_elsewhere_is_refused(form: str) -> None:
    of = credential(extra={"instance_url": None}, login_host="id.example")
    with pytest.raises(UsageError) as refused:
        exported(form, of)
    assert refused.value.fix.endswith("loopback-auth env work")


@pytest.mark.parametrize("form", ["sfdx-url", "singer"])
def test_without_a_refresh_token_there_is_a_way_to_one(form: str) -> None:
    with pytest.raises(SignInNeeded) as refused:
        exported(form, credential(refresh_token=None))
    assert "loopback-auth login work --scope 'api refresh_token'" in refused.value.fix


@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_each_format_is_text_with_one_end(form: str) -> None:
    given = exported(form)
    text = text_of(given)
    assert not text.endswith("\n")
    assert text == given or json.loads(text) == given


def test_no_refusal_repeats_a_secret() -> None:
    """Whatever is wrong with a value, the error leaves it out."""
    texts: list[str] = []
    of = credential(client={"client_secret": "s3cr:t"}, refresh_token="r3fr:sh")
    for form in EXPORT_FORMATS:
        try:
            exported(form, of)
        except LoopbackAuthError as error:
            texts.append(f"{error.message} {error.cause} {error.fix} {error!r}")
    assert texts
    assert not any("s3cr:t" in text or "r3fr:sh" in text for text in texts)


@pytest.mark.parametrize("value", ["{{_refreshToken}}", "x{{clientSecret}}y", "{{$guid}}"])
def test_cl_04_postman_fills_in_what_stands_in_double_braces(value: str) -> None:
    """
    CL-04: also in a value, so that an address of the server's choice could carry the client's
    secret to it.
    """
    url = f"https://{HOST}/{value}"
    for of in (credential(extra={"instance_url": url}), credential(access_token=value)):
        with pytest.raises(ValueUnquotable) as refused:
            exported("postman", of)
        assert value not in str(refused.value)
    assert values(credential(access_token="a{b}c} {d"))["_accessToken"] == "a{b}c} {d"


TOKEN = "00D000000000001!AQ4.x_y"
GENERAL = {
    "bazel": f'common --remote_header="Authorization=Bearer {TOKEN}"',
    "curl": f'header = "Authorization: Bearer {TOKEN}"',
    "headers": f"Authorization: Bearer {TOKEN}",
    "k8s-secret": {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "loopback-auth-work"},
        "type": "Opaque",
        "stringData": {"access_token": TOKEN},
    },
    "json": {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "scope": "api refresh_token",
        "profile": "work",
        "client_id": "3MVG9.a_b",
        "extra.instance_url": f"https://{HOST}",
        "extra.id": ID,
    },
    "netrc": f"machine {HOST} login oauth2 password {TOKEN}",
}


@pytest.mark.parametrize("form", GENERAL)
def test_a_format_for_any_server(form: str) -> None:
    assert exported(form) == GENERAL[form]


def test_every_format_is_a_providers_alone_or_is_in_that_table() -> None:
    assert set(GENERAL) == {name for name, form in EXPORT_FORMATS.items() if not form.only_for}


@pytest.mark.parametrize("form", ["bazel", "netrc"])
@pytest.mark.parametrize("token", ['a"b', "a'b", "a\\b", "a#b"])
def test_a_token_that_would_be_read_otherwise_is_refused(form: str, token: str) -> None:
    with pytest.raises(ValueUnquotable):
        exported(form, credential(access_token=token))


def test_netrc_is_read_by_pythons_own_reader(tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    path.write_text(exported("netrc"))
    assert netrc.netrc(path).authenticators(HOST) == ("oauth2", "", TOKEN)
