"""DS-01, DS-02, TX-02, RB-06: finding out about a server, asked over real sockets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from loopback_auth.edge.http.client import ANSWER_OCTETS, HttpTransport
from loopback_auth.errors import (
    AnswerTimedOut,
    AnswerTooLarge,
    ConnectionFailed,
    ConnectionLost,
    DiscoveryFailed,
    IssuerMisspelled,
    LoopbackAuthError,
    ServerUnavailable,
    UnexpectedRedirect,
    URLRefused,
)
from loopback_auth.flows.server.discovery import discover
from loopback_auth.oauth.http.messages import HttpReply

from ...support.hostile import HOSTILE_URLS
from ...support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
)

if TYPE_CHECKING:
    from loopback_auth.oauth.http.messages import FormPost, Get
    from loopback_auth.oauth.http.transport import Transport

    from ...support.scripted_server import Connection, Script

OIDC, RFC8414 = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
HTML = plain_answer(b"<!doctype html><title>Hotel WiFi</title>", kind="text/html")


def document(issuer: str, **members: Any) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        **members,
    }


async def refused(issuer: str, *, timeout_s: float = 5) -> LoopbackAuthError:
    with pytest.raises(LoopbackAuthError) as failed:
        await discover(issuer, transport=HttpTransport(timeout_s=timeout_s))
    return failed.value


@pytest.mark.parametrize("path", [OIDC, RFC8414])
async def test_one_good_document_of_either_kind_is_enough(
    server: ScriptedServer, path: str
) -> None:
    server.answers[path] = json_answer(document(server.origin))
    assert await discover(server.origin, transport=HttpTransport()) == document(server.origin)


async def test_two_documents_are_merged_and_openid_connects_wins(server: ScriptedServer) -> None:
    server.answers[OIDC] = json_answer(
        document(server.origin, a="oidc", userinfo_endpoint=f"{server.origin}/me")
    )
    server.answers[RFC8414] = json_answer(
        document(server.origin, a="oauth", revocation_endpoint=f"{server.origin}/revoke")
    )
    found = await discover(server.origin, transport=HttpTransport())
    assert found["a"] == "oidc"
    assert {"userinfo_endpoint", "revocation_endpoint"} <= found.keys()


@pytest.mark.parametrize(
    ("path", "well_known"),
    [
        ("/realms/dev", "/realms/dev" + OIDC),
        ("/realms/dev", RFC8414 + "/realms/dev"),
        ("/realms/dev", OIDC + "/realms/dev"),
        ("/realms/dev/", "/realms/dev" + OIDC),
        ("/", OIDC),
    ],
)
async def test_ds_02_an_issuer_with_a_path_is_found_where_either_standard_puts_it(
    server: ScriptedServer, path: str, well_known: str
) -> None:
    issuer = server.origin + path
    server.answers[well_known] = json_answer(document(issuer))
    assert (await discover(issuer, transport=HttpTransport()))["issuer"] == issuer


@pytest.mark.parametrize("raw", HOSTILE_URLS.values(), ids=HOSTILE_URLS)
async def test_ds_01_a_hostile_issuer_is_refused_and_nobody_is_asked(raw: str) -> None:
    asked = []

    async def transport(message: FormPost | Get) -> NoReturn:
        asked.append(message)
        raise AssertionError(message)

    with pytest.raises(URLRefused):
        await discover(raw, transport=transport)
    assert asked == []


@pytest.mark.parametrize("differing", ["slash", "case"])
async def test_ds_02_an_issuer_that_differs_by_a_slash_or_case_is_shown_the_right_one(
    server: ScriptedServer, differing: str
) -> None:
    own = server.origin + ("/" if differing == "slash" else "/Tenant")
    asked = server.origin if differing == "slash" else server.origin + "/tenant"
    server.answers[OIDC] = server.answers["/tenant" + OIDC] = json_answer(document(own))
    failed = await refused(asked)
    assert type(failed) is IssuerMisspelled
    assert failed.fix.endswith(f"--issuer {own}")


@pytest.mark.parametrize("named", ["https://evil.example", "", None, 42])
async def test_ds_02_a_document_of_another_issuer_is_none(
    server: ScriptedServer, named: object
) -> None:
    evil = {**document("https://evil.example"), "issuer": named}
    server.answers[OIDC] = server.answers[RFC8414] = json_answer(evil)
    failed = await refused(server.origin)
    assert type(failed) is DiscoveryFailed
    assert "publishes no metadata" not in str(failed) + failed.cause
    assert ("https://evil.example" in str(failed)) == (named == "https://evil.example")


@pytest.mark.parametrize("other", [404, 500])
async def test_a_document_tells_more_than_one_that_could_not_be_had(
    server: ScriptedServer, other: int
) -> None:
    server.answers["*"] = plain_answer(b"", "Retry-After: 99", status=other)
    server.answers[RFC8414] = json_answer(document("https://sso.example"))
    failed = await refused(server.origin)
    assert type(failed) is DiscoveryFailed
    assert "https://sso.example" in str(failed)
    assert server.url(RFC8414) in failed.fix


def reply_of(document: dict[str, Any]) -> Transport:
    async def transport(message: FormPost | Get) -> HttpReply:
        return HttpReply(url=message.url, status=200, body=json.dumps(document).encode())

    return transport


ENTRA = "https://login.microsoftonline.com"


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers"])
async def test_a_name_with_a_gap_is_reported_and_so_is_the_provider_that_signs_in_there(
    tenant: str,
) -> None:
    """
    Entra has one issuer a tenant; the document of all tenants names none that could be
    compared.
    """
    named = document(f"{ENTRA}/{{tenantid}}/v2.0")
    with pytest.raises(DiscoveryFailed) as failed:
        await discover(f"{ENTRA}/{tenant}/v2.0", transport=reply_of(named))
    assert "/{tenantid}/v2.0" in str(failed.value)
    assert failed.value.fix.startswith("loopback-auth login --provider microsoft")


async def test_a_host_that_a_provider_signs_in_at_is_reported_with_that_provider() -> None:
    async def nothing(message: FormPost | Get) -> HttpReply:
        return HttpReply(url=message.url, status=404, body=b"")

    with pytest.raises(DiscoveryFailed) as failed:
        await discover("https://github.com", transport=nothing)
    assert str(failed.value).startswith("https://github.com publishes no metadata")
    assert failed.value.fix.startswith("loopback-auth login --provider github; or ")


async def test_a_tenant_by_its_domain_name_is_shown_the_issuer_that_works() -> None:
    named = f"{ENTRA}/0d1f2c3b-0000-4000-8000-000000000000/v2.0"
    with pytest.raises(IssuerMisspelled) as failed:
        await discover(f"{ENTRA}/contoso.onmicrosoft.com/v2.0", transport=reply_of(document(named)))
    assert f"loopback-auth login --issuer {named}" in failed.value.fix


async def test_ds_02_a_bad_document_does_not_spoil_the_good_one(server: ScriptedServer) -> None:
    server.answers[OIDC] = json_answer({**document("https://evil.example"), "evil": True})
    server.answers[RFC8414] = json_answer(document(server.origin))
    assert await discover(server.origin, transport=HttpTransport()) == document(server.origin)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_tx_02_ds_02_discovery_follows_no_redirect(
    server: ScriptedServer, status: int
) -> None:
    with ScriptedServer() as second:
        second.answers["*"] = json_answer(document(server.origin))
        server.answers["*"] = redirect(status, second.url(OIDC))
        assert type(await refused(server.origin)) is UnexpectedRedirect
        assert second.connections == 0
    assert len(server.requests) == 2


FAILURES: dict[str, tuple[bytes | Script, type[LoopbackAuthError], str]] = {
    "nothing there": (plain_answer(b"", status=404), DiscoveryFailed, "publishes no metadata"),
    "nothing there any more": (
        plain_answer(b"", status=410),
        DiscoveryFailed,
        "publishes no metadata",
    ),
    "a web page": (HTML, DiscoveryFailed, "publishes no metadata"),
    "a web page that says no": (
        plain_answer(b"<!doctype html>", status=403, kind="text/html"),
        DiscoveryFailed,
        "could not be read (discovery",
    ),
    "a server that says no": (plain_answer(b"{}", status=401), DiscoveryFailed, "status 401"),
    "a captive portal that says so": (
        plain_answer(b"", status=511),
        DiscoveryFailed,
        "this network wants",
    ),
    "a captive portal that redirects": (
        redirect(302, "http://wifi.example/"),
        UnexpectedRedirect,
        "redirect",
    ),
    "a server that is down": (
        plain_answer(b"", "Retry-After: 0", status=503),
        ServerUnavailable,
        "status 503",
    ),
    "a server that is busy": (
        plain_answer(b"", "Retry-After: 99", status=429),
        ServerUnavailable,
        "status 429",
    ),
    "an array": (json_answer([]), DiscoveryFailed, "list"),
    "an empty object": (json_answer({}), DiscoveryFailed, "names no issuer"),
    "a duplicate name": (
        plain_answer(b'{"issuer":"a","issuer":"b"}'),
        DiscoveryFailed,
        "JSON object",
    ),
    "too much": (plain_answer(b" " * (ANSWER_OCTETS + 1)), AnswerTooLarge, "1024 KiB"),
    "a broken connection": (drop, ConnectionLost, "broke"),
    "silence": (hang, AnswerTimedOut, "within"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), FAILURES.values(), ids=FAILURES)
async def test_rb_06_ds_02_each_failure_of_discovery_has_its_own_words(
    server: ScriptedServer, answer: bytes | Script, kind: type[LoopbackAuthError], words: str
) -> None:
    server.answers["*"] = answer
    failed = await refused(server.origin, timeout_s=0.4)
    assert type(failed) is kind
    assert failed.exit_code == 7
    assert words in str(failed)
    assert ("publishes no" in str(failed) + failed.cause) == ("publishes no" in words)
    assert "Hotel" not in str(failed)


async def test_rb_06_a_server_that_is_not_there_is_not_called_one_without_metadata() -> None:
    with ScriptedServer() as gone:
        issuer = gone.origin
    assert type(await refused(issuer)) is ConnectionFailed


async def test_the_documents_are_asked_for_together(server: ScriptedServer) -> None:
    both = asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer_when_both_asked(connection: Any) -> None:
        if len(server.requests) == 2:
            loop.call_soon_threadsafe(both.set)
        hang(connection)

    server.answers["*"] = answer_when_both_asked
    task = asyncio.create_task(discover(server.origin, transport=HttpTransport()))
    await asyncio.wait_for(both.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("busy", "asked"), [(0, 1), (1, 2), (2, 3), (3, 3), (9, 3)])
async def test_rb_05_a_server_that_is_busy_is_asked_three_times_at_most(
    server: ScriptedServer, *, busy: int, asked: int
) -> None:
    """RB-05: and as soon as it has a document, that is it."""
    path = "/.well-known/openid-configuration"
    good = json_answer({"issuer": server.origin, "token_endpoint": "x"})
    left = [plain_answer(b"", "Retry-After: 0", status=503)] * busy

    def answer(connection: Connection) -> None:
        connection.socket.sendall(left.pop() if left else good)

    server.answers["*"] = plain_answer(b"", status=404)
    server.answers[path] = answer
    if busy < 3:
        found = await discover(server.origin, transport=HttpTransport())
        assert found["token_endpoint"] == "x"
    else:
        assert type(await refused(server.origin)) is ServerUnavailable
    assert len(server.asked(path)) == asked


async def test_rb_05_one_good_document_is_not_kept_waiting_by_another_that_is_busy(
    server: ScriptedServer,
) -> None:
    """RB-05: half of the answer is enough."""
    server.answers["*"] = plain_answer(b"", "Retry-After: 30", status=503)
    server.answers["/.well-known/openid-configuration"] = json_answer({"issuer": server.origin})
    async with asyncio.timeout(5):
        assert (await discover(server.origin, transport=HttpTransport()))["issuer"] == server.origin
