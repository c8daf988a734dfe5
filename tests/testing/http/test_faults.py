"""
Each fault does on the wire what its name says, to the requests it is meant for, and to
no others.
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from loopback_auth.testing import Fault
from loopback_auth.testing.http import faults
from tests.support.asking import (
    REDIRECT_URI,
    Reply,
    allowed,
    ask,
    authorize,
    code,
    exchange,
    me,
    tokens,
)

if TYPE_CHECKING:
    from loopback_auth.testing import AuthorizationServer

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "body"),
    [
        (faults.HTML, 200, "text/html", b"<!doctype html>"),
        (faults.ERROR_500, 500, "text/plain", b"Internal"),
        (faults.EMPTY, 200, "application/json", b""),
        (faults.ARRAY, 200, "application/json", b"[1, 2]"),
        (faults.NOT_A_NUMBER, 200, "application/json", b"NaN"),
        (faults.DEEP, 200, "application/json", b"[" * 100_000),
        (faults.DUPLICATE_NAMES, 200, "application/json", b'"access_token": "b"'),
        (faults.NOT_UTF8, 200, "application/json", b"\xff"),
        (faults.ERROR_WITH_200, 200, "application/json", b'"error": "invalid_grant"'),
    ],
)
def test_a_fault_answers_instead_of_its_endpoint(
    server: AuthorizationServer, fault: Fault, status: int, content_type: str, body: bytes
) -> None:
    """What was asked for did not happen: the code is good afterwards."""
    granted = code(server)
    server.faults.token = fault.once()
    reply = exchange(server, {"code": granted})

    assert (reply.status, reply.headers["content-type"]) == (status, content_type)
    assert body in reply.body
    assert exchange(server, {"code": granted}).status == 200


@pytest.mark.parametrize(
    "endpoint",
    ["authorize", "token", "revoke", "introspect", "userinfo", "jwks", "api", "discovery"],
)
def test_every_endpoint_can_fail(server: AuthorizationServer, endpoint: str) -> None:
    server.faults[endpoint] = faults.UNAVAILABLE_503
    path = {
        "discovery": "/.well-known/openid-configuration",
        "api": "/api/me",
    }.get(endpoint, f"/{endpoint}")
    reply = ask(
        server, path, method="POST" if endpoint in {"token", "revoke", "introspect"} else "GET"
    )

    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert server.requests[-1].endpoint == endpoint


def test_an_endpoint_that_is_not_there_cannot_fail(server: AuthorizationServer) -> None:
    """A misspelled name is an error, not a fault that never comes."""
    with pytest.raises(KeyError, match="tokens"):
        server.faults["tokens"] = faults.HTML


def test_one_of_two_discovery_documents_can_fail(server: AuthorizationServer) -> None:
    server.faults.openid_configuration = faults.status(404)

    assert ask(server, "/.well-known/openid-configuration").status == 404
    assert ask(server, "/.well-known/oauth-authorization-server").status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_where_it_is_sent(server: AuthorizationServer, status: int) -> None:
    server.faults.token = faults.redirect(status, "https://elsewhere.example/token")
    reply = exchange(server, {"code": "c"})

    assert (reply.status, reply.headers["location"]) == (status, "https://elsewhere.example/token")


def test_faults_stay_until_they_are_taken_away(server: AuthorizationServer) -> None:
    server.faults.update({"api": faults.ERROR_500, "jwks": faults.HTML})

    assert [me(server, "t") for _ in range(3)] == [500, 500, 500]
    server.faults.clear()
    assert me(server, "t") == 401
    assert ask(server, "/jwks").json["keys"]


def test_a_fault_can_be_counted(server: AuthorizationServer) -> None:
    server.faults.api = faults.ERROR_500.times(2)

    assert [me(server, "t") for _ in range(3)] == [500, 500, 401]


def test_once_is_once_however_many_ask(server: AuthorizationServer) -> None:
    server.faults.api = faults.late(0.05).once()
    server.faults.jwks = faults.ERROR_500.once()
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: ask(server, "/jwks").status, range(6)))

    assert sorted(statuses) == [200, 200, 200, 200, 200, 500]


@pytest.mark.parametrize(
    ("fault", "name", "value"),
    [
        (faults.EXPIRES_IN_STRING, "expires_in", "3600"),
        (faults.NEGATIVE_EXPIRES_IN, "expires_in", -1),
        (faults.NO_EXPIRES_IN, "expires_in", None),
        (faults.TOKEN_TYPE_MAC, "token_type", "mac"),
        (faults.NO_TOKEN_TYPE, "token_type", None),
        (faults.NEWLINE_IN_TOKEN, "access_token", "a\r\nSet-Cookie: b=c"),
        (faults.NO_ACCESS_TOKEN, "access_token", None),
        (faults.members(scope="openid"), "scope", "openid"),
        (faults.members(instance_url="https://x.example"), "instance_url", "https://x.example"),
        (faults.members(id={"nested": [1]}), "id", {"nested": [1]}),
    ],
)
def test_members_of_an_answer_are_bent_and_the_rest_is_as_it_was(
    server: AuthorizationServer, fault: Fault, name: str, value: object
) -> None:
    server.faults.token = fault
    answer = tokens(server)

    assert answer.get(name) == value
    assert (name in answer) is (value is not None)
    others = {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"} - {
        name
    }
    assert others <= answer.keys()


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        (faults.WRONG_STATE, {"state": ["not-the-state-that-was-sent"]}),
        (faults.NO_STATE, {"state": None}),
        (faults.WRONG_ISS, {"iss": ["https://attacker.example"]}),
        (faults.NO_ISS, {"iss": None}),
        (faults.NO_CODE, {"code": None}),
        (faults.ERROR_BESIDE_CODE, {"error": ["access_denied"]}),
        (faults.repeated(state="another"), {"state": ["s&t=a te", "another"]}),
        (faults.UNKNOWN_PARAMETERS, {"session_state": ["s"], "authuser": ["0"]}),
        (
            faults.members(code="\x00", error_description="<b>"),
            {"code": ["\x00"], "error_description": ["<b>"]},
        ),
    ],
)
def test_the_way_back_is_bent(
    server: AuthorizationServer, fault: Fault, changed: dict[str, list[str] | None]
) -> None:
    """The pages before it are as they were; a fault that is counted waits for the redirect."""
    server.faults.authorize = fault.once()
    sent_back = allowed(server).sent_back

    assert {name: sent_back.get(name) for name in changed} == changed
    assert {"code", "state", "iss"} - changed.keys() <= sent_back.keys()
    proper = allowed(server).sent_back
    assert proper.keys() == {"code", "state", "iss"}
    assert all(len(values) == 1 for values in proper.values())


def test_a_second_code_comes_beside_the_first(server: AuthorizationServer) -> None:
    server.faults.authorize = faults.SECOND_CODE
    first, second = allowed(server).sent_back["code"]

    assert second == "another-code"
    assert first in server.registry.codes


def test_errors_on_the_way_back_are_bent_too(server: AuthorizationServer) -> None:
    server.faults.authorize = faults.WRONG_STATE

    assert authorize(server, prompt="none").sent_back["state"] == ["not-the-state-that-was-sent"]


def test_form_post_is_bent_too(server: AuthorizationServer) -> None:
    server.faults.authorize = faults.NO_ISS

    assert 'name="iss"' not in allowed(server, response_mode="form_post").text


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.RESET, ConnectionResetError),
        (faults.CLOSED, http.client.RemoteDisconnected),
        (faults.TRUNCATED, http.client.IncompleteRead),
    ],
)
def test_connections_break(
    server: AuthorizationServer, fault: Fault, error: type[Exception]
) -> None:
    server.faults.token = fault

    with pytest.raises(error) as caught:
        exchange(server, {"code": code(server)})
    # RemoteDisconnected is a ConnectionResetError too.
    assert caught.type is error


@pytest.mark.parametrize(
    ("fault", "status"), [(faults.RESET, 200), (faults.RESET.after_acting(), 400)]
)
def test_an_answer_can_get_lost_before_or_after_the_endpoint_acts(
    server: AuthorizationServer, fault: Fault, status: int
) -> None:
    """After it the code is used up."""
    granted = code(server)
    server.faults.token = fault.once()
    with pytest.raises(ConnectionResetError):
        exchange(server, {"code": granted})

    assert exchange(server, {"code": granted}).status == status


def connected(server: AuthorizationServer) -> socket.socket:
    parts = urlsplit(server.issuer)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=0.3)


def test_a_server_that_hangs_says_nothing_and_does_not_hang_up(server: AuthorizationServer) -> None:
    server.faults.jwks = faults.HANG
    with connected(server) as connection:
        connection.sendall(b"GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n")

        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_dripped_answer_comes_octet_by_octet(server: AuthorizationServer) -> None:
    server.faults.jwks = faults.dripped(0.02)
    with connected(server) as connection:
        connection.sendall(b"GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n")
        # The head and the first octets may come together: only how little comes at a time after
        # that is the drip's doing.
        got = [connection.recv(65536)]
        while len(b"".join(got).partition(b"\r\n\r\n")[2]) < len(b'{"keys"'):
            got.append(connection.recv(65536))

    head, _, body = b"".join(got).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body.startswith(b'{"keys"')
    # An answer written in one go comes in two pieces at most.
    assert len(got) > 2


def test_a_late_answer_is_the_proper_one(server: AuthorizationServer) -> None:
    server.faults.token = faults.late(0.1)
    granted = code(server)
    started = time.monotonic()

    assert exchange(server, {"code": granted}).status == 200
    assert time.monotonic() - started >= 0.1


def test_a_huge_answer_is_as_huge_as_it_says(server: AuthorizationServer) -> None:
    server.faults.token = faults.huge(3)

    assert exchange(server, {"code": "c"}).body == b" " * (3 * MIB)


def test_a_gzip_bomb_is_small_on_the_wire(server: AuthorizationServer) -> None:
    server.faults.token = faults.gzip_bomb(20)
    reply = exchange(server, {"code": "c"})

    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < MIB // 8
    assert gzip.decompress(reply.body) == b" " * (20 * MIB)


def test_members_need_an_endpoint_that_acts() -> None:
    with pytest.raises(ValueError, match="acts=True"):
        Fault(members={"state": "x"})


def test_every_ready_made_fault_is_found_by_its_name() -> None:
    """No two are the same by mistake."""
    ready = [
        value for name, value in vars(faults).items() if name.isupper() and isinstance(value, Fault)
    ]

    assert len(ready) > 25
    assert len({repr(fault) for fault in ready}) == len(ready)


RUDE = """
import socket
from urllib.parse import urlsplit
from loopback_auth.testing import AuthorizationServer, faults

