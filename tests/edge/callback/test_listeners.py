"""Binding the redirect URI: its addresses, who else may listen there, and the errors."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from loopback_auth.edge.callback.listeners import bind
from loopback_auth.errors import ListenError, PortInUse
from tests.support.stand_in_browser import appeared, stand_in

from ...support.callback.endpoint import running_endpoint
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login
from ...support.command import login
from ...support.sockets import has_ipv6_loopback, listen

if TYPE_CHECKING:
    from pathlib import Path

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc/net, as only Linux has it"
)


ipv6 = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no ::1")


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


# ---- CB-01: this machine only


@linux
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ["0100007F"]),
        pytest.param("localhost", ["00000000000000000000000001000000", "0100007F"], marks=ipv6),
    ],
)
async def test_cb_01_the_command_listens_on_loopback_even_in_a_container(
    tmp_path: Path, *, host: str, expected: list[str]
) -> None:
    """CB-01: others listen on all interfaces where they believe to be in a container."""
    uri = f"http://{host}:0/callback"
    async with signing_in(
        tmp_path, "--redirect-uri", uri, more={"container": "docker", "CI": "true"}
    ) as scene:
        port = scene.callback.port
        assert sorted(addresses(port, state="0A")) == expected
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.2", port))


def addresses(port: int, *, state: str) -> list[str]:
    """Give the local addresses of the sockets in that state on *port*, as /proc/net spells them."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            rows = [line.split() for line in list(lines)[1:]]
        found += [
            row[1].split(":")[0]
            for row in rows
            if row[3] == state and int(row[1].split(":")[1], 16) == port
        ]
    return found


# ---- CB-02: bound first


async def test_cb_02_the_port_answers_before_the_address_is_shown_or_opened(tmp_path: Path) -> None:
    """CB-02: whoever is told the address, a person or a browser, finds our socket there already."""
    found = []

    def connect(url: str) -> bool:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        socket.create_connection((host, int(port)), timeout=1).close()
        found.append(int(port))
        return True

    async with pending_login(tmp_path, browser=connect) as pending:
        assert found == [pending.callback.port]
        assert (await pending.callback.get("/")).status == 404


async def test_cb_02_the_port_is_a_free_one_and_another_each_time(tmp_path: Path) -> None:
    """CB-02: no fixed default that another program could wait on."""
    async with pending_login(tmp_path / "one") as one, pending_login(tmp_path / "two") as two:
        assert one.callback.port != two.callback.port
        assert {one.callback.host, two.callback.host} == {"127.0.0.1"}


# ---- CB-03: nobody beside us


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' own test is below")
@pytest.mark.parametrize("option", ["SO_REUSEADDR", "SO_REUSEPORT", ""])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what an intruder would do
def test_cb_03_no_second_listener_gets_in(option: str, address: str) -> None:
    """CB-03: not on our address and not on all of them, whatever options it sets."""
    with bind(["http://127.0.0.1:0/callback"]) as ([ours], _), socket.socket() as other:
        if option:
            other.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
        with pytest.raises(OSError, match="in use") as refused:
            _listen(other, address, port_of(ours))
    assert refused.value.errno == errno.EADDRINUSE


def _listen(sock: socket.socket, address: str, port: int) -> None:
    sock.bind((address, port))
    sock.listen()


@pytest.mark.skipif(sys.platform != "win32", reason="there SO_REUSEADDR lets a second listener in")
def test_cb_03_no_second_listener_gets_in_on_windows() -> None:
    """CB-03: SO_EXCLUSIVEADDRUSE."""
    with bind(["http://127.0.0.1:0/callback"]) as ([ours], _), socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="10013"):
            other.bind(("127.0.0.1", port_of(ours)))


class Recorded(socket.socket):
    """A socket that remembers in which order it was made ours, and sets none of the options."""

    steps: ClassVar[list[tuple[object, ...]]] = []

    def setsockopt(self, level: int, option: int, value: object) -> None:  # type: ignore[override] # one of three shapes
        self.steps.append((level, option, value))

    def bind(self, address: Any) -> None:
        self.steps.append(("bind",))
        super().bind(address)


