"""
Putting a profile together: which source counts, and what never crosses from one server
to another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import NotConfigured, RedirectURIRefused, UsageError
from loopback_auth.oauth.metadata import server_metadata
from loopback_auth.oauth.secret import Secret
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import from_settings, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback_auth.settings.profile import Profile

CANARY = "the-client-secret"

STORED = {
    "client": {"client_id": "stored-client", "client_secret": "stored-secret"},
    "server": {
        "issuer": "https://a.example",
        "authorization_endpoint": "https://a.example/authorize",
        "token_endpoint": "https://a.example/token",
    },
    "settings": {"issuer": "https://a.example", "client_id": "stored-client", "scope": ["s"]},
}


def put_together(
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    config: str = "",
    stored: Mapping[str, Any] | None = None,
) -> Profile:
    return resolve(
        "work",
        flags=flags or {},
        environ=environ or {},
        config=parse_config("/h/config.toml", config),
        stored=stored,
        find_provider=load_provider,
    )


CONFIG = '[profiles.work]\nissuer = "https://a.example"\nclient_id = "from-config"\n'

ORDER = [
    (
        {"client_id": "from-flag"},
        {"LOOPBACK_AUTH_CLIENT_ID": "from-env"},
        CONFIG,
        STORED,
        "from-flag",
        "--client-id",
    ),
    (
        {},
        {"LOOPBACK_AUTH_CLIENT_ID": "from-env"},
        CONFIG,
        STORED,
        "from-env",
        "LOOPBACK_AUTH_CLIENT_ID",
    ),
    ({}, {}, CONFIG, STORED, "from-config", "config.toml:3"),
    ({}, {}, "", STORED, "stored-client", "the last sign-in"),
]


@pytest.mark.parametrize(("flags", "environ", "config", "stored", "value", "source"), ORDER)
def test_the_nearest_source_counts_and_is_named(
    flags: dict[str, Any],
    environ: dict[str, str],
    config: str,
    stored: dict[str, Any],
    value: str,
    source: str,
) -> None:
    setting = put_together(flags=flags, environ=environ, config=config, stored=stored).settings[
        "client_id"
    ]
    assert (setting.value, setting.source) == (value, source)


def test_what_belongs_to_one_server_never_reaches_another() -> None:
    """
    A sign-in elsewhere takes neither client nor secret nor scope along from config.toml or the last
    sign-in.
    """
    profile = put_together(flags={"issuer": "https://b.example"}, config=CONFIG, stored=STORED)
    assert set(profile.settings) == {"issuer"}
    assert profile.remembered_server() is None


def test_a_login_url_by_flag_keeps_the_provider_of_the_configuration() -> None:
    config = '[profiles.work]\nprovider = "salesforce"\nclient_id = "c"\n'
    profile = put_together(flags={"login_url": "https://acme.my.salesforce.com"}, config=config)
    server = profile.known_server()
    assert server is not None
    assert server.token_endpoint == "https://acme.my.salesforce.com/services/oauth2/token"
    assert profile.get("client_id") == "c"


def test_the_secret_of_the_nearest_source_counts_whatever_its_form(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    by_file = put_together(flags={"client_secret_file": str(file)}, stored=STORED)
    by_env = put_together(environ={"LOOPBACK_AUTH_CLIENT_SECRET": "e"}, stored=STORED)

    assert by_file.client({}).client_secret == Secret("from a file")
    assert by_env.client({"LOOPBACK_AUTH_CLIENT_SECRET": "e"}).client_secret == Secret("e")
    assert by_env.client_secret_env == "LOOPBACK_AUTH_CLIENT_SECRET"
    assert put_together(stored=STORED).client({}).client_secret == Secret("stored-secret")


def test_secrets_are_not_among_what_is_remembered() -> None:
    profile = put_together(
        flags={"client_secret": Secret("x"), "client_secret_env": "N", "browser": "b"},
        config=CONFIG,
    )
    assert set(profile.to_remember()) == {"issuer", "client_id"}


@pytest.mark.parametrize(
    ("flags", "environ"),
    [
        ({"client_secret_env": "UNSET"}, {}),
        ({"client_secret_env": "EMPTY"}, {"EMPTY": ""}),
        ({"client_secret_file": "/nonexistent/secret"}, {}),
        ({"client_secret_file": "/dev/null"}, {}),
    ],
)
def test_a_secret_that_is_not_where_it_should_be_is_reported(
    flags: dict[str, str], environ: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        put_together(flags=flags, config=CONFIG).client(environ)


def test_a_method_that_needs_a_secret_needs_one() -> None:
    with pytest.raises(NotConfigured, match="client_secret_post"):
        put_together(
            flags={"token_endpoint_auth_method": "client_secret_post"}, config=CONFIG
        ).client({})


ADDRESSES = [
    ({}, ["http://127.0.0.1:0/callback"]),
    ({"port": (8765,)}, ["http://127.0.0.1:8765/callback"]),
    ({"port": (1, 2)}, ["http://127.0.0.1:1/callback", "http://127.0.0.1:2/callback"]),
    (
        {"redirect_uris": ("http://localhost:9/a", "http://[::1]:8/b")},
        ["http://localhost:9/a", "http://[::1]:8/b"],
    ),
    ({"redirect_uris": ("http://[::1]:8/b",), "port": (0,)}, ["http://[::1]:0/b"]),
    ({"provider": "salesforce"}, ["http://localhost:1717/OauthRedirect"]),
    ({"provider": "salesforce", "port": (1718,)}, ["http://localhost:1718/OauthRedirect"]),
    ({"redirect_uris": ("http://127.0.0.1:5",)}, ["http://127.0.0.1:5"]),
]


@pytest.mark.parametrize(("flags", "addresses"), ADDRESSES)
def test_the_addresses_to_listen_on(flags: dict[str, Any], addresses: list[str]) -> None:
    assert put_together(flags=flags).redirect_uris == addresses


def test_a_redirect_uri_given_nearer_than_a_port_keeps_its_own() -> None:
    profile = put_together(
        flags={"redirect_uris": ("http://127.0.0.1:1/x",)}, environ={"LOOPBACK_AUTH_PORT": "2"}
    )
    assert profile.redirect_uris == ["http://127.0.0.1:1/x"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/cb",
        "http://example.com/cb",
        "http://0.0.0.0:1/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://u@127.0.0.1:1/cb",
        "http://127.0.0.1:1/cb#f",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:1/c b",
        "http://127.0.0.1:1/c\nb",
        "myapp://callback",
        "",
    ],
)
def test_an_address_that_is_not_this_machines_is_refused_cb_01(uri: str) -> None:
    """CB-01: only a loopback literal or localhost, in plain http."""
    with pytest.raises(RedirectURIRefused):
        _ = put_together(flags={"redirect_uris": (uri,), "port": (1,)}).redirect_uris


def server(scopes: list[str] | None) -> Any:
    document: dict[str, Any] = {**STORED["server"]}
    return server_metadata(
        {**document, **({"scopes_supported": scopes} if scopes is not None else {})}
    )


SCOPES = [
    ({}, ["openid", "email", "offline_access", "x"], "openid email offline_access"),
    ({}, ["api"], ""),
    ({}, None, ""),
    ({"scope": ("a", "b")}, ["openid"], "a b"),
    ({"scope": ()}, ["openid"], ""),
    ({"provider": "salesforce"}, ["openid"], "api refresh_token"),
]


@pytest.mark.parametrize(("flags", "listed", "scope"), SCOPES)
def test_the_scope_that_is_asked_for(
    flags: dict[str, Any], listed: list[str] | None, scope: str
) -> None:
    assert put_together(flags=flags).scope_for(server(listed)) == scope


PARAMETERS = [
    ({}, "openid", {}),
    ({}, "openid offline_access", {"prompt": "consent"}),
    ({"parameters": {"prompt": "login"}}, "offline_access", {"prompt": "login"}),
    ({"provider": "salesforce"}, "api refresh_token", {"prompt": "login"}),
    ({"provider": "microsoft"}, "openid offline_access", {}),
    (
        {"provider": "salesforce", "parameters": {"login_hint": "u"}},
        "api",
        {"prompt": "login", "login_hint": "u"},
    ),
]


@pytest.mark.parametrize(("flags", "scope", "parameters"), PARAMETERS)
def test_the_parameters_that_go_along(
    flags: dict[str, Any], scope: str, parameters: dict[str, str]
) -> None:
    assert dict(put_together(flags=flags).parameters_for(scope)) == parameters


@pytest.mark.parametrize(
    "environ",
    [
        {"LOOPBACK_AUTH_PORT": "x"},
        {"LOOPBACK_AUTH_TIMEOUT": "soon"},
        {"LOOPBACK_AUTH_PARAMETERS": "nonsense"},
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(environ))):
        put_together(environ=environ)


@pytest.mark.parametrize(
    "flags", [{"token_endpoint_auth_method": "client_secret_jwt"}, {"response_mode": "fragment"}]
)
def test_a_choice_outside_the_list_is_refused(flags: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="must be one of"):
        put_together(flags=flags)


@pytest.mark.parametrize("given", [CANARY, Secret(CANARY)], ids=["text", "Secret"])
def test_cl_02_a_client_secret_is_taken_as_text_and_is_a_secret_from_there(
    given: str | Secret,
) -> None:
    """CL-02: found out before a browser opens, and not when the code is redeemed."""
    profile = from_settings("work", client_id="c", client_secret=given)
    assert profile.client({}).client_secret == Secret(CANARY)
    assert CANARY not in repr(profile)


@pytest.mark.parametrize("given", ["", Secret(""), CANARY.encode(), 7, [CANARY]], ids=repr)
def test_a_client_secret_that_is_none_is_refused_at_once(given: object) -> None:
    with pytest.raises(UsageError, match="client_secret") as refused:
        from_settings("work", client_id="c", client_secret=given)
    assert CANARY not in f"{refused.value} {refused.value.cause} {refused.value.facts}"


@pytest.mark.parametrize("name", ["client_id", "issuer", "scope", "client_secret_env"])
def test_what_is_no_secret_is_not_taken_as_one(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        from_settings("work", **{name: Secret("text")})


@pytest.mark.parametrize("name", ["ca_bundle", "client_secret_file"])
def test_a_path_is_taken_where_a_setting_names_a_file(name: str, tmp_path: Path) -> None:
    profile = from_settings("work", client_id="c", **{name: tmp_path / "file"})
    assert profile.get(name) == str(tmp_path / "file")
