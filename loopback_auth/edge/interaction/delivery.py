"""
What another terminal of the same user brings to a login that waits: a unix socket (0600) for each
login, in a folder (0700) of that user.

A caller sends one JSON object and closes its side; it gets one in return. On Windows, where Python
has no such sockets, there are none.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from ...errors import LoopbackAuthError
from ..files.private_folder import create_private_folder, open_private_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any

FOLDER = "waiting"
"""The folder below home; a socket is called `PROFILE~RANDOM`, as no profile can be."""

TEXT_OCTETS = 64 * 1024
"""The most of one text; an address is far shorter."""

REPLY_S = 5.0
"""The time for one text to be sent and answered."""

_REQUEST_OCTETS = 8 * TEXT_OCTETS

# sockaddr_un has 104 octets on macOS and 108 on Linux, with the NUL at the end.
_PATH_OCTETS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a login made of a text: *is_taken* or else why not, in *reason*."""

    is_taken: bool
    reason: str = ""


@asynccontextmanager
async def receiving(
    home: str, profile: str, judge: Callable[[str, bool], Verdict]
) -> AsyncIterator[None]:
    """
    Have *judge* take what `WaitingLogin.bring` brings to this login, until the block ends.

    The second argument says that only the answer counts, which carries our state. A socket that
    cannot be had is no reason for a login to fail.
    """
    with _listening(home, profile) as listener:
        if listener is None:
            yield
            return
        open_now: set[_Bringing] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: _Bringing(judge, open_now), sock=listener)
        try:
            yield
        finally:
            server.close()
            for bringing in list(open_now):
                bringing.end()


@contextmanager
def _listening(home: str, profile: str) -> Iterator[socket.socket | None]:
    name = f"{profile}~{os.urandom(4).hex()}"
    folder = os.path.join(home, FOLDER)
    listener = None
    try:
        if sys.platform != "win32":
            remove_abandoned(home)
            with create_private_folder(folder):
                listener = _bound(folder, name)
    except (LoopbackAuthError, OSError):
        pass
    if listener is None:
        yield None
        return
    try:
        yield listener
    finally:
        listener.close()
        with suppress(OSError):
            os.unlink(os.path.join(folder, name))


def _bound(folder: str, name: str) -> socket.socket:
    if sys.platform == "win32":
        raise OSError("Python has no sockets with a path there")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # It gets its name when it listens: another login would take it for abandoned before.
        with (
            _address(folder, f".{name.partition('~')[2]}") as made,
            _address(folder, name) as named,
        ):
            listener.bind(made)
            os.chmod(made, 0o600)
            listener.listen()
            os.rename(made, named)
        listener.settimeout(0)
    except BaseException:
        listener.close()
        raise
    return listener


@contextmanager
def _address(folder: str, name: str) -> Iterator[str]:
    """Yield the path of a socket in *folder*, short enough for the system where that can be."""
    path = os.path.join(folder, name)
    if len(os.fsencode(path)) <= _PATH_OCTETS or not sys.platform.startswith("linux"):
        yield path
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


class _Bringing(asyncio.Protocol):
    """One connection."""

    def __init__(self, judge: Callable[[str, bool], Verdict], open_now: set[_Bringing]) -> None:
        self._judge = judge
        self._open_now = open_now
        self._octets = b""
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open_now.add(self)
        self._deadline = asyncio.get_running_loop().call_later(REPLY_S, self.end)

    def data_received(self, data: bytes) -> None:
        self._octets += data
        if len(self._octets) > _REQUEST_OCTETS:
            self.end()

    def eof_received(self) -> bool:
        said = _members(self._octets)
        # Who only asks whether somebody listens has sent nothing.
        if said and self._transport is not None:
            only_answer = said.get("only_answer") is True
            verdict = self._judge(str(said.get("text"))[:TEXT_OCTETS], only_answer)
            reply = {"is_taken": verdict.is_taken, "reason": verdict.reason}
            self._transport.write(json.dumps(reply).encode())
        return False

    def connection_lost(self, _: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._open_now.discard(self)

    def end(self) -> None:
        """Close the connection once what was written is sent."""
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLogin:
    """A login of *profile* that waits in another process."""

    profile: str
    folder: str
    name: str

    def bring(self, text: str, *, only_answer: bool) -> Verdict | None:
        """
        Return what it makes of *text*; `None` if it does not wait any more.

        With *only_answer* it takes nothing but the answer to its own request.
        """
        request = json.dumps({"text": text, "only_answer": only_answer}).encode()
        octets = b""
        try:
            with self._connected() as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                while (chunk := connection.recv(4096)) and len(octets) < _REQUEST_OCTETS:
                    octets += chunk
        except OSError:
            return None
        said = _members(octets)
        is_taken, reason = said.get("is_taken") is True, str(said.get("reason"))
        return Verdict(is_taken=is_taken, reason=reason) if said else None

    def is_abandoned(self) -> bool:
        """Return whether nobody listens: its process was killed."""
        try:
            self._connected().close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    def _connected(self) -> socket.socket:
        if sys.platform == "win32":
            raise OSError("Python has no sockets with a path there")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(REPLY_S)
            with _address(self.folder, self.name) as address:
                connection.connect(address)
        except BaseException:
            connection.close()
            raise
        return connection


def _members(octets: bytes) -> dict[str, Any]:
    """Return the members of the object that *octets* are; none if they are no object."""
    try:
        said = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def waiting_logins(home: str) -> list[WaitingLogin]:
    """
    Return the logins of this user that wait, in the order of their profiles.

    Raises:
        StoreUnsafe: Others can write to the folder, and could receive what is brought.
        StoreUnwritable: The folder cannot be read.
    """
    if sys.platform == "win32":
        return []
    folder = os.path.join(home, FOLDER)
    with open_private_folder(folder) as found:
        names = found.names() if found else []
    return [
        WaitingLogin(profile=name.partition("~")[0], folder=folder, name=name)
        for name in sorted(names)
        if "~" in name
    ]


def remove_abandoned(home: str) -> None:
    """Remove the sockets that killed logins have left."""
    for waiting in waiting_logins(home):
        if waiting.is_abandoned():
            with suppress(OSError):
                os.unlink(os.path.join(waiting.folder, waiting.name))
