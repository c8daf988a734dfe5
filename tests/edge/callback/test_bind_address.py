"""`--bind`: listening where a port forward or a proxy leads, and nowhere else unasked."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.bind_address import BindAddress, read_bind_address
from loopback_auth.edge.callback.listeners import bind
from loopback_auth.errors import PortInUse, RedirectURIRefused, UsageError

from ...support.callback.client import send
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login, profile_of
from ...support.command import run, token_file
from ...support.sockets import free_port, has_ipv6_loopback, listen

if TYPE_CHECKING:
    from pathlib import Path

ipv6 = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1")

ALL = "0.0.0.0"  # noqa: S104 - what the option is for


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (ALL, ALL, None),
        ("127.0.0.1:3000", "127.0.0.1", 3000),
        ("localhost", "127.0.0.1", None),
        ("localhost:0", "127.0.0.1", 0),
        ("::", "::", None),
        ("[::]:3000", "::", 3000),
        ("[::1]", "::1", None),
        ("172.17.0.2", "172.17.0.2", None),
    ],
)
def test_an_address_with_a_port_or_without(text: str, host: str, port: int | None) -> None:
    assert read_bind_address(text) == BindAddress(host=host, port=port)


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "eth0", "my.host:3000", ":3000", "[::1", "[::1]3000x", "127.0.0.1:"),
        *("1.2.3.4:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:1_0", "127.0.0.1:\u0663"),
        "http://127.0.0.1:3000",
    ],
)
def test_a_name_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--bind takes an address"):
        read_bind_address(text)


@ipv6
def test_cb_04_localhost_is_held_whole_beside_the_address_that_was_named() -> None:
    """CB-04: a stranger on the other family would receive the code."""
    with bind(["http://localhost:0/cb"], bind_address=BindAddress(host=ALL)) as (listeners, uri):
        port = listeners[0].getsockname()[1]
        assert [each.getsockname()[:2] for each in listeners] == [(ALL, port), ("::1", port)]
        assert uri == f"http://localhost:{port}/cb"
    with (
        closing(listen("::1")) as stranger,
        pytest.raises(PortInUse, match=f"port {stranger.getsockname()[1]} of ::1"),
        bind(
            [f"http://localhost:{stranger.getsockname()[1]}/cb"],
            bind_address=BindAddress(host=ALL),
        ),
    ):
        pass


def test_cb_04_the_port_of_a_forward_is_not_this_machines() -> None:
    """CB-04: `docker run -p 127.0.0.1:8080:PORT`; 8080 is the host's, and may be taken here."""
    with closing(listen()) as other:
        uri = f"http://localhost:{other.getsockname()[1]}/cb"
        with bind([uri], bind_address=BindAddress(host="127.0.0.1", port=0)) as ([ours], kept):
            assert ours.getsockname()[0] == "127.0.0.1"
            assert kept == uri


@pytest.mark.parametrize("option", ["SO_REUSEADDR", "SO_REUSEPORT"])
@pytest.mark.parametrize("address", ["127.0.0.1", ALL])
@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="Windows has neither")
def test_cb_03_no_second_listener_gets_in_beside_all_addresses(option: str, address: str) -> None:
    """CB-03."""
    named = BindAddress(host=ALL)
    with bind(["http://127.0.0.1:0/cb"], bind_address=named) as ([ours], _), socket.socket() as it:
        it.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)

        def listen() -> None:
            it.bind((address, ours.getsockname()[1]))
            it.listen()

        with pytest.raises(OSError, match="in use"):
            listen()


async def test_cb_01_all_addresses_are_listened_on_when_they_are_named_with_a_warning(
    tmp_path: Path,
) -> None:
    """CB-01, CB-02: by name alone; the port is held before the address is shown, to a person."""
    async with signing_in(tmp_path, "--bind", ALL, more={"BROWSER": "/bin/true"}) as scene:
        [warning] = [await scene.command.event("warning")]
        assert warning["code"] == "bound-to-others"
        assert ALL in warning["message"]
        assert await scene.command.event("browser_not_opened")
        assert (await send("127.0.0.2", scene.callback.port, b"GET / HTTP/1.0\r\n\r\n")).status
        assert "signed in" in (await scene.callback.arrive()).text
        assert (await scene.command.outcome()).exit_code == 0
    assert token_file(tmp_path)["access_token"]


async def test_cb_05_a_redirect_uri_behind_a_proxy_is_independent_of_where_is_listened(
    tmp_path: Path,
) -> None:
    """CB-05: it takes what was sent to the redirect URI's host."""
    port, uri = free_port(), "https://my.host/cb"
    address = BindAddress(host="127.0.0.1", port=port)

    async with pending_login(tmp_path, redirect_uris=[uri], bind_address=address) as pending:
        callback = pending.callback
        assert callback.asked["redirect_uri"] == uri
        for host in (f"127.0.0.1:{port}", "my.host.example", "my.host:3000"):
            stray = callback.request(callback.answer(), host=host)
            assert (await send("127.0.0.1", port, stray)).status == 421
        answer = callback.request(callback.answer(), host="my.host")
        first = await send("127.0.0.1", port, answer)
        last = callback.request(str(first.header("location")), host="my.host")
        assert "signed in" in (await send("127.0.0.1", port, last)).text
        await pending.outcome()
    [form] = pending.endpoint.forms
    assert form["redirect_uri"] == uri


def test_a_redirect_uri_of_another_host_is_taken_with_bind_alone() -> None:
    profile = profile_of(issuer="https://id.example", redirect_uris=["https://my.host/cb"])
    assert profile.redirect_uris_elsewhere == ["https://my.host/cb"]
    with pytest.raises(RedirectURIRefused):
        _ = profile.redirect_uris
    with pytest.raises(UsageError, match="names no port"):
        BindAddress(host=ALL).port_for("https://my.host/cb")


@pytest.mark.parametrize(
    "other", [["--manual"], ["--flow", "code-credentials"]], ids=["manual", "code-credentials"]
)
async def test_what_listens_nowhere_takes_no_bind(tmp_path: Path, other: list[str]) -> None:
    outcome = await run("login", "--bind", ALL, *other, "--json", home=tmp_path)
    assert outcome.exit_code == 2
    assert re.search("cannot be used together", outcome.error["message"])
