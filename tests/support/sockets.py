"""Looks at ports from outside."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    """Return a port of localhost, both families, that was free a moment ago."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        if is_free(port, "::1") or not is_free(0, "::1"):
            return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen there now, as the next login would."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections that just ended keep their address for a minute; a listener may have it all
        # the same (not on Windows).
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def has_ipv6_loopback() -> bool:
    """Tell whether this machine has the address ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@contextmanager
def silent_listener() -> Iterator[int]:
    """Yield the port of a listener that takes connections and never says anything."""
    with silent_server() as listener:
        yield listener.getsockname()[1]


def silent_server() -> socket.socket:
    """Return a listener that takes connections and never says anything."""
    return socket.create_server(("127.0.0.1", 0), backlog=8)


@contextmanager
def first_words(listener: socket.socket, timeout_s: float = 20) -> Iterator[bytes]:
    """Wait until somebody connects to *listener* and speaks; yield that, with the line open."""
    listener.settimeout(timeout_s)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(timeout_s)
        yield connection.recv(65536)