def test_cb_03_on_windows_the_port_is_taken_for_ourselves_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    CB-03: there SO_REUSEADDR would let a second listener in, and only SO_EXCLUSIVEADDRUSE, set
    before bind, keeps it out.
    """
    monkeypatch.setattr(Recorded, "steps", [])
    with monkeypatch.context() as windows:
        windows.setattr(socket, "socket", Recorded)
        windows.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
        windows.setattr(sys, "platform", "win32")
        with bind(["http://127.0.0.1:0/callback"]):
            pass

    assert Recorded.steps == [(socket.SOL_SOCKET, -5, 1), ("bind",)]


@pytest.mark.slow
@linux
async def test_cb_03_a_second_login_on_the_same_fixed_port_works_at_once(tmp_path: Path) -> None:
    """
    CB-03: the connections of the first one are still in TIME_WAIT, and nobody waits a minute for
    that.
    """
    with closing(listen()) as other:
        port = port_of(other)
    for number in (1, 2):
        async with signing_in(tmp_path, "--port", str(port)) as scene:
            assert scene.callback.port == port
            assert (await scene.callback.arrive()).status == 200
            assert (await scene.command.outcome()).exit_code == 0
        # Without one the test would prove nothing.
        assert number == 2 or addresses(port, state="06")


# ---- CB-04: both families of localhost


@ipv6
def test_cb_04_localhost_is_held_on_both_families_and_one_port() -> None:
    """CB-04: a browser chooses the family."""
    with bind(["http://localhost:0/callback"]) as (listeners, redirect_uri):
        port = port_of(listeners[0])
        assert [sock.getsockname()[:2] for sock in listeners] == [
            ("127.0.0.1", port),
            ("::1", port),
        ]
        assert redirect_uri == f"http://localhost:{port}/callback"


@ipv6
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_cb_04_a_stranger_on_either_family_makes_localhost_unusable(address: str) -> None:
    """CB-04: the refusal names the address; the half that could be had is given back."""
    with closing(listen(address)) as stranger:
        port = port_of(stranger)
        with (
            pytest.raises(PortInUse, match=address.replace(".", r"\.")),
            bind([f"http://localhost:{port}/callback"]),
        ):
            pass
        with closing(listen("::1" if address == "127.0.0.1" else "127.0.0.1", port)):
            pass


@ipv6
def test_cb_04_a_free_port_is_looked_for_until_both_families_have_it() -> None:
    """CB-04: with port 0 a stranger on one family is only a reason to try the next port."""
    with ExitStack() as strangers:
        for _ in range(200):
            strangers.enter_context(closing(listen("::1")))
        for _ in range(20):
            with bind(["http://localhost:0/callback"]) as (listeners, _):
                assert len({port_of(sock) for sock in listeners}) == 1


class WithoutIPv6(socket.socket):
    """A socket on a machine on which IPv6 was switched off."""

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        super().bind(address)


def test_cb_04_where_there_is_no_ipv6_nobody_else_can_hold_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CB-04: there localhost is 127.0.0.1 alone, which is no half of it."""
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    with bind(["http://localhost:0/callback"]) as (listeners, _):
        assert [sock.getsockname()[0] for sock in listeners] == ["127.0.0.1"]


def test_cb_09_a_browser_that_comes_before_the_server_is_up_waits_for_it() -> None:
    """
    CB-09: it opens several connections at once; a full queue would cost it a second for the next
    try.
    """
    with ExitStack() as browser, bind(["http://127.0.0.1:0/callback"]) as ([ours], _):
        for _ in range(8):
            browser.enter_context(socket.create_connection(ours.getsockname(), timeout=0.5))


# ---- busy ports


async def test_a_busy_port_makes_the_next_registered_one_be_tried(tmp_path: Path) -> None:
    with closing(listen()) as busy, closing(listen()) as free:
        free.close()
        ports = ("--port", str(port_of(busy)), "--port", "0")
        async with signing_in(tmp_path, *ports) as scene:
            assert scene.callback.port not in (0, port_of(busy))
            assert scene.callback.asked["redirect_uri"] == scene.callback.redirect_uri
            assert (await scene.callback.arrive()).status == 200
            assert (await scene.command.outcome()).exit_code == 0


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)
async def test_when_all_are_busy_the_holder_is_named_and_no_browser_opens(tmp_path: Path) -> None:
    """Exit 6, the port and the program in the message, nothing shown and nothing opened."""
    async with running_endpoint() as endpoint, stand_in(tmp_path) as (started, browser):
        with closing(listen()) as one, closing(listen()) as other:
            ports = [port_of(one), port_of(other)]
            options = [word for port in ports for word in ("--port", str(port))]
            async with login(*endpoint.flags(), *options, home=tmp_path, more=browser) as command:
                ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (6, "port-in-use")
    for port in ports:
        assert f"port {port} of 127.0.0.1 is taken by " in ended.error["message"]
    if sys.platform.startswith("linux"):
        assert f"(pid {os.getpid()})" in ended.error["message"]
    assert ended.events == []
    assert not started.arguments.done()


def test_nothing_stays_open_when_a_later_step_fails() -> None:
    """CB-17: whatever ends the block closes the sockets."""
    held: list[socket.socket] = []

    def stop() -> None:
        with bind(["http://localhost:0/callback"]) as (listeners, _):
            held.extend(listeners)
            raise ListenError("stop")

    with pytest.raises(ListenError, match="stop"):
        stop()
    assert {sock.fileno() for sock in held} == {-1}


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)
async def test_cb_17_the_browser_does_not_inherit_the_port(tmp_path: Path) -> None:
    """CB-17: it outlives the login, and would keep the port for ever."""
    script = tmp_path / "lasting"
    script.write_text(
        f'#!/bin/sh\ncd "{tmp_path}"; echo $$ > pid.new; mv pid.new pid; exec sleep 30\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    async with signing_in(tmp_path, more={"BROWSER": str(script)}) as scene:
        await scene.callback.arrive()
        ended = await scene.command.outcome()
        pid = int(await appeared(tmp_path / "pid"))
        os.kill(pid, 0)
        assert scene.callback.is_closed
        os.kill(pid, 9)
    assert ended.exit_code == 0
