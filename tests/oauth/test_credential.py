"""What is stored of a sign-in comes back as it was."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from loopback_auth.errors import StoreDamaged
from loopback_auth.oauth.credential import VERSION, Credential, from_rfc3339, to_rfc3339
from loopback_auth.oauth.identity import Identity
from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.reply import TokenSet

from ..support.samples import NOON, client, server

FULL = Credential(
    profile="work",
    tokens=TokenSet(
        access_token=Secret("canary-at"),
        token_type="Bearer",
        obtained_at=NOON,
        scope="openid api",
        expires_at=NOON + timedelta(hours=1),
        refresh_token=Secret("canary-rt"),
        id_token=Secret("canary-it"),
        extra={"instance_url": "https://example.my.salesforce.com", "n": [1, None, {"ü": True}]},
    ),
    client=client("canary-cs", token_endpoint_auth_method="client_secret_post"),
    server=server(
        scopes_supported=("openid",), authorization_response_iss_parameter_supported=True
    ),
    settings={"issuer": "https://id.example.com", "redirect_uris": ["http://127.0.0.1:0/callback"]},
    identity=Identity(subject="1", name="jane"),
)

BARE = Credential(
    profile="default",
    tokens=TokenSet(access_token=Secret("at"), token_type="Bearer", obtained_at=NOON),
    client=client(),
    server=server(issuer=None),
)


def stored(credential: Credential) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(credential.to_document()))
    return document


@pytest.mark.parametrize("credential", [FULL, BARE], ids=["full", "bare"])
def test_a_credential_comes_back_from_its_document_as_it_was(credential: Credential) -> None:
    assert Credential.from_document(stored(credential)) == credential


def test_the_document_begins_with_the_names_of_rfc_6749() -> None:
    document = stored(FULL)
    assert list(document)[:10] == [
        "version",
        "profile",
        "access_token",
        "token_type",
        "refresh_token",
        "id_token",
        "scope",
        "obtained_at",
        "expires_at",
        "extra",
    ]
    assert document["version"] == VERSION
    assert document["obtained_at"] == "2026-01-02T12:00:00Z"
    assert document["expires_at"] == "2026-01-02T13:00:00Z"


def test_st_07_members_of_a_later_version_survive_a_rewrite() -> None:
    document = {**stored(FULL), "dpop_jkt": "abc", "future": {"x": [1, 2]}}
    again = stored(Credential.from_document(document))
    assert (again["dpop_jkt"], again["future"]) == ("abc", {"x": [1, 2]})
    assert again == document


def test_a_secret_that_was_given_by_environment_is_kept_as_the_variables_name() -> None:
    document = stored(replace(FULL, client_secret_env="MY_SECRET"))
    assert "canary-cs" not in json.dumps(document)
    assert document["client"]["client_secret_env"] == "MY_SECRET"
    again = Credential.from_document(document)
    assert (again.client.client_secret, again.client_secret_env) == (None, "MY_SECRET")


def test_st_08_neither_code_nor_verifier_nor_state_has_a_place_in_a_document() -> None:
    names = set(stored(FULL)) | set(stored(FULL)["client"]) | set(stored(FULL)["server"])
    assert not names & {"code", "code_verifier", "state", "nonce", "client_assertion"}


def test_cl_02_a_credential_shows_none_of_its_secrets() -> None:
    assert "canary" not in repr(FULL)


def broken(path: tuple[str, ...], value: object) -> dict[str, Any]:
    document = copy.deepcopy(stored(FULL))
    node = document
    for name in path[:-1]:
        node = node[name]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("access_token",), ...),
        (("token_type",), ...),
        (("profile",), ...),
        (("obtained_at",), ...),
        (("obtained_at",), "yesterday"),
        (("obtained_at",), 42),
        (("expires_at",), "2026-01-02 12:00"),
        (("client",), ...),
        (("client",), None),
        (("client", "client_id"), ...),
        (("server",), ...),
        (("identity",), {"name": "jane"}),
        (("extra",), 42),
        (("client",), ["x"]),
        (("server", "token_endpoint"), "http://evil.example/token"),
        (("server", "issuer"), 42),
        (("refresh_token",), 42),
    ],
)
def test_st_05_a_document_that_was_not_written_here_is_refused(
    path: tuple[str, ...], value: object
) -> None:
    with pytest.raises(StoreDamaged) as refused:
        Credential.from_document(broken(path, value))
    assert refused.value.exit_code == 4
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-01-01T21:34:05Z",
        ),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59Z"),
    ],
)
def test_times_are_written_in_utc_to_the_second_and_sort_as_text(
    moment: datetime, text: str
) -> None:
    assert to_rfc3339(moment) == text
    assert from_rfc3339(text) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "20260102T030405Z",
        "2026-W05-6T12:00:00Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05.5Z",
        "2026-01-02t03:04:05z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_a_time_in_another_form_is_refused(text: str) -> None:
    """It would not sort as text."""
    with pytest.raises(ValueError, match=r"time|isoformat"):
        from_rfc3339(text)
