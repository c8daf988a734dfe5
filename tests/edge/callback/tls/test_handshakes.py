"""A handshake that comes to nothing: bounded, counted, and told of where a person should know."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.callback.request_gate import NEVER_WHOLE
from loopback_auth.edge.callback.tls.certificate import CertificateFiles, server_context
from loopback_auth.edge.callback.tls.handshakes import Handshake

from ....support.callback.secure import install, trusting

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.edge.callback.request_gate import Refusal


class Server:
    """What has the connections, and hears what is refused."""

    def __init__(self) -> None:
        self.connections: dict[Any, None] = {}
        self.refused: list[Refusal] = []
        self.handler = self

    def refuse(self, refusal: Refusal) -> None:
        self.refused.append(refusal)

    def connection(self, *, refusal: Refusal | None = None) -> asyncio.Protocol:
        if refusal:
            self.refused.append(refusal)
        return asyncio.Protocol()

    def track(self, connection: object, descriptor: int) -> None:
        assert descriptor >= 0
        self.connections[connection] = None


def hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(b"").wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    install(tmp_path)
    own = str(tmp_path / "callback-cert" / "callback.pem")
    return server_context(CertificateFiles(certificate=own, key=own))


@pytest.mark.parametrize(
    ("sent", "refused"),
    [(b"", []), (b"\x16", [NEVER_WHOLE]), (hello(), [NEVER_WHOLE])],
    ids=["nothing", "an octet", "a whole first message"],
)
async def test_rb_07_one_that_stalls_is_ended_in_time(
    context: ssl.SSLContext, *, sent: bytes, refused: list[Refusal]
) -> None:
    """A browser's spare connection, which says nothing, is nothing to tell of."""
    server = Server()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for end in (ours, theirs):
            end.settimeout(0)
        theirs.send(sent)
        await asyncio.wait_for(Handshake(server, ours).complete(context, timeout_s=0.2), 2)
        await asyncio.sleep(0)
    assert (server.refused, server.connections) == (refused, {})
    assert ours.fileno() == -1


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
async def test_one_whose_client_leaves_is_over_at_once(
    context: ssl.SSLContext, *, sent: bytes
) -> None:
    server = Server()
    ours, theirs = socket.socketpair()
    with ours:
        for end in (ours, theirs):
            end.settimeout(0)
        theirs.send(sent)
        theirs.close()
        await asyncio.wait_for(Handshake(server, ours).complete(context, timeout_s=10), 2)
    assert (server.refused, server.connections) == ([], {})


async def test_cb_10_one_that_is_to_make_room_is_closed_at_once(context: ssl.SSLContext) -> None:
    server = Server()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for end in (ours, theirs):
            end.settimeout(0)

        async def start() -> None:
            await Handshake(server, ours).complete(context, timeout_s=10)

        task = asyncio.create_task(start())
        await asyncio.sleep(0.05)
        [handshake] = server.connections
        handshake.force_close()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert server.connections == {}
    assert ours.fileno() == -1
