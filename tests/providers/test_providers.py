"""The contract of every provider file, ours and those that users write."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.listeners import check_redirect_uri
from loopback_auth.edge.files.provider_files import (
    load_provider as own,
    provider_names as all_names,
)
from loopback_auth.errors import ConfigError, NotConfigured, ProviderUnknown, UsageError
from loopback_auth.oauth.authorize.request import RESERVED
from loopback_auth.oauth.http.url import check_url
from loopback_auth.oauth.metadata import server_metadata
from loopback_auth.providers import Provider, load_provider, provider_names
from loopback_auth.settings.resolve import from_settings

from ..support.command import run
from ..support.stored import write_config

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", provider_names())
def test_a_provider_can_be_used(name: str) -> None:
    provider = load_provider(name)

    assert provider.sources, "say where the facts come from"
    for source in provider.sources:
        check_url(source, name="source")
    assert provider.register, "say which redirect URI to register, and where"
    if provider.issuer_form:
        # Each company has its own, which discovery knows.
        assert provider.issuer_form.startswith("https://")
        assert provider.issuer_form in provider.register
        assert provider.settings_at("https://id.example.com/realm") is None
    else:
        server = server_metadata(provider.server_for(None))
        assert server.token_endpoint.startswith("https://")
    for uri in provider.redirect_uris:
        assert check_redirect_uri(uri) == uri
        # What is registered is what is said: GitHub and Google leave the port out.
        registered = uri.replace(":0/", "/")
        assert registered in provider.register or "no redirect URI is entered" in provider.register
    assert not RESERVED & provider.parameters.keys()
    assert provider.token_endpoint_auth_method in (
        None,
        "none",
        "client_secret_basic",
        "client_secret_post",
    )
    assert provider.scope is not None


@pytest.mark.parametrize(
    "name", [name for name in provider_names() if load_provider(name).login_url]
)
def test_a_login_url_moves_every_endpoint(name: str) -> None:
    server = load_provider(name).server_for("https://elsewhere.example/")
    moved = [value for key, value in server.items() if key.endswith("_endpoint")]
    elsewhere = [
        value
        for value in moved
        if value.startswith("https://elsewhere.example/") and "//" not in value[8:]
    ]
    assert "https://elsewhere.example/" in server["token_endpoint"][:27]
    assert server["authorization_endpoint"] in elsewhere


def test_the_providers_that_are_promised_are_there() -> None:
    assert set(provider_names()) >= {
        "salesforce",
        "salesforce-sandbox",
        "google",
        "github",
        "gitlab",
        "microsoft",
        "okta",
        "auth0",
        "keycloak",
        "cognito",
    }


ISSUERS = [
    ("https://acme.okta.com", "okta", "issuer"),
    ("https://acme.okta.com/oauth2/default", "okta", "issuer"),
    ("https://acme.oktapreview.com/oauth2/aus1/", "okta", "issuer"),
    ("https://acme.eu.auth0.com/", "auth0", "issuer"),
    ("https://ACME.auth0.com", "auth0", "issuer"),
    ("https://sso.example.com/realms/dev", "keycloak", "issuer"),
    ("https://sso.example.com/auth/realms/dev/", "keycloak", "issuer"),
    ("http://localhost:8080/realms/dev", "keycloak", "issuer"),
    ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB3", "cognito", "issuer"),
    (
        "https://login.microsoftonline.com/T/v2.0",
        "microsoft",
        "https://login.microsoftonline.com/T",
    ),
    ("https://login.microsoftonline.us/T", "microsoft", "https://login.microsoftonline.us/T"),
    ("https://accounts.google.com", "google", ""),
    ("https://gitlab.com", "gitlab", "https://gitlab.com"),
    ("https://github.com", "github", ""),
    ("https://acme.my.salesforce.com", "salesforce", "https://acme.my.salesforce.com"),
    ("https://id.example.com", "", ""),
    # Another's domain that only looks like one.
    ("https://acme.okta.com.evil.example", "", ""),
    ("https://acme.okta.com/oauth2/default/more", "", ""),
    ("https://evil.example/acme.auth0.com/", "", ""),
    ("https://accounts.google.com.evil.example", "", ""),
    ("https://login.microsoftonline.com.evil.example/T/v2.0", "", ""),
    ("https://cognito-idp.evil.example/amazonaws.com/x", "", ""),
    ("https://sso.example.com/realms", "", ""),
]


@pytest.mark.parametrize(("issuer", "name", "where"), ISSUERS)
def test_an_issuer_names_its_kind_of_server(issuer: str, name: str, where: str) -> None:
    """One kind at most; and what a profile says of it is the issuer, or what the file can use."""
    found = [
        settings
        for each in provider_names()
        if each != "salesforce-sandbox" and (settings := load_provider(each).settings_at(issuer))
    ]
    known = {"issuer": issuer} if where == "issuer" else {"login_url": where} if where else {}
    assert found == ([{"provider": name, **known}] if name else [])


@pytest.mark.parametrize("name", ["okta", "auth0", "keycloak", "cognito"])
def test_a_provider_without_an_address_of_its_own_is_found_by_the_issuer(name: str) -> None:
    profile = from_settings(
        "p", provider=name, issuer="https://id.example.com", client_id="c", port=[8765]
    )
    assert profile.endpoints() == {"issuer": "https://id.example.com"}
    with pytest.raises(NotConfigured) as missing:
        from_settings("p", provider=name, client_id="c").check_server()
    form = load_provider(name).issuer_form
    fix = f"loopback-auth login p --provider {name} --issuer {form}; without a client yet: "
    assert missing.value.fix == f"{fix}loopback-auth init {name} p --issuer {form}"
    url = "https://id.example.com"
    with pytest.raises(UsageError) as unused:
        from_settings("p", provider=name, login_url=url, client_id="c").check_server()
    assert unused.value.fix == f"loopback-auth login p --provider {name} --issuer {url}"


async def test_a_profile_that_lacks_its_issuer_leads_to_where_it_is_said(tmp_path: Path) -> None:
    write_config(tmp_path, "[profiles.work]\nprovider = 'okta'\nclient_id = 'x'\n")
    token = await run("token", "work", "--json", home=tmp_path)
    assert token.error["fix"].startswith("loopback-auth login work; ")
    login = await run("login", "work", "--json", home=tmp_path)
    assert "--issuer https://YOUR-DOMAIN.okta.com" in login.error["fix"]


@pytest.mark.parametrize("name", [*provider_names(), ""])
async def test_no_list_says_to_register_port_0(name: str, tmp_path: Path) -> None:
    outcome = await run("providers", *filter(None, [name]), home=tmp_path)
    assert ":0" not in outcome.stdout
    assert "//127.0.0.1/callback (any port)" in outcome.stdout or name not in ("", "keycloak")


def write(home: Path, name: str, text: str) -> None:
    (home / "providers").mkdir(exist_ok=True)
    (home / "providers" / f"{name}.toml").write_text(text)


MINE = 'title="Mine"\nregister="there"\n[server]\nissuer="https://ghe.example"'


def test_a_file_of_the_users_own_goes_first(tmp_path: Path) -> None:
    write(tmp_path, "github", MINE)
    assert own("github", str(tmp_path)).title == "Mine"
    assert load_provider("github").title == "GitHub"


BROKEN = {
    "not toml": "title = ",
    "timeouts that are none": MINE.replace("[server]", "session_timeouts = [900, 0]\n[server]"),
    "a pattern that is none": MINE.replace("[server]", 'secret_patterns = ["(("]\n[server]'),
    "a pattern that hides all": MINE.replace("[server]", 'secret_patterns = ["a*"]\n[server]'),
    "one pattern": MINE.replace("[server]", 'secret_patterns = "abc"\n[server]'),
    "client IDs that are all": MINE.replace("[server]", 'client_id_pattern = ".*"\n[server]'),
    "a timeout that is a word": MINE.replace("[server]", 'session_timeouts = ["15m"]\n[server]'),
    "one timeout": MINE.replace("[server]", "session_timeouts = 900\n[server]"),
    "unknown member": 'title="t"\nregister="r"\ntokne_endpoint="x"\n[server]\nissuer="https://x.example"',
    "no server": 'title="t"\nregister="r"',
    "no register": 'title="t"\n[server]\nissuer="https://x.example"',
    "list that is none": 'title="t"\nregister="r"\nredirect_uris="http://127.0.0.1/"\n[server]\nissuer="https://x.example"',
    "string that is none": 'title="t"\nregister="r"\nscope=["a"]\n[server]\nissuer="https://x.example"',
    "switch that is none": 'title="t"\nregister="r"\npreflight="yes"\n[server]\nissuer="https://x.example"',
    "detail without a member": 'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[details.Org]\npattern="(x)"',
    "detail that is no pattern": 'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[details.Org]\nmember="id"\npattern="(("',
    "refusals of another name": 'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[refusals]\nfinally=["x"]',
    "refusals that are no list": 'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[refusals]\nfinal="x"',
    "a refusal that is any": (
        'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[refusals]\nkeeps=[" "]'
    ),
    "detail without a group": 'title="t"\nregister="r"\n[server]\nissuer="https://x.example"\n[details.Org]\nmember="id"\npattern="x"',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(text: str, tmp_path: Path) -> None:
    write(tmp_path, "mine", text)
    with pytest.raises(ConfigError, match=r"mine\.toml: error: "):
        own("mine", str(tmp_path))


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a named pipe": os.mkfifo,
    "latin-1": lambda path: path.write_bytes("title = 'für'".encode("latin-1")),
    "UTF-16": lambda path: path.write_text(MINE, encoding="utf-16"),
    "huge": lambda path: path.write_text("#" * 9_000_000),
    "deep": lambda path: path.write_text("title = " + "[" * 100_000),
    "a number without end": lambda path: path.write_text("grants_per_user = " + "1" * 5000),
    "empty": Path.touch,
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are other things there")
@pytest.mark.parametrize("shape", UNREADABLE)
def test_the_users_file_that_cannot_be_used_is_an_error_and_is_not_replaced_by_ours(
    shape: str, tmp_path: Path
) -> None:
    (tmp_path / "providers").mkdir()
    UNREADABLE[shape](tmp_path / "providers" / "github.toml")
    with pytest.raises(ConfigError, match=r"github\.toml: error: "):
        own("github", str(tmp_path))
    assert "github" in all_names(str(tmp_path))


def test_a_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "mine", "\ufeff" + MINE)
    assert own("mine", str(tmp_path)).title == "Mine"


def test_names_are_those_of_the_user_and_ours(tmp_path: Path) -> None:
    write(tmp_path, "mine", MINE)
    assert set(all_names(str(tmp_path))) == {"mine", *provider_names()}
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="Not a directory"):
        all_names(str(tmp_path / "file"))
    with pytest.raises(ProviderUnknown, match=r"mine.*salesforce"):
        own("../providers/mine", str(tmp_path))


@pytest.mark.parametrize(
    "name", ["nowhere", "../providers/github", "git\nhub", "", "a/b", "GitHub.toml"]
)
def test_an_unknown_name_lists_the_known_ones_and_reaches_no_file(name: str) -> None:
    with pytest.raises(ProviderUnknown, match="salesforce"):
        load_provider(name)


def test_details_are_parts_of_the_token_answer_under_the_names_people_know() -> None:
    """Whatever the server wrote there, a terminal is shown one line of text."""
    provider = load_provider("salesforce")
    identity = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"
    assert provider.details_of(
        {"id": identity, "instance_url": "https://acme.my.salesforce.com"}
    ) == {
        "Org ID": "00D000000000001AAA",
        "User ID": "005000000000001AAA",
        "Instance": "https://acme.my.salesforce.com",
    }
    assert provider.details_of({"id": "https://elsewhere/", "instance_url": 7}) == {}
    assert provider.details_of({}) == {}
    assert "\x1b" not in provider.details_of({"instance_url": "https://x\x1b[2J"})["Instance"]


def test_a_variant_says_only_what_is_different() -> None:
    variant, base = load_provider("salesforce-sandbox"), load_provider("salesforce")
    assert variant.login_url == "https://test.salesforce.com"
    assert variant.setup_for([], "api").startswith("Where: in the sandbox itself")
    assert base.setup_for([], "api").startswith("Where: in the org that people sign in to")
    differs = {
        f.name for f in fields(Provider) if getattr(variant, f.name) != getattr(base, f.name)
    }
    assert differs == {"name", "path", "title", "where", "login_url", "login_url_label"}


def test_a_users_file_extends_ours_and_its_tables_are_merged(tmp_path: Path) -> None:
    write(
        tmp_path,
        "acme",
        'extends = "salesforce"\ntitle = "Acme"\nsession_timeouts = [900]\n'
        '[environment]\nACME_TOKEN = "access_token"\n[login_hosts.short]\n"acme" = "acme.example"',
    )
    acme, base = own("acme", str(tmp_path)), load_provider("salesforce")
    assert (acme.name, acme.title, acme.session_timeouts) == ("acme", "Acme", (900,))
    assert acme.path == str(tmp_path / "providers" / "acme.toml")
    assert acme.environment == {**base.environment, "ACME_TOKEN": "access_token"}
    assert acme.login_hosts["short"] == {**base.login_hosts["short"], "acme": "acme.example"}
    assert acme.login_hosts["known"] == base.login_hosts["known"]
    assert (acme.server, acme.refusals) == (base.server, base.refusals)


def test_a_users_file_extends_another_of_theirs_and_ours_of_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, "github", 'extends = "github"\nscope = "repo"')
    write(tmp_path, "work", 'extends = "github"\ntitle = "Work"')
    work = own("work", str(tmp_path))
    assert (work.title, work.scope) == ("Work", "repo")
    assert work.server == load_provider("github").server


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": 'extends = "nowhere"'}, r"a\.toml: error: it extends 'nowhere', and there is no"),
        ({"a": 'extends = "../a"'}, r"a\.toml: error: it extends '\.\./a', and there is no"),
        (
            {"a": 'extends = "a"'},
            r"a\.toml: error: it extends 'a', which extends this file in turn",
        ),
        ({"a": 'extends = "b"', "b": 'extends = "a"'}, r"b\.toml: error: it extends 'a', which"),
        (
            {"a": 'extends = "b"', "b": 'extends = "github"\nscope = 1'},
            r"b\.toml: error: scope must",
        ),
        ({"a": 'extends = ["github"]'}, r"a\.toml: error: extends must be a string"),
        (
            {"a": 'extends = "b"', "b": 'extends = "github"\n[environment]\nPATH = "id"'},
            r"b\.toml: error: \[environment\] PATH",
        ),
    ],
    ids=["unknown", "no name", "itself", "circle", "broken below", "no text", "variable below"],
)
def test_what_cannot_be_extended_is_said_of_the_file_that_says_so(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        write(tmp_path, name, text)
    with pytest.raises(ConfigError, match=said):
        own("a", str(tmp_path))
