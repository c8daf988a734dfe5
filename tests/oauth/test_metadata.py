"""DS-02 and AQ-02: what a server says about itself, and which of it is believed."""

from __future__ import annotations

from typing import Any

import pytest

from loopback_auth.errors import (
    DiscoveryFailed,
    HTMLAnswer,
    IssuerMisspelled,
    LoopbackAuthError,
    PKCEUnsupported,
    ProtocolError,
    ServerUnavailable,
    UnexpectedRedirect,
)
from loopback_auth.oauth.metadata import (
    ServerMetadata,
    merge,
    read_metadata_document,
    server_metadata,
    well_known_urls,
)

from ..support.samples import ISSUER, reply, server

WELL_KNOWN = f"{ISSUER}/.well-known/openid-configuration"


def read(named: object, *, issuer: str = ISSUER, status: int = 200) -> dict[str, Any]:
    return read_metadata_document(
        reply({"issuer": named}, url=WELL_KNOWN, status=status), issuer=issuer
    )


def test_ds_02_a_document_of_the_issuer_that_was_asked_is_taken() -> None:
    assert read(ISSUER) == {"issuer": ISSUER}


@pytest.mark.parametrize(
    ("named", "issuer"),
    [
        (ISSUER + "/", ISSUER),
        (ISSUER, ISSUER + "/"),
        ("https://ID.example.com", ISSUER),
        (ISSUER + "/Tenant", ISSUER + "/tenant"),
        (ISSUER + "/tenant/", ISSUER + "/tenant"),
    ],
)
def test_ds_02_a_slash_or_the_case_is_told_with_the_servers_own_spelling(
    named: str, issuer: str
) -> None:
    with pytest.raises(IssuerMisspelled) as refused:
        read(named, issuer=issuer)
    assert refused.value.exit_code == 2
    assert (
        refused.value.fix == f"use the server's own spelling: loopback-auth login --issuer {named}"
    )
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("named", "issuer"),
    [
        (f"{ISSUER}/0d1f2c3b-0000-4000-8000-000000000000/v2.0", f"{ISSUER}/contoso.example/v2.0"),
        (
            f"{ISSUER}/0d1f2c3b-0000-4000-8000-000000000000/v2.0/",
            f"{ISSUER}/contoso.example/b2c_1_in/v2.0",
        ),
        (f"{ISSUER}/other", ISSUER),
        (ISSUER, f"{ISSUER}/other"),
        (f"{ISSUER}:443", ISSUER),
    ],
)
def test_ds_02_another_name_at_the_same_origin_is_told_as_what_to_type(
    named: str, issuer: str
) -> None:
    with pytest.raises(IssuerMisspelled) as refused:
        read(named, issuer=issuer)
    assert str(refused.value) == f"the server calls itself {named}, not {issuer}"
    assert f"loopback-auth login --issuer {named}" in refused.value.fix
    assert "--authorization-endpoint" in refused.value.fix


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example",
        "https://id.example.com.evil.example",
        "http://id.example.com",
        "https://id.example.com:8443",
        "https://id.example.co",
        "acme.com",
        "the FusionAuth of acme",
        "https://id.example.com/{tenantid}/v2.0",
        "HTTPS://user@id.example.com",
    ],
)
def test_ds_02_a_document_of_another_issuer_is_refused_and_the_name_is_shown(named: str) -> None:
    with pytest.raises(DiscoveryFailed) as refused:
        read(named)
    assert str(refused.value) == f"the metadata of {ISSUER} is of another issuer: {named}"
    assert WELL_KNOWN in refused.value.fix
    assert ("--issuer" in refused.value.fix) == (named.startswith("https://") and "{" not in named)


def test_what_is_to_be_typed_is_one_word_to_a_shell() -> None:
    named = ISSUER + "/;$(touch${IFS}x)&".replace("{", "").replace("}", "")
    with pytest.raises(IssuerMisspelled) as refused:
        read(named)
    assert f"--issuer '{named}';" in refused.value.fix


def test_cl_03_the_name_cannot_move_the_terminal_nor_go_on_for_ever() -> None:
    with pytest.raises(DiscoveryFailed) as refused:
        read("\x1b[31mevil\r\n" + "x" * 5000)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("named", ["", None, 42, [ISSUER], {"issuer": ISSUER}])
def test_ds_02_a_document_that_names_nobody_is_refused(named: object) -> None:
    with pytest.raises(ProtocolError, match="names no issuer"):
        read(named)


def test_ds_02_a_document_without_an_issuer_is_refused() -> None:
    with pytest.raises(ProtocolError):
        read_metadata_document(reply({"token_endpoint": f"{ISSUER}/token"}), issuer=ISSUER)


