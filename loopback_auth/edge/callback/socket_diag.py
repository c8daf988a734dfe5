"""
Linux: one row of the kernel's table of TCP connections, by netlink (sock_diag(7)).

The file /proc/net/tcp has the same row; to read it, the kernel walks through the whole table, which
takes milliseconds.
"""

from __future__ import annotations

import socket
import struct
import sys
from ipaddress import ip_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT_S = 0.1
"""For the kernel, which answers before the request is sent; a sandbox may say nothing."""

_BY_FAMILY = 20
_NETLINK_SOCK_DIAG = 4
_REQUEST = 1
_ALL_STATES = 0xFFFF_FFFF
_NO_COOKIE = b"\xff" * 8
# nlmsghdr: length, type, flags, sequence, port. inet_diag_req_v2: family, protocol, extensions,
# padding, states. inet_diag_sockid: both ports, both addresses, interface, cookie.
_HEAD = struct.Struct("=IHHII")
_REQUESTED = struct.Struct("=BBBxI")
_PORTS = struct.Struct("!HH")
# inet_diag_msg: family, state, timer, retransmissions; sockid; expiry, two queues, uid, inode.
_FOUND = struct.Struct("=BBBB48xIIIII")


def uid_and_state(local: tuple[Any, ...], remote: tuple[Any, ...]) -> tuple[int, int]:
    """
    Return the uid of who owns the socket that connects *local* to *remote*, and its state.

    Raises:
        OSError: There is no such socket, or the system does not say.
        ValueError: The two addresses are of two families.
    """
    if sys.platform != "linux":
        raise OSError("only Linux has sock_diag")
    ends = [ip_address(end[0]) for end in (local, remote)]
    if ends[0].version != ends[1].version:
        raise ValueError("the two ends are of two families")
    family = socket.AF_INET if ends[0].version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    body = _REQUESTED.pack(family, socket.IPPROTO_TCP, 0, _ALL_STATES)
    body += _PORTS.pack(local[1], remote[1])
    body += b"".join(end.packed.ljust(16, b"\0") for end in ends)
    body += b"\0\0\0\0" + _NO_COOKIE
    head = _HEAD.pack(_HEAD.size + len(body), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(TIMEOUT_S)
        netlink.sendto(head + body, (0, 0))
        answer = netlink.recv(4096)
    # Else it is an error (NLMSG_ERROR), mostly ENOENT.
    if len(answer) < _HEAD.size + _FOUND.size or _HEAD.unpack_from(answer)[1] != _BY_FAMILY:
        raise OSError("there is no such socket")
    _, state, _, _, _, _, _, uid, _ = _FOUND.unpack_from(answer, _HEAD.size)
    return uid, state
