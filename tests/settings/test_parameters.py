"""
Extra parameters: one that is given twice is sent twice, and `resource` goes wherever RFC 8707 wants
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from loopback_auth.edge.files.pending_logins import PendingSignIns
from loopback_auth.edge.files.provider_files import load_provider
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import UsageError
from loopback_auth.flows.login.manual import begin, finish, pending_document
from loopback_auth.flows.services import Services
from loopback_auth.flows.tokens.issued import access_token
from loopback_auth.notices import OpenThisPage
from loopback_auth.oauth.http.messages import FormPost
from loopback_auth.settings.config_toml import load_config, parse_config
from loopback_auth.settings.config_writer import write_profile
from loopback_auth.settings.resolve import from_settings, resolve

from ..support.command import run
from ..support.internet import Internet, allow, document, profile, sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.settings.profile import Profile

ISSUER = "https://id.example"
ENDPOINTS = {"authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"}
A, B = "https://a.example/api", "https://b.example/api?x=1"
BOTH = [("resource", A), ("resource", B)]


def at_id_example(**members: Any) -> Internet:
    return Internet(document=document(ISSUER, **ENDPOINTS, **members))


def asked(notices: list[Notice]) -> list[tuple[str, str]]:
    """Give the parameters of the authorize URL."""
    (url,) = [notice.url for notice in notices if isinstance(notice, OpenThisPage)]
    return parse_qsl(urlsplit(url).query)


def posted(internet: Internet, name: str) -> list[list[tuple[str, str]]]:
    """Give the values of the field *name* in each request to the token endpoint."""
    forms = [message for message in internet.sent if isinstance(message, FormPost)]
    return [[(n, str(v)) for n, v in form.fields if n == name] for form in forms]


def from_config(text: str) -> Profile:
    config = parse_config(
        "config.toml", f'[profiles.work]\nissuer = "{ISSUER}"\nclient_id = "c"\n{text}'
    )
    return resolve(
        "work", flags={}, environ={}, config=config, stored=None, find_provider=load_provider
    )


def from_environment(text: str) -> Profile:
    environ = {"LOOPBACK_AUTH_PARAMETERS": text}
    flags = {"issuer": ISSUER, "client_id": "c"}
    config = parse_config("config.toml", "")
    return resolve(
        "work",
        flags=flags,
        environ=environ,
        config=config,
        stored=None,
        find_provider=load_provider,
    )


WAYS: dict[str, Profile] = {
    "flags": profile(issuer=ISSUER, parameters={"resource": (A, B)}),
    "config.toml": from_config(f'parameters = {{ resource = ["{A}", "{B}"] }}'),
    "the environment": from_environment(
        "resource=https://a.example/api&resource=https://b.example/api?x%3D1"
    ),
    "the library": from_settings(
        "work", issuer=ISSUER, client_id="c", parameters={"resource": [A, B]}
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_resource_that_is_given_twice_is_sent_twice_in_every_request_of_rfc_8707(
    tmp_path: Path, way: str
) -> None:
    internet = at_id_example()
    stored, notices = await sign_in(tmp_path, internet, WAYS[way])
    assert stored is not None
    assert [pair for pair in asked(notices) if pair[0] == "resource"] == BOTH
    assert posted(internet, "resource") == [BOTH]
    store = FileStore(str(tmp_path))
    store.save("work", {**stored, "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z"})
    await access_token("work", store=store, transport=internet, environ={})
    assert posted(internet, "resource") == [BOTH, BOTH]
    # A bare login repeats the sign-in.
    _, again = await sign_in(tmp_path, internet, profile(store.load("work")))
    assert [pair for pair in asked(again) if pair[0] == "resource"] == BOTH
    assert posted(internet, "resource") == [BOTH, BOTH, BOTH]


async def test_a_sign_in_in_two_halves_sends_it_too(tmp_path: Path) -> None:
    internet, pending = at_id_example(), PendingSignIns(str(tmp_path))
    services = Services(store=FileStore(str(tmp_path)), transport=internet, environ={})
    request = await begin(WAYS["flags"], services, pending=pending)
    about = profile(pending_document("work", pending))
    await finish(
        about,
        allow(request.url),
        services,
        pending=pending,
    )
    assert posted(internet, "resource") == [BOTH]


async def test_a_pending_sign_in_and_a_stored_one_of_before_have_no_resource(
    tmp_path: Path,
) -> None:
    internet, pending = at_id_example(), PendingSignIns(str(tmp_path))
    services = Services(store=FileStore(str(tmp_path)), transport=internet, environ={})
    request = await begin(WAYS["flags"], services, pending=pending)
    kept = dict(pending_document("work", pending))
    del kept["resource"]
    pending.save("work", kept)
    await finish(profile(kept), allow(request.url), services, pending=pending)
    assert posted(internet, "resource") == [[]]
    assert "resource" not in (services.store.load("work") or {})


async def test_no_other_parameter_goes_to_the_token_endpoint(tmp_path: Path) -> None:
    """`audience`, `prompt`, `acr_values` and the like are of the authorization request alone."""
    internet = at_id_example()
    extra = {"audience": "x", "acr_values": "y", "authorization_details": "[]", "resourceful": "z"}
    _, notices = await sign_in(tmp_path, internet, profile(issuer=ISSUER, parameters=extra))
    assert set(extra.items()) <= set(asked(notices))
    (form,) = [message for message in internet.sent if isinstance(message, FormPost)]
    names = {name for name, _ in form.fields}
    assert names == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}


async def test_a_providers_resource_is_sent_and_another_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "own.toml").write_text(
        f'title = "Own"\nregister = "none"\n[server]\nissuer = "{ISSUER}"\n'
        f'[parameters]\nresource = ["{A}", "{B}"]\n'
    )
    for given, sent in ((None, BOTH), ({"resource": "urn:c"}, [("resource", "urn:c")])):
        about = resolve(
            "work",
            flags={"provider": "own", "client_id": "c", "parameters": given},
            environ={},
            config=parse_config("", ""),
            stored=None,
            find_provider=lambda name: load_provider(name, str(tmp_path)),
        )
        internet = at_id_example()
        _, notices = await sign_in(tmp_path / "home", internet, about)
        assert [pair for pair in asked(notices) if pair[0] == "resource"] == sent
        assert posted(internet, "resource") == [sent]


def test_a_repeated_parameter_is_written_to_config_toml_and_read_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    write_profile(str(tmp_path), "work", WAYS["flags"].to_remember(), may_replace=False)
    again = resolve(
        "work",
        flags={},
        environ={},
        config=load_config(str(tmp_path)),
        stored=None,
        find_provider=load_provider,
    )
    assert again.parameters_for("") == tuple(BOTH)


NONE: list[object] = [
    {"resource": [A, 1]},
    {"resource": []},
    {"resource": {"a": "b"}},
    ["resource"],
    "resource",
]


@pytest.mark.parametrize("value", NONE, ids=str)
def test_what_is_no_table_of_strings_or_lists_of_them_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="parameters"):
        from_settings("work", issuer=ISSUER, client_id="c", parameters=value)


async def test_param_is_repeatable_with_the_same_name_on_the_command_line(tmp_path: Path) -> None:
    ends = (
        "--authorization-endpoint",
        f"{ISSUER}/a",
        "--token-endpoint",
        f"{ISSUER}/t",
        "--client-id",
        "c",
    )
    params = (
        "--param",
        f"resource={A}",
        "--param",
        "prompt=x",
        "--param",
        f"resource={B}",
        "--prompt",
        "login",
    )
    began = await run("login", "--manual", "--json", *ends, *params, home=tmp_path)
    sent = parse_qsl(urlsplit(began.document["url"]).query)
    assert [pair for pair in sent if pair[0] in ("resource", "prompt")] == [
        *BOTH,
        ("prompt", "login"),
    ]
