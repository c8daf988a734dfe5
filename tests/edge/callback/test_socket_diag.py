"""CB-16: the user at the other end of a connection, as the kernel tells of one connection alone."""

from __future__ import annotations

import os
import socket
import sys
import time

import pytest

from loopback_auth.edge.callback.peer_user import other_user
from loopback_auth.edge.callback.socket_diag import uid_and_state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")

ESTABLISHED, FIN_WAIT2 = 1, 5


@pytest.mark.parametrize(
    ("client", "server", "address"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, "127.0.0.1", "::ffff:127.0.0.1"),
        (socket.AF_INET6, "::1", "::1"),
    ],
    ids=["ipv4", "both-families", "ipv6"],
)
def test_cb_16_the_owner_of_the_other_end_is_found(
    client: socket.AddressFamily, server: str, address: str
) -> None:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with (
        socket.create_server((server, 0), family=family) as listener,
        socket.socket(client) as near,
    ):
        near.connect((address, listener.getsockname()[1]))
        far, peer = listener.accept()
        with far:
            own = far.getsockname()
            assert uid_and_state(peer, own) == (os.getuid(), ESTABLISHED)
            assert other_user(peer, own, environ={}) is None
            near.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + 5
            while uid_and_state(peer, own) != (os.getuid(), FIN_WAIT2):
                assert time.monotonic() < deadline


def test_cb_16_a_connection_that_is_not_there_has_no_owner() -> None:
    with pytest.raises(OSError, match="no such socket"):
        uid_and_state(("127.0.0.1", 1), ("127.0.0.1", 2))


def test_cb_16_two_families_are_no_connection() -> None:
    with pytest.raises(ValueError, match="two families"):
        uid_and_state(("127.0.0.1", 1), ("::1", 2))
