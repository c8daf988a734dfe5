"""DS-04: the second sign-in to a server whose metadata says something else by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import MetadataChanged
from loopback_auth.flows.tokens.issued import access_token
from loopback_auth.notices import Warned

from ...support.exchange import issuing, sign_in
from ...support.scripted_server import ScriptedServer, json_answer, plain_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.exchange import Ended

OIDC, RFC8414 = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
AUTHORIZATION, TOKEN = "authorization_endpoint", "token_endpoint"
OPTIONAL = ("revocation_endpoint", "introspection_endpoint", "userinfo_endpoint")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        issuing(server)
        yield server


def publish(server: ScriptedServer, **members: Any) -> None:
    document = {
        "issuer": server.origin,
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
        **members,
    }
    server.answers[OIDC] = json_answer(document)


async def by_issuer(server: ScriptedServer, home: Path, **more: Any) -> Ended:
    none = {"authorization_endpoint": None, "token_endpoint": None}
    return await sign_in(server, home, remembers=True, **{**none, "issuer": server.origin, **more})


def notes(ended: Ended) -> list[str]:
    return [
        n.message for n in ended.notices if isinstance(n, Warned) and n.code == "endpoint-added"
    ]


@pytest.mark.parametrize("name", OPTIONAL)
async def test_ds_04_an_optional_endpoint_that_appears_at_a_known_origin_is_adopted_with_a_note(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    publish(server)
    assert (await by_issuer(server, tmp_path)).error is None
    publish(server, **{name: server.url("/new")})
    second = await by_issuer(server, tmp_path)
    assert second.error is None
    assert second.stored is not None
    assert second.stored["server"][name] == server.url("/new")
    assert len(notes(second)) == 1
    assert server.url("/new") in notes(second)[0]
    third = await by_issuer(server, tmp_path)
    assert (third.error, notes(third)) == (None, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/new",
        "http://127.0.0.1:1/new",
        "http://localhost:{port}/new",
        "http://evil.example/new",
        "not a url",
        "https://user@id.example/new",
        "",
        42,
        ["https://id.example/new"],
        {},
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("name", OPTIONAL)
async def test_ds_04_one_that_appears_anywhere_else_or_malformed_is_ignored_and_refuses_nobody(
    server: ScriptedServer, tmp_path: Path, name: str, url: object
) -> None:
    publish(server)
    assert (await by_issuer(server, tmp_path)).error is None
    port = server.origin.rpartition(":")[2]
    publish(server, **{name: url.replace("{port}", port) if isinstance(url, str) else url})
    second = await by_issuer(server, tmp_path)
    assert second.error is None
    assert second.stored is not None
    assert name not in second.stored["server"]
    assert notes(second) == []


@pytest.mark.parametrize("name", OPTIONAL)
async def test_ds_04_an_origin_of_a_known_endpoint_is_a_known_origin(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    with ScriptedServer() as other:
        known = next(each for each in OPTIONAL if each != name)
        publish(server, **{known: other.url("/known")})
        assert (await by_issuer(server, tmp_path)).error is None
        publish(server, **{known: other.url("/known"), name: other.url("/new")})
        second = await by_issuer(server, tmp_path)
    assert second.stored is not None
    assert (second.error, second.stored["server"][name]) == (None, other.url("/new"))


@pytest.mark.parametrize("name", [AUTHORIZATION, TOKEN, *OPTIONAL])
async def test_ds_04_a_known_endpoint_that_changes_is_refused_until_the_metadata_is_taken_anew(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    publish(server, **{each: server.url("/old") for each in OPTIONAL})
    first = await by_issuer(server, tmp_path)
    server.answers["/moved"] = server.answers[
        {AUTHORIZATION: "/authorize", TOKEN: "/token"}.get(name, OIDC)
    ]
    publish(
        server, **{**{each: server.url("/old") for each in OPTIONAL}, name: server.url("/moved")}
    )
    sent = len(server.asked("/token"))
    second = await by_issuer(server, tmp_path)
    assert type(second.error) is MetadataChanged
    assert server.url("/moved") in str(second.error)
    assert "--refresh-metadata" in second.error.fix
    assert len(server.asked("/token")) == sent
    assert (server.asked("/moved"), second.stored) == ([], first.stored)
    third = await by_issuer(server, tmp_path, rediscover=True)
    assert third.stored is not None
    assert (third.error, third.stored["server"][name]) == (None, server.url("/moved"))


@pytest.mark.parametrize("name", [AUTHORIZATION, TOKEN, *OPTIONAL])
async def test_ds_04_an_endpoint_that_is_not_named_any_more_stays_as_it_is_known(
    server: ScriptedServer, tmp_path: Path, name: str
) -> None:
    """
    Of two documents one may be out of reach for a moment: what it alone says does not refuse a
    sign-in.
    """
    publish(server, **{each: server.url("/old") for each in OPTIONAL})
    first = await by_issuer(server, tmp_path)
    publish(server, **{**{each: server.url("/old") for each in OPTIONAL}, name: None})
    second = await by_issuer(server, tmp_path)
    assert second.error is None
    assert first.stored is not None
    assert second.stored is not None
    assert second.stored["server"] == first.stored["server"]


async def test_ds_04_a_document_that_was_out_of_reach_the_first_time_refuses_nobody(
    server: ScriptedServer, tmp_path: Path
) -> None:
    publish(server)
    server.answers[RFC8414] = plain_answer(b"", "Retry-After: 99", status=503)
    assert (await by_issuer(server, tmp_path)).error is None
    document = {"issuer": server.origin, "revocation_endpoint": server.url("/revoke")}
    server.answers[RFC8414] = json_answer(document)
    second = await by_issuer(server, tmp_path)
    assert second.stored is not None
    assert (second.error, second.stored["server"]["revocation_endpoint"]) == (
        None,
        server.url("/revoke"),
    )


async def test_an_endpoint_that_is_given_at_a_later_sign_in_counts_and_is_no_change(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """`token --check` says: login --userinfo-endpoint URL names one."""
    publish(server, revocation_endpoint=server.url("/revoke"))
    assert (await by_issuer(server, tmp_path)).error is None
    given = {name: server.url(f"/mine/{name}") for name in OPTIONAL}
    given.pop("introspection_endpoint")
    second = await by_issuer(server, tmp_path, **given)
    assert second.error is None
    assert second.stored is not None
    assert {name: second.stored["server"][name] for name in given} == given


async def test_ds_04_a_refresh_goes_to_the_token_endpoint_that_the_sign_in_used(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """DS-04: whatever the metadata says by then, which a refresh does not even read."""
    publish(server)
    first = await by_issuer(server, tmp_path)
    assert first.stored is not None
    first.store.save("default", {**first.stored, "expires_at": "2020-01-01T00:00:00Z"})
    publish(server, token_endpoint=server.url("/moved"))
    read = len(server.asked(OIDC))
    await access_token("default", store=first.store, transport=HttpTransport(), environ={})
    assert (len(server.asked("/token")), server.asked("/moved"), len(server.asked(OIDC))) == (
        2,
        [],
        read,
    )
