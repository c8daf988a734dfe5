"""
The pre-flight: what a browser would be shown in place of a sign-in page is known before there is a
browser.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import AuthorizationError
from loopback_auth.flows.login import preflight as module
from loopback_auth.flows.login.preflight import preflight, probe_of
from loopback_auth.oauth.authorize.request import AuthorizationRequest
from loopback_auth.oauth.http.messages import Get
from loopback_auth.oauth.metadata import Client, server_metadata

from ...support.callback.client import query
from ...support.scripted_server import (
    ScriptedServer,
    close,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
)

if TYPE_CHECKING:
    from ...support.scripted_server import Script

REDIRECT_URI = "http://localhost:1717/OauthRedirect"


def request_to(server: ScriptedServer) -> AuthorizationRequest:
    metadata = {
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
    }
    return AuthorizationRequest.new(
        server=server_metadata(metadata),
        client=Client(client_id="3MVG9key"),
        redirect_uri=REDIRECT_URI,
        scope="openid api",
        token_bytes=os.urandom,
        parameters=(("prompt", "login"),),
        response_mode="form_post",
    )


async def refused(server: ScriptedServer, answer: bytes | Script) -> AuthorizationError:
    server.answers["/authorize"] = answer
    with pytest.raises(AuthorizationError) as failed:
        await preflight(request_to(server), transport=HttpTransport())
    return failed.value


def bare(body: str) -> bytes:
    """A refusal as Salesforce sends it: no Content-Type at all."""
    return f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


CLASS_A = [
    (
        "error=invalid_client_id&error_description=client%20identifier%20invalid",
        "invalid_client_id",
    ),
    (
        "error=redirect_uri_mismatch&error_description=redirect_uri+must+match+configuration",
        "redirect_uri_mismatch",
    ),
    (
        "error=invalid_request&error_description=missing%20required%20code%20challenge",
        "invalid_request",
    ),
    (
        "error=redirect_uri_missing&error_description=redirect_uri%20not%20provided",
        "redirect_uri_missing",
    ),
    (
        "error_description=response%20type%20not%20supported&error=unsupported_response_type",
        "unsupported_response_type",
    ),
]


@pytest.mark.parametrize(("body", "error"), CLASS_A)
@pytest.mark.parametrize("head", ["none", "empty", "form", "plain", "html"])
async def test_a_refusal_that_only_a_browser_would_see_is_raised(
    server: ScriptedServer, body: str, error: str, head: str
) -> None:
    """A form with status 400, whatever its Content-Type says or does not say."""
    kind = {
        "empty": "",
        "form": "application/x-www-form-urlencoded",
        "plain": "text/plain",
        "html": "text/html",
    }.get(head)
    answer = bare(body) if kind is None else plain_answer(body.encode(), status=400, kind=kind)
    raised = await refused(server, answer)
    assert raised.error == error
    assert raised.facts["error_description"] in raised.message
    assert "%20" not in raised.message


async def test_a_refusal_in_json_is_raised(server: ScriptedServer) -> None:
    raised = await refused(
        server, json_answer({"error": "invalid_client", "error_description": "no"}, status=401)
    )
    assert (raised.error, raised.code) == ("invalid_client", "invalid-client")


@pytest.mark.parametrize(
    ("location", "error"),
    [
        (
            (
                "/setup/secur/RemoteAccessErrorPage.apexp?error=OAUTH_AUTHORIZATION_BLOCKED"
                "&error_description=Cross-org+OAuth"
            ),
            "OAUTH_AUTHORIZATION_BLOCKED",
        ),
        (
            (
                f"{REDIRECT_URI}?error=OAUTH_APP_BLOCKED"
                "&error_description=this+app+is+blocked+by+admin&state=x"
            ),
            "OAUTH_APP_BLOCKED",
        ),
        (f"{REDIRECT_URI}?error=invalid_scope&state=x", "invalid_scope"),
        (f"{REDIRECT_URI}#error=unsupported_response_type", "unsupported_response_type"),
    ],
)
async def test_a_redirect_to_an_error_is_raised(
    server: ScriptedServer, location: str, error: str
) -> None:
    """To an error page of the server's, which is the end for a browser, or back to us."""
    assert (await refused(server, redirect(302, location))).error == error


async def test_a_mismatch_tells_our_redirect_uri_in_full(server: ScriptedServer) -> None:
    raised = await refused(server, bare("error=redirect_uri_mismatch&error_description=x"))
    assert raised.message.endswith(f"the redirect URI that was sent is {REDIRECT_URI}")
    assert raised.code == "redirect-uri-mismatch"
    assert raised.exit_code == 7
    assert raised.cause
    assert raised.fix


