"""
A server that says exactly what a test tells it to, octet by octet, in threads of its own.

    with ScriptedServer() as server: server.answers["/token"] = json_answer({"access_token": "a",
        "token_type": "Bearer"}) server.answers["/token"] = HANG                     # or DROP, or
        any function that is given the connection ... server.asked("/token")
        # what came, in order
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from .sockets import listen

if TYPE_CHECKING:
    from types import TracebackType

TIMEOUT_S = 20.0

Script = Callable[["Connection"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came; header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One accepted connection, its request read: *over* is set when the server closes."""

    socket: socket.socket
    request: Request
    over: threading.Event


def plain_answer(
    body: bytes, *headers: str, status: int = 200, kind: str = "application/json"
) -> bytes:
    lines = (
        f"HTTP/1.1 {status} Said",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def json_answer(document: Any, *headers: str, status: int = 200) -> bytes:
    return plain_answer(json.dumps(document).encode(), *headers, status=status)


def redirect(status: int, location: str) -> bytes:
    return plain_answer(b"", f"Location: {location}", status=status, kind="text/html")


def hang(connection: Connection) -> None:
    """Never answer."""
    connection.over.wait(TIMEOUT_S)


def drop(connection: Connection) -> None:
    """Break the connection without a word."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def close(_: Connection) -> None:
    """End the connection politely, without a word."""


def streaming(head: bytes, chunk: bytes, times: int) -> Script:
    """Send *head*, then *chunk* again and again until the other side has enough."""

    def stream(connection: Connection) -> None:
        with suppress(OSError):
            connection.socket.sendall(head)
            for _ in range(times):
                connection.socket.sendall(chunk)

    return stream


def dripping(octets: bytes, pause_s: float) -> Script:
    """Send one octet at a time."""

    def drip(connection: Connection) -> None:
        with suppress(OSError):
            for octet in octets:
                connection.socket.sendall(bytes([octet]))
                if connection.over.wait(pause_s):
                    return

    return drip


def tunnel_to(port: int) -> Script:
    """Be a proxy that connects every name to *port* of this machine."""

    def tunnel(connection: Connection) -> None:
        with socket.create_connection(("127.0.0.1", port)) as inner:
            connection.socket.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(inner, connection.socket), daemon=True)
            back.start()
            _copy(connection.socket, inner)
            back.join(TIMEOUT_S)

    return tunnel


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)


class ScriptedServer:
    """
    Listens on a port of its own. *tls* makes it an https server; a path without an
    answer is a 404.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, bytes | Script] = {}
        self.requests: list[Request] = []
        self.connections = 0
        self.over = threading.Event()
        self._news = threading.Condition()
        self._tls = tls
        self._host = host
        self._threads: list[threading.Thread] = []
        self._unasked: list[socket.socket] = []

    def __enter__(self) -> Self:
        # Not any port: a test goes on when this has ended, and nobody else may answer there.
        self._listener = listen(self._host, backlog=32)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_listening()
        self.over.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S)

    def stop_listening(self) -> None:
        """Refuse every new connection from here on."""
        with suppress(OSError):
            # Closing alone does not wake the thread that waits in accept.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def leave(self) -> None:
        """Refuse every new connection, and break those on which nothing has been asked."""
        self.stop_listening()
        self.break_unasked()

    def break_unasked(self) -> None:
        """End the connections on which nothing has been asked."""
        for connection in list(self._unasked):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_for_connections(self, count: int) -> None:
        """Wait until *count* connections have been made, and not asked anything yet."""
        with self._news:
            assert self._news.wait_for(lambda: len(self._unasked) >= count, TIMEOUT_S)

    def wait_until_left(self) -> None:
        """Wait until all who have connected are gone."""
        for thread in self._threads[1:]:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    def url(self, path: str) -> str:
        return self.origin + path

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def wait_for(self, path: str, *, times: int = 1) -> list[Request]:
        """Wait until *path* has been asked for so many times."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.asked(path)) >= times, TIMEOUT_S), (
                f"nobody asked for {path}"
            )
        return self.asked(path)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        # A client that breaks off, or will not speak TLS with us, is what some tests are about.
        with plain, suppress(OSError):
            plain.settimeout(TIMEOUT_S)
            with (
                self._tls.wrap_socket(plain, server_side=True) if self._tls else plain as connection
            ):
                self._answer(connection)
                self._end(connection)

    def _answer(self, connection: socket.socket) -> None:
        with self._news:
            self._unasked.append(connection)
            self._news.notify_all()
        try:
            request = _read(connection)
        finally:
            self._unasked.remove(connection)
        if request is None:
            return
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        answer = self.answers.get(
            request.path, self.answers.get("*", plain_answer(b"", status=404))
        )
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(Connection(socket=connection, request=request, over=self.over))

    @staticmethod
    def _end(connection: socket.socket) -> None:
        if isinstance(connection, ssl.SSLSocket):
            # A client that waits for the close of the TLS stream is told of it.
            connection.unwrap()


def _read(connection: socket.socket) -> Request | None:
    got = bytearray()
    while b"\r\n\r\n" not in got:
        octets = connection.recv(65536)
        if not octets:
            return None
        got += octets
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = tuple(
        (name.lower(), value.strip())
        for name, _, value in (each.partition(":") for each in lines[1:])
    )
    length = re.search(r"(?im)^content-length: *(\d+)", head.decode("latin-1"))
    while len(body) < (int(length[1]) if length else 0):
        octets = connection.recv(65536)
        if not octets:
            return None
        body += octets
    method, target = lines[0].split(" ")[:2]
    return Request(method=method, target=target, headers=headers, body=body)
