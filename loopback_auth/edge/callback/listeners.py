"""The sockets of the redirect URI: bound before anything is shown, on all addresses of its host."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from ...errors import ListenError, PortForbidden, PortInUse, RedirectURIRefused
from ...oauth.http.url import is_loopback
from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BACKLOG = 128
"""
The connections that the system keeps until they are accepted.

A browser opens two or three. If a flood has filled the queue, the browser's own connection comes a
second later at best, or is refused (Windows).
"""

FREE_PORT_TRIES = 20
"""The most tries to find a port that is free on both families; the first mostly does."""

_BUSY = frozenset({errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", 0)})
# 10013 is Windows' WSAEACCES, also for a port that another program holds exclusively, or that
# Hyper-V has reserved.
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, 10013})
_NO_FAMILY = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})


def check_redirect_uri(redirect_uri: str) -> str:
    """
    Return *redirect_uri* if this program can listen on it.

    It is http, to a literal loopback address or `localhost` (RFC 8252 sections 7.3 and 8.3),
    without a fragment.

    Raises:
        RedirectURIRefused: It is anything else.
    """
    try:
        parts = urlsplit(redirect_uri)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = redirect_uri.isascii() and redirect_uri.isprintable() and " " not in redirect_uri
    if (
        not plain
        or parts.scheme != "http"
        or not is_loopback(host)
        or "@" in parts.netloc
        or "#" in redirect_uri
    ):
        raise RedirectURIRefused(
            f"cannot listen on the redirect URI {one_line(redirect_uri, limit=200)!r}"
        )
    return redirect_uri


def with_port(redirect_uri: str, port: int) -> str:
    """Return *redirect_uri* with *port*; byte for byte the same if that is its port already."""
    parts = urlsplit(redirect_uri)
    if port == (80 if parts.port is None else parts.port):
        return redirect_uri
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))


@contextmanager
def bind(redirect_uris: Sequence[str]) -> Iterator[tuple[list[socket.socket], str]]:
    """
    Listen on the first of *redirect_uris* that is free; yield the sockets and the URI.

    Port 0 is any free port, which the URI then has. The sockets are closed when the block ends.

    Raises:
        PortInUse: Other programs hold the ports; the message names them.
        PortForbidden: The system does not allow the ports.
        ListenError: No address can be listened on for another reason.
    """
    failures: list[tuple[str, OSError]] = []
    for redirect_uri in redirect_uris:
        try:
            listeners = _listen(redirect_uri)
        except OSError as error:
            failures.append((redirect_uri, error))
            continue
        try:
            yield listeners, with_port(redirect_uri, listeners[0].getsockname()[1])
        finally:
            for listener in listeners:
                listener.close()
        return
    raise _cannot_listen(failures)


def _listen(redirect_uri: str) -> list[socket.socket]:
    parts = urlsplit(redirect_uri)
    host, port = parts.hostname or "", 80 if parts.port is None else parts.port
    if host != "localhost":
        return [_listen_on(host, port)]
    # A browser may use either family for `localhost`: a program that listens on the other one would
    # receive the code.
    for attempt in range(FREE_PORT_TRIES):
        first = _listen_on("127.0.0.1", port)
        try:
            return [first, _listen_on("::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno in _NO_FAMILY:
                return [first]
            first.close()
            if port != 0 or error.errno not in _BUSY or attempt == FREE_PORT_TRIES - 1:
                raise
    raise AssertionError  # the last attempt returned or raised


def _listen_on(address: str, port: int) -> socket.socket:
    listener = socket.socket(
        socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
    )
    try:
        if sys.platform == "win32":
            # On Windows SO_REUSEADDR would let another program take over the port; this forbids it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Elsewhere it ignores the TIME_WAIT of the last login; it allows no second listener.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except BaseException as error:
        listener.close()
        if isinstance(error, OSError):
            # For the message: `localhost` has two addresses.
            error.filename = address
        raise
    return listener


def _cannot_listen(failures: list[tuple[str, OSError]]) -> ListenError:
    from .port_holder import holder

    shown = ", ".join(uri for uri, _ in failures)
    busy = [
        (uri, urlsplit(uri).port or 80, error.filename)
        for uri, error in failures
        if error.errno in _BUSY
    ]
    if busy:
        held = "; ".join(
            f"port {port} of {address} is taken by {holder(port)}" for _, port, address in busy
        )
        return PortInUse(
            f"cannot listen on {shown}: {held}", port=busy[0][1], redirect_uri=busy[0][0]
        )
    if any(error.errno in _FORBIDDEN for _, error in failures):
        return PortForbidden(
            f"the system does not let this program listen on {shown}", redirect_uri=shown
        )
    reason = (
        failures[-1][1].strerror or os.strerror(failures[-1][1].errno or 0)
        if failures
        else "no redirect URI"
    )
    return ListenError(f"cannot listen on {shown}: {reason}", redirect_uri=shown)