def test_ds_01_the_spelling_that_is_proposed_is_an_address_that_may_be_used() -> None:
    with pytest.raises(DiscoveryFailed) as refused:
        read("HTTP://Evil.example/`id`", issuer="http://evil.example/`id`")
    assert "--issuer" not in refused.value.fix


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (302, b"", UnexpectedRedirect),
        (307, {"issuer": ISSUER}, UnexpectedRedirect),
        (404, {"issuer": ISSUER}, ProtocolError),
        (404, b"<html>", HTMLAnswer),
        (500, b"", ServerUnavailable),
        (503, {"issuer": ISSUER}, ServerUnavailable),
        (429, {"issuer": ISSUER}, ServerUnavailable),
        (200, [ISSUER], ProtocolError),
        (204, b"", ProtocolError),
    ],
)
def test_ds_02_only_a_json_object_with_status_200_is_a_document(
    status: int, body: object, kind: type[LoopbackAuthError]
) -> None:
    with pytest.raises(kind) as refused:
        read_metadata_document(reply(body, status=status, url=WELL_KNOWN), issuer=ISSUER)
    assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("issuer", "urls"),
    [
        (
            "https://a.example",
            [
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://a.example/",
            [
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://a.example:8443/tenant1/v2",
            [
                "https://a.example:8443/tenant1/v2/.well-known/openid-configuration",
                "https://a.example:8443/.well-known/oauth-authorization-server/tenant1/v2",
                "https://a.example:8443/.well-known/openid-configuration/tenant1/v2",
            ],
        ),
        (
            "https://a.example/realms/dev/",
            [
                "https://a.example/realms/dev/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/realms/dev",
                "https://a.example/.well-known/openid-configuration/realms/dev",
            ],
        ),
        (
            "http://[::1]:8080",
            [
                "http://[::1]:8080/.well-known/openid-configuration",
                "http://[::1]:8080/.well-known/oauth-authorization-server",
            ],
        ),
    ],
)
def test_ds_02_the_well_known_addresses_are_those_of_rfc_8414_and_openid_connect(
    issuer: str, urls: list[str]
) -> None:
    assert list(well_known_urls(issuer)) == urls


@pytest.mark.parametrize("missing", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize("value", [None, 42, ["https://a.example"], True])
def test_ds_02_metadata_without_both_endpoints_is_refused(missing: str, value: object) -> None:
    with pytest.raises(ProtocolError, match=missing):
        server_metadata({**server().to_json(), missing: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", 42),
        ("revocation_endpoint", ["https://a.example"]),
        ("userinfo_endpoint", {}),
        ("scopes_supported", "openid profile"),
        ("scopes_supported", [1, 2]),
        ("code_challenge_methods_supported", "S256"),
        ("token_endpoint_auth_methods_supported", {"client_secret_basic": True}),
    ],
)
def test_ds_02_a_member_of_the_wrong_kind_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ProtocolError, match=name):
        server_metadata({**server().to_json(), name: value})


@pytest.mark.parametrize("methods", [["plain"], [], ["s256"], ["S512", "plain"]])
def test_aq_02_a_server_that_lists_methods_without_s256_is_refused(methods: list[str]) -> None:
    with pytest.raises(PKCEUnsupported) as refused:
        server_metadata({**server().to_json(), "code_challenge_methods_supported": methods})
    assert refused.value.exit_code == 7


@pytest.mark.parametrize("methods", [None, ["S256"], ["plain", "S256"]])
def test_aq_02_a_server_that_lists_s256_or_nothing_is_taken(methods: list[str] | None) -> None:
    server_metadata({**server().to_json(), "code_challenge_methods_supported": methods})


@pytest.mark.parametrize("promise", ["true", 1, [True], None, False])
def test_ar_03_only_a_true_promise_of_iss_is_one(promise: object) -> None:
    document = {**server().to_json(), "authorization_response_iss_parameter_supported": promise}
    assert server_metadata(document).authorization_response_iss_parameter_supported is False


def test_metadata_comes_back_from_its_document_as_it_was() -> None:
    full = ServerMetadata(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize?tenant=1",
        token_endpoint=f"{ISSUER}/token",
        revocation_endpoint=f"{ISSUER}/revoke",
        introspection_endpoint=f"{ISSUER}/introspect",
        userinfo_endpoint=f"{ISSUER}/me",
        scopes_supported=("openid", "api"),
        response_modes_supported=("query", "form_post"),
        code_challenge_methods_supported=("S256",),
        token_endpoint_auth_methods_supported=("client_secret_post",),
        authorization_response_iss_parameter_supported=True,
    )
    assert server_metadata(full.to_json()) == full


def test_of_two_documents_the_more_specific_one_wins_and_the_other_fills_in() -> None:
    assert merge([{"a": 1, "b": 1}, {"b": 2, "c": 2}]) == {"a": 1, "b": 1, "c": 2}
