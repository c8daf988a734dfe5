"""The server starts, records, ends, and stands alone; the plug-in gives it to tests."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import trustme

from loopback_auth.testing import AuthorizationServer, Browser, Client, User
from loopback_auth.testing.http import faults
from tests.support.asking import REDIRECT_URI, ask, authorize, code, exchange, post
from tests.testing.test_browser import start

from ...support.sockets import listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def test_a_thread_is_enough() -> None:
    """It starts and ends at once, and its port is free again."""
    started = time.monotonic()
    with AuthorizationServer.running() as server:
        assert ask(server, "/jwks").status == 200
    with AuthorizationServer.running(port=port_of(server.issuer)) as again:
        assert again.issuer == server.issuer
    assert time.monotonic() - started < 3


async def test_it_runs_in_the_loop_of_a_test() -> None:
    async with AuthorizationServer() as server:
        assert (await asyncio.to_thread(ask, server, "/jwks")).status == 200
        await asyncio.to_thread(server.wait_for, "jwks")


def test_a_busy_port_is_reported_to_who_asked() -> None:
    """In the thread that asked, at once."""
    with listen() as holder, pytest.raises(OSError, match="address"):
        AuthorizationServer.running(port=holder.getsockname()[1]).__enter__()


def test_it_ends_quickly_whatever_hangs() -> None:
    """
    With a client that waits for an answer, one that sent half a request, and one that
    sent nothing.
    """
    with AuthorizationServer.running() as server:
        server.faults.jwks = faults.HANG
        address = ("127.0.0.1", port_of(server.issuer))
        sockets = [socket.create_connection(address) for _ in range(3)]
        sockets[0].sendall(b"GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n")
        sockets[1].sendall(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        server.wait_for("jwks")
        started = time.monotonic()
    assert time.monotonic() - started < 3
    for each in sockets:
        each.close()


def test_every_request_is_recorded(server: AuthorizationServer) -> None:
    """With what was sent, said as it was sent: repeated, empty, and decoded once."""
    post(server, "/token?q=1", "a=1&a=2&b=&c=x%2By+z", X_Own="it")
    (request,) = server.seen("token")

    assert (request.endpoint, request.method, request.path) == ("token", "POST", "/token")
    assert request.query == {"q": ["1"]}
    assert request.form == {"a": ["1", "2"], "b": [""], "c": ["x+y z"]}
    assert request.headers["x-own"] == "it"
    assert (request.value("c"), request.value("q")) == ("x+y z", "1")
    with pytest.raises(ValueError, match="too many"):
        request.value("a")


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/Token", "/token/", "/%74oken", "//token"])
def test_a_path_that_nobody_serves_is_recorded_too(server: AuthorizationServer, path: str) -> None:
    assert ask(server, path).status == 404
    assert [request.endpoint for request in server.requests] == ["unknown"]


def test_secrets_are_not_in_the_repr_of_what_was_sent(server: AuthorizationServer) -> None:
    post(server, "/token", "client_secret=canary", Authorization="Basic canary")

    assert "canary" not in repr(server.requests)
    assert "canary" not in repr(
        (Client(client_id="c", client_secret="canary"), User(username="u", password="canary"))
    )


def test_waiting_ends_with_the_request(server: AuthorizationServer) -> None:
    threading.Timer(0.05, authorize, (server,)).start()

    assert len(server.wait_for("authorize")) == 1


def test_waiting_has_an_end_too(server: AuthorizationServer) -> None:
    authorize(server)

    with pytest.raises(TimeoutError, match="authorize had 1 requests, not 2"):
        server.wait_for("authorize", count=2, timeout_s=0.01)


def test_the_record_can_start_anew(server: AuthorizationServer) -> None:
    authorize(server)
    server.forget_requests()

    assert server.requests == []


def test_what_breaks_in_the_server_is_reported_to_the_log(
    server: AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Where pytest shows it beside the test that failed; a document that is no JSON, say."""
    server.metadata = {"issuer": object()}

    assert ask(server, "/.well-known/openid-configuration").status == 500
    assert {record.name for record in caplog.records} == {"loopback_auth.testing"}
    assert "not JSON serializable" in caplog.text