with AuthorizationServer.running() as server:
    parts = urlsplit(server.issuer)
    for fault in (faults.HUGE, faults.GZIP_BOMB, faults.HANG, faults.DRIP, faults.RESET,
                  faults.CLOSED, faults.TRUNCATED, faults.HANG.after_acting(), faults.late(60),
                  None):
        server.faults.jwks = fault
        for request in (b"GET /jwks HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", b"GET /jwks HTT",
                        b"\\x16\\x03\\x01nonsense\\r\\n\\r\\n", b"POST /token HTTP/1.1\\r\\nHost: x"
                        b"\\r\\nContent-Length: 99\\r\\n\\r\\nhalf", b""):
            with socket.create_connection((parts.hostname, parts.port)) as connection:
                connection.sendall(request)
                if request.startswith(b"GET /jwks HTTP/1.1"):
                    server.wait_for("jwks")
                    server.forget_requests()
"""


@pytest.mark.slow
def test_nothing_that_clients_do_is_reported_on_the_terminal() -> None:
    """
    No trace from aiohttp or asyncio when they hang up, send nonsense or half a request; and the end
    is quick.
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", RUDE], capture_output=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert time.monotonic() - started < 8


def sent_back_in(reply: Reply) -> dict[str, list[str]]:
    return parse_qs(urlsplit(reply.headers["location"]).query)


def test_a_whole_page_can_be_sent_instead_of_the_sign_in(server: AuthorizationServer) -> None:
    """Or a redirect to the client that the person never saw."""
    server.faults.authorize = faults.redirect(302, f"{REDIRECT_URI}?error=server_error&state=s")

    assert sent_back_in(authorize(server))["error"] == ["server_error"]


def test_userinfo_can_lie(server: AuthorizationServer) -> None:
    server.faults.userinfo = faults.members(sub="mallory")
    token = tokens(server)["access_token"]
    reply = ask(server, "/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert json.loads(reply.body)["sub"] == "mallory"
