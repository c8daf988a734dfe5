"""The sockets of the redirect URI: bound before anything is shown, on all addresses of its host."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from ...errors import ListenError, PortForbidden, PortInUse, RedirectURIRefused
from ...oauth.http.url import is_loopback, loopback_addresses, port_of
from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .bind_address import BindAddress

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

    It is http or https, to a literal loopback address or `localhost` (RFC 8252 sections 7.3 and
    8.3), without a fragment.

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
        or parts.scheme not in ("http", "https")
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
    if port == port_of(redirect_uri):
        return redirect_uri
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))


@contextmanager
def bind(
    redirect_uris: Sequence[str], *, bind_address: BindAddress | None = None
) -> Iterator[tuple[list[socket.socket], str]]:
    """
    Listen on the first of *redirect_uris* that is free; yield the sockets and the URI.

    Port 0 is any free port, which the URI then has. The sockets are closed when the block ends.
    With *bind_address* it is listened on there, and a URI with a port of its own stays as it is.

    Raises:
        PortInUse: Other programs hold the ports; the message names them.
        PortForbidden: The system does not allow the ports.
        ListenError: No address can be listened on for another reason.
    """
    failures: list[tuple[str, OSError]] = []
    for redirect_uri in redirect_uris:
        try:
            listeners = _listen(redirect_uri, bind_address)
        except OSError as error:
            failures.append((redirect_uri, error))
            continue
        try:
            port = listeners[0].getsockname()[1]
            has_its_own = bind_address and urlsplit(redirect_uri).port != 0
            yield listeners, redirect_uri if has_its_own else with_port(redirect_uri, port)
        finally:
            for listener in listeners:
                listener.close()
        return
    raise _cannot_listen(failures, bind_address)


def _listen(redirect_uri: str, bind_address: BindAddress | None) -> list[socket.socket]:
    addresses: Sequence[str]
    if bind_address:
        addresses, port = bind_address.addresses(redirect_uri), bind_address.port_for(redirect_uri)
    else:
        parts = urlsplit(redirect_uri)
        addresses = loopback_addresses(parts.hostname or "")
        port = port_of(redirect_uri)
    for attempt in range(FREE_PORT_TRIES):
        try:
            return _listen_on_all(addresses, port)
        except OSError as error:
            is_last = port != 0 or len(addresses) == 1 or attempt == FREE_PORT_TRIES - 1
            if is_last or error.errno not in _BUSY:
                raise
    raise AssertionError  # the last attempt returned or raised


def _listen_on_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Return a listener of each of *addresses*, on one port; IPv6 may be missing here."""
    listeners: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                listeners.append(_listen_on(address, port))
            except OSError as error:
                if not listeners or error.errno not in _NO_FAMILY:
                    raise
            port = listeners[0].getsockname()[1]
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    return listeners


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
            # For the message: `localhost` has two addresses, and `--bind` a port of its own.
            error.filename, error.filename2 = address, port
        raise
    return listener


def _cannot_listen(
    failures: list[tuple[str, OSError]], bind_address: BindAddress | None
) -> ListenError:
    from .port_holder import holder

    shown = ", ".join(uri for uri, _ in failures)
    busy = [
        (uri, error.filename2, error.filename) for uri, error in failures if error.errno in _BUSY
    ]
    if busy:
        holders = [holder(port) for _, port, _ in busy]
        held = "; ".join(
            f"port {port} of {address} is taken by {who}"
            for (_, port, address), who in zip(busy, holders, strict=True)
        )
        uri, port, _ = busy[0]
        message = f"cannot listen on {shown}: {held}"
        return PortInUse(message, port=port, redirect_uri=uri, pid=holders[0].pid)
    if any(error.errno in _FORBIDDEN for _, error in failures):
        return PortForbidden(
            f"the system does not let this program listen on {shown}", redirect_uri=shown
        )
    if bind_address and failures[-1][1].errno in _NO_FAMILY:
        return bind_address.not_here()
    reason = (
        failures[-1][1].strerror or os.strerror(failures[-1][1].errno or 0)
        if failures
        else "no redirect URI"
    )
    return ListenError(f"cannot listen on {shown}: {reason}", redirect_uri=shown)