def test_it_speaks_https_where_a_test_brings_a_certificate() -> None:
    authority = trustme.CA()
    context, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(trusting)
    with AuthorizationServer.running(ssl_context=context) as server:
        assert server.issuer.startswith("https://127.0.0.1:")
        page = Browser(ssl_context=trusting).visit(f"{server.issuer}/jwks")
        assert json.loads(page.text)["keys"]
        assert Browser().visit(f"{server.issuer}/jwks").status == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"token_endpoint_auth_method": "private_key_jwt"}, "token_endpoint_auth_method"),
        ({"redirect_uris": ("http://127.0.0.1/callback#x",)}, "fragment"),
    ],
)
def test_a_client_that_no_server_would_register_is_refused(
    wrong: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Client(client_id="c", **wrong)  # type: ignore[arg-type]  # that is the point


@pytest.fixture
def alone() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The server as a process of its own, and what it says of itself."""
    command = [sys.executable, "-m", "loopback_auth.testing"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    about = json.loads(process.stdout.readline())
    yield process, about
    process.kill()
    process.communicate()


def test_it_stands_alone(alone: tuple[subprocess.Popen[str], dict[str, str]]) -> None:
    """One line of JSON has all that a sign-in takes; SIGTERM is a proper end."""
    process, about = alone
    assert about.keys() == {
        "issuer",
        "client_id",
        "client_secret",
        "public_client_id",
        "username",
        "password",
        "api",
    }
    page = Browser(username=about["username"], password=about["password"]).visit(
        f"{about['issuer']}/jwks"
    )
    assert page.status == 200
    assert Browser().visit(about["api"]).status == 401

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_a_busy_port_ends_it_with_a_sentence() -> None:
    with listen() as holder:
        port = str(holder.getsockname()[1])
        command = [sys.executable, "-m", "loopback_auth.testing", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


TEST_OF_A_USER = """
def test_sign_in(authorization_server, sign_in_browser):
    assert sign_in_browser.visit(authorization_server.issuer + "/jwks").status == 200
    assert len(authorization_server.requests) == 1

def test_each_test_has_its_own(authorization_server):
    assert authorization_server.requests == []
"""


@pytest.mark.slow
def test_the_plug_in_gives_both_to_the_tests_of_others(tmp_path: Path) -> None:
    """By its entry point: nothing is imported, nothing is configured."""
    (tmp_path / "test_mine.py").write_text(TEST_OF_A_USER)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize(
    ("module", "unloaded"),
    [
        ("loopback_auth.testing.plugin", {"aiohttp", "ssl", "urllib.request"}),
        ("loopback_auth.testing", {"aiohttp", "asyncio", "urllib.request"}),
        ("loopback_auth.testing.browser", {"aiohttp", "asyncio"}),
        ("loopback_auth.testing.http.faults", {"aiohttp", "asyncio"}),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(module: str, unloaded: set[str]) -> None:
    """Every run of pytest loads the plug-in, whether it signs in or not."""
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert not unloaded & set(done.stdout.split())


def test_a_name_that_is_not_there_is_not_made_up() -> None:
    import loopback_auth.testing

    with pytest.raises(AttributeError, match="AuthorisationServer"):
        _ = loopback_auth.testing.AuthorisationServer


def test_a_sign_in_leaves_its_trail(server: AuthorizationServer) -> None:
    """What a program's test looks at afterwards."""
    page = Browser().visit(start(server))
    assert page.url.startswith(REDIRECT_URI)
    exchange(server, {"code": code(server)})

    assert [request.endpoint for request in server.requests] == [
        *("authorize", "sign-in", "consent"),
        *("authorize", "sign-in", "consent", "token"),
    ]
