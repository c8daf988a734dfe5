"""Looks at ports from outside."""

from __future__ import annotations

import os
import random
import socket
import sys
import time
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def _own_ports() -> Iterator[int]:
    """
    Yield ports that no other test is given meanwhile, the first of them by chance.

    No system gives these to who asks for any port (Linux begins at 32768, macOS and Windows at
    49152), and each worker of a test run has its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ports = range(20_000 + worker, 32_000, workers)
    first = random.randrange(len(ports))  # noqa: S311 - no secret
    return cycle([*ports[first:], *ports[:first]])


_PORTS = _own_ports()


def free_port() -> int:
    """Return a port that is free on each address of this machine, and stays free for this test."""
    return next(port for port in _PORTS if all(is_free(port, host) for host in _ALL_ADDRESSES))


def listen(host: str = "127.0.0.1", port: int = 0, *, backlog: int = 128) -> socket.socket:
    """
    Listen as another program would, on *port* or one of this test's own.

    The same port of the other family is free, and once this one is closed it stays closed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port or free_port()), family=family, backlog=backlog)


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


def is_released(port: int, host: str = "127.0.0.1") -> bool:
    """
    Return whether the port that a login has held is free.

    The system may have given it to a connection of another test meanwhile: those are short.
    """
    over = time.monotonic() + 10
    while not (free := is_free(port, host)) and time.monotonic() < over:
        time.sleep(0.05)
    return free


def has_ipv6_loopback() -> bool:
    """Tell whether this machine has the address ::1."""
    return is_free(0, "::1")


_ALL_ADDRESSES = ("0.0.0.0", "::") if has_ipv6_loopback() else ("0.0.0.0",)  # noqa: S104 - looked at


@contextmanager
def silent_listener() -> Iterator[int]:
    """Yield the port of a listener that takes connections and never says anything."""
    with silent_server() as listener:
        yield listener.getsockname()[1]


def silent_server() -> socket.socket:
    """Return a listener that takes connections and never says anything."""
    return listen(backlog=8)


@contextmanager
def first_words(listener: socket.socket, timeout_s: float = 20) -> Iterator[bytes]:
    """Wait until somebody connects to *listener* and speaks; yield that, with the line open."""
    listener.settimeout(timeout_s)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(timeout_s)
        yield connection.recv(65536)
