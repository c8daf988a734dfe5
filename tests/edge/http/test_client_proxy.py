"""
DS-06: proxies come from the environment, never stand before the loopback, and keep
their passwords.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import LoopbackAuthError, ProxyFailed, TLSFailed
from loopback_auth.oauth.http.messages import FormPost, Get
from loopback_auth.oauth.secret import Secret

from ...support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    tunnel_to,
)
from .test_client_tls import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.scripted_server import Script

HOST = "id.example.test"
URL = f"https://{HOST}/token"
CREDENTIALS = "jane:canary%40pass"


@pytest.fixture(scope="module")
def company() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(company: trustme.CA, tmp_path: Path) -> str:
    company.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@contextmanager
def inner_server(company: trustme.CA, host: str = HOST) -> Iterator[ScriptedServer]:
    with ScriptedServer(tls=context_of(company.issue_cert(host))) as server:
        server.answers["/token"] = json_answer({"through": "the proxy"})
        yield server


@pytest.fixture
def proxy() -> Iterator[ScriptedServer]:
    with ScriptedServer() as proxy:
        yield proxy


def transport(bundle: str | None = None, **environ: str) -> HttpTransport:
    return HttpTransport(timeout_s=5, ca_bundle=bundle, environ=environ)


def post(url: str = URL) -> FormPost:
    return FormPost(
        url=url, fields=(("code", Secret("canary")),), authorization=Secret("Basic canary")
    )


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_ds_06_an_https_request_goes_through_a_tunnel_of_the_proxy(
    company: trustme.CA, bundle: str, proxy: ScriptedServer, name: str
) -> None:
    with inner_server(company) as server:
        proxy.answers["*"] = tunnel_to(server.port)
        reply = await transport(bundle, **{name: proxy.origin})(post())
    (asked,) = proxy.requests
    assert (asked.method, asked.target) == ("CONNECT", f"{HOST}:443")
    assert asked.header("authorization") is None
    assert asked.header("proxy-authorization") is None
    assert b"canary" not in asked.body
    assert reply.body == b'{"through": "the proxy"}'
    (request,) = server.requests
    assert request.form == {"code": "canary"}
    assert request.header("proxy-authorization") is None


async def test_ds_06_the_proxys_credentials_go_to_the_proxy_alone(
    company: trustme.CA, bundle: str, proxy: ScriptedServer
) -> None:
    with inner_server(company) as server:
        proxy.answers["*"] = tunnel_to(server.port)
        address = proxy.origin.replace("http://", f"http://{CREDENTIALS}@")
        await transport(bundle, HTTPS_PROXY=address)(post())
    expected = "Basic " + b64encode(b"jane:canary@pass").decode()
    assert proxy.requests[0].header("proxy-authorization") == expected
    assert server.requests[0].header("proxy-authorization") is None
    assert server.requests[0].header("authorization") == "Basic canary"


async def test_ds_06_a_proxy_without_a_scheme_is_an_http_proxy(
    company: trustme.CA, bundle: str, proxy: ScriptedServer
) -> None:
    with inner_server(company) as server:
        proxy.answers["*"] = tunnel_to(server.port)
        await transport(bundle, HTTPS_PROXY=proxy.origin.removeprefix("http://"))(post())
    assert len(proxy.requests) == 1


async def test_ds_03_a_proxy_cannot_answer_in_the_servers_place(
    company: trustme.CA, bundle: str, proxy: ScriptedServer
) -> None:
    with inner_server(company, "proxy.example.test") as middle:
        proxy.answers["*"] = tunnel_to(middle.port)
        with pytest.raises(TLSFailed):
            await transport(bundle, HTTPS_PROXY=proxy.origin)(post())
    assert middle.requests == []


async def test_ds_06_a_plain_request_is_handed_to_the_proxy_whole(proxy: ScriptedServer) -> None:
    proxy.answers["*"] = json_answer({"by": "proxy"})
    reply = await transport(HTTP_PROXY=proxy.origin)(Get(url=f"http://{HOST}/x?y=1"))
    assert reply.body == b'{"by": "proxy"}'
    assert proxy.requests[0].target == f"http://{HOST}/x?y=1"


FAILURES: dict[str, tuple[bytes | Script, str]] = {
    "wants a password": (
        plain_answer(b"", 'Proxy-Authenticate: Basic realm="x"', status=407),
        "(status 407)",
    ),
    "forbids": (plain_answer(b"<html>blocked", status=403, kind="text/html"), "(status 403)"),
    "cannot reach it": (plain_answer(b"", status=502), "(status 502)"),
    "redirects": (
        plain_answer(b"", "Location: http://portal.example/", status=302),
        "(status 302)",
    ),
}


@pytest.mark.parametrize(("answer", "expected"), FAILURES.values(), ids=FAILURES)
async def test_ds_06_a_proxy_that_does_not_connect_is_named_and_its_password_is_not(
    proxy: ScriptedServer, answer: bytes | Script, expected: str
) -> None:
    proxy.answers["*"] = answer
    address = proxy.origin.replace("http://", f"http://{CREDENTIALS}@")
    with pytest.raises(ProxyFailed) as failed:
        await transport(HTTPS_PROXY=address)(post())
    assert f"the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY)" in str(failed.value)
    assert expected in str(failed.value)
    assert HOST in str(failed.value)
    assert "HTTPS_PROXY" in failed.value.fix
    assert ("USER:PASSWORD" in failed.value.fix) is ("407" in expected)
    assert "canary" not in str(failed.value) + repr(failed.value) + repr(vars(failed.value))
    assert failed.value.__cause__ is None
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("answer", [drop, hang])
async def test_ds_06_a_proxy_that_breaks_off_does_not_leak_its_password(
    proxy: ScriptedServer, answer: Script
) -> None:
    proxy.answers["*"] = answer
    address = proxy.origin.replace("http://", f"http://{CREDENTIALS}@")
    with pytest.raises(LoopbackAuthError) as failed:
        await HttpTransport(timeout_s=0.4, environ={"HTTPS_PROXY": address})(post())
    assert failed.value.exit_code == 7
    assert "canary" not in str(failed.value) + repr(vars(failed.value))
    assert len(proxy.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://{}@127.0.0.1:1",
        "http://{}@proxy.nowhere.invalid:3128",
        "socks5://{}@127.0.0.1:1080",
        "http://{}@127.0.0.1:99999",
        "http://{}@[::1",
        "http://{}@",
        "ftp://{}@127.0.0.1:21",
        "{}@127.0.0.1:0",
        "::nonsense::",
    ],
)
async def test_ds_06_a_proxy_that_is_not_there_or_makes_no_sense_is_named_as_the_proxy(
    address: str,
) -> None:
    with pytest.raises(ProxyFailed) as failed:
        await HttpTransport(timeout_s=20, environ={"HTTPS_PROXY": address.format(CREDENTIALS)})(
            post()
        )
    assert "proxy" in str(failed.value)
    assert "canary" not in str(failed.value) + repr(vars(failed.value))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
async def test_ds_06_no_proxy_stands_before_the_loopback(proxy: ScriptedServer, host: str) -> None:
    proxy.answers["*"] = json_answer({"by": "proxy"})
    names = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), proxy.origin)
    with ScriptedServer(host="::1" if "[" in host else "127.0.0.1") as server:
        server.answers["/x"] = json_answer({"by": "server"})
        if host == "127.1.2.3":
            with pytest.raises(LoopbackAuthError):
                await transport(**names)(Get(url=f"http://{host}:{server.port}/x"))
        else:
            reply = await transport(**names)(Get(url=f"http://{host}:{server.port}/x"))
            assert reply.body == b'{"by": "server"}'
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("no_proxy", "asked"),
    [
        ("", True),
        ("other.example", True),
        ("id.example", True),
        ("xample.test", True),
        ("id.example.test.evil", True),
        ("*", False),
        (HOST, False),
        ("ID.Example.Test", False),
        ("example.test", False),
        (".example.test", False),
        ("*.example.test", False),
        ("localhost, 127.0.0.1 ,example.test", False),
        (f"{HOST}:443", False),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
async def test_ds_06_no_proxy_names_the_hosts_that_are_asked_directly(
    proxy: ScriptedServer,
    name: str,
    no_proxy: str,
    asked: bool,  # noqa: FBT001 - a column
) -> None:
    proxy.answers["*"] = plain_answer(b"", status=403)
    with pytest.raises(LoopbackAuthError) as failed:
        await transport(**{"HTTPS_PROXY": proxy.origin, name: no_proxy})(post())
    assert bool(proxy.requests) is asked
    assert isinstance(failed.value, ProxyFailed) is asked


async def test_ds_06_an_empty_variable_is_no_proxy(proxy: ScriptedServer) -> None:
    with pytest.raises(LoopbackAuthError) as failed:
        await transport(HTTPS_PROXY="", HTTP_PROXY=proxy.origin)(post())
    assert failed.value.code == "host-not-found"
    assert proxy.requests == []
