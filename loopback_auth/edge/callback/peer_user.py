"""
The user whose program is at the other end of a loopback connection, on Linux.

The kernel's table of connections has two rows for such a connection; the client's is the one whose
local address is our peer's. Without a table or a row, as in another namespace, nothing is known.
Where the kernel does not give one row alone, its table is read.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

from .socket_diag import uid_and_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

PROC = "/proc"
"""Where the tables are; those of another folder are read without asking the kernel first."""

TABLE_OCTETS = 32 * 1024 * 1024
"""The most of a table that is read: 200,000 connections in half a second; a desktop has 200."""

_CHUNK_OCTETS = 256 * 1024
_ROW_OCTETS = 256

# ESTABLISHED, FIN_WAIT1 and FIN_WAIT2: a client that has closed its sending side can still read our
# answer.
_STATES = (b"01", b"04", b"05")


def other_user(
    peer: tuple[Any, ...], own: tuple[Any, ...], *, environ: Mapping[str, str], proc: str = PROC
) -> str | None:
    """
    Return the name of another user whose program connected from *peer* to *own*.

    Both are loopback addresses. `None` if it is this user, root or the user who called sudo, or if
    the system does not say.
    """
    if not sys.platform.startswith("linux") or not ip_address(own[0]).is_loopback:
        return None
    uid = None
    with suppress(OSError, ValueError):
        uid = _uid_of_client(peer, own, proc)
    ours = {os.getuid(), os.geteuid(), 0}
    if uid is None or uid in ours or str(uid) == environ.get("SUDO_UID"):
        return None
    from ..process.users import user_name

    return (user_name(uid) or f"uid {uid}") if _is_mapped(uid, proc) else None


def _uid_of_client(peer: tuple[Any, ...], own: tuple[Any, ...], proc: str) -> int | None:
    if proc == PROC:
        with suppress(OSError, ValueError):
            found, number = uid_and_state(peer, own)
            return found if b"%02X" % number in _STATES else None
    for table, version in (("tcp", 4), ("tcp6", 6)):
        with suppress(OSError, ValueError):
            ends = b" %b %b " % (_end(peer, version), _end(own, version))
            if row := _row_after(ends, f"{proc}/net/{table}"):
                state, _, _, _, uid = row.split(None, 5)[:5]
                return int(uid) if state in _STATES else None
    return None


def _row_after(start: bytes, path: str) -> bytes:
    """Return what follows *start* in its row of the table at *path*; empty without such a row."""
    held = b""
    with open(path, "rb") as file:
        for _ in range(TABLE_OCTETS // _CHUNK_OCTETS):
            chunk = file.read(_CHUNK_OCTETS)
            held = held[-2 * _ROW_OCTETS :] + chunk
            found = held.find(start)
            if found >= 0 and (len(held) - found > _ROW_OCTETS or not chunk):
                return held[found + len(start) :]
            if not chunk:
                break
    return b""


def _end(address: tuple[Any, ...], version: int) -> bytes:
    """Return *address* as the table of IP *version* writes it: machine words in hexadecimal."""
    ip: IPv4Address | IPv6Address = ip_address(address[0])
    if ip.version < version and isinstance(ip, IPv4Address):
        # The client has a socket for both families, as Java's are.
        ip = IPv6Address(f"::ffff:{ip}")
    if ip.version != version:
        raise ValueError("an IPv6 connection is not in the table of IPv4")
    packed = ip.packed
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    text = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{text}:{address[1]:04X}".encode("ascii")


def _is_mapped(uid: int, proc: str) -> bool:
    """Return whether *uid* is a user here, not the kernel's number for other namespaces."""
    with suppress(OSError, ValueError):
        with open(f"{proc}/sys/kernel/overflowuid", encoding="ascii") as file:
            if uid != int(file.read()):
                return True
        return any(first <= uid < first + count for first, count in _mapped(proc))
    return True


def _mapped(proc: str) -> Iterator[tuple[int, int]]:
    with open(f"{proc}/self/uid_map", encoding="ascii") as file:
        for line in file:
            first, _, count = map(int, line.split())
            yield first, count