async def test_the_words_of_the_server_are_made_fit_to_print(server: ScriptedServer) -> None:
    raised = await refused(
        server, bare("error=invalid_client_id&error_description=a%0D%0A%1b[31mb" + "x" * 2000)
    )
    assert raised.message.isprintable()
    assert len(raised.message) < 500


LOGIN = "/?ec=302&startURL=%2Fsetup%2Fsecur%2FRemoteAccess%3Ferror%3Dno"
NO_REFUSAL: dict[str, bytes | Script] = {
    "a login page": plain_answer(b"<form>error=invalid_client_id&x=1</form>", kind="text/html"),
    "a way to the login page": redirect(302, LOGIN),
    "a way elsewhere": redirect(303, "https://idp.example/sso?x=1"),
    "a way nowhere": redirect(302, "http://["),
    "no way": plain_answer(b"", status=302),
    "nobody is signed in": redirect(302, f"{REDIRECT_URI}?error=login_required&state=x"),
    "immediate": redirect(302, f"{REDIRECT_URI}?error=immediate_unsuccessful&state=x"),
    "for the moment": redirect(302, f"{REDIRECT_URI}?error=temporarily_unavailable&state=x"),
    "a page of an error": plain_answer(
        b"<html>error=invalid_client_id</html>", status=400, kind="text/html"
    ),
    "an error without a name": bare("error=&error_description=x"),
    "an error that is none": bare("error=<script>"),
    "a body of nothing": bare(""),
    "octets": plain_answer(b"\xff\xfe error\x00", status=400, kind=""),
    "JSON of another kind": json_answer([{"errorCode": "X"}], status=400),
    "JSON with an error that is a number": json_answer({"error": 7}, status=400),
    "500": plain_answer(b"error=server_broken", status=500, kind=""),
    "503 that says more": json_answer({"error": "invalid_client_id"}, status=503),
    "429": bare("error=invalid_client_id").replace(b"400 Bad Request", b"429 Too Many"),
    "a broken connection": drop,
    "a closed connection": close,
    "a compressed answer": plain_answer(b"x", "Content-Encoding: gzip"),
    "an endless answer": plain_answer(b"a" * (2 * 1024 * 1024)),
}


@pytest.mark.parametrize("answer", NO_REFUSAL.values(), ids=NO_REFUSAL)
async def test_anything_else_is_left_to_the_browser(
    server: ScriptedServer, answer: bytes | Script
) -> None:
    """A login page, a redirect, and every trouble of the network: the sign-in goes on."""
    server.answers["/authorize"] = answer
    await preflight(request_to(server), transport=HttpTransport())
    assert server.asked("/authorize")


@pytest.mark.parametrize("name", NO_REFUSAL)
async def test_a_sign_in_page_is_evidence_and_anything_else_is_none(
    server: ScriptedServer, name: str
) -> None:
    """The server took client and redirect URI without cookies: a later error is the browser's."""
    server.answers["/authorize"] = NO_REFUSAL[name]
    passed = await preflight(request_to(server), transport=HttpTransport())
    assert passed == (name in ("a login page", "a way to the login page", "a way elsewhere"))


async def test_a_server_that_does_not_answer_is_left_to_the_browser(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person waits no longer than the pre-flight's limit, whatever the transport's is."""
    assert module.PREFLIGHT_TIMEOUT_S == 3
    monkeypatch.setattr(module, "PREFLIGHT_TIMEOUT_S", 0.1)
    server.answers["/authorize"] = hang
    began = time.monotonic()
    await preflight(request_to(server), transport=HttpTransport(timeout_s=60))
    assert time.monotonic() - began < 5


async def test_nobody_there_is_left_to_the_browser(server: ScriptedServer) -> None:
    server.stop_listening()
    await preflight(request_to(server), transport=HttpTransport())


async def test_the_real_state_and_challenge_are_not_in_the_probe(server: ScriptedServer) -> None:
    """
    All else is, so that the answer is the one that the browser would get; no cookie and no secret
    goes with it.
    """
    server.answers["/authorize"] = plain_answer(b"", kind="text/html")
    real = request_to(server)
    await preflight(real, transport=HttpTransport())
    (asked,) = server.asked("/authorize")
    sent, own = query(server.url(asked.target)), query(real.url)
    fresh = {"state", "code_challenge", "nonce"}
    assert {name for name in sent if sent[name] != own[name]} == fresh
    assert sent.keys() == own.keys()
    assert asked.method == "GET"
    assert asked.header("cookie") is None
    assert asked.header("authorization") is None


async def test_each_probe_is_a_new_one(server: ScriptedServer) -> None:
    real = request_to(server)
    urls = {Get(url=probe_of(real).url).url for _ in range(3)}
    assert len(urls | {real.url}) == 4
