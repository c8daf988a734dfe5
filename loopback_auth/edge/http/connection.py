"""
The connections of the HTTP client: one a request, or several requests on one, or one that is opened
before there is anything to send.

A server may close an idle connection at any moment, and a request that meets this is lost: nobody
knows whether the server has read it. So an idle connection carries a request only while no usual
server closes it, and when nothing has come on it.
"""

from __future__ import annotations

import asyncio
import select
import sys
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from ..process.clock import running_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

IDLE_S = 5.0
"""An idle connection carries no request after this, and is closed: many servers do it then."""

MARGIN_S = 0.05
"""How late a server's timer may be, and how long a request takes to leave this machine."""

WAIT_S = 3.0
"""The most that a request waits for a connection that is being opened ahead of it."""

STALLED_S = 1.0
"""An opening that takes longer is given up when somebody needs its connection: try another one."""

MOST_AHEAD = 8
"""Connections that are opened ahead in a session: a page that knocks forever causes no more."""


class Connection:
    """
    One connection, opened when a request needs it or before.

    *timeout* bounds the opening. One that is not *kept* carries a single request.
    """

    def __init__(self, timeout: aiohttp.ClientTimeout, *, kept: bool) -> None:
        self.kept = kept
        self._timeout = timeout
        # One connector has one connection at most: which one a request gets is then no question.
        self.connector = aiohttp.TCPConnector(limit=1, keepalive_timeout=IDLE_S, ttl_dns_cache=0)
        self._transport: asyncio.Transport | None = None
        self._began = self._idle_since = 0.0
        self.has_answered = False

    async def prepare(self, request: aiohttp.ClientRequest) -> bool:
        """
        Have a good connection ready for *request*, which has to follow at once.

        Return whether it is one that was idle.
        """
        # What the system has received is read in the loop's next round, and an end of it is seen.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        began = running_s()
        connection = await self._connect(request)
        is_idle = connection.transport is not None and connection.transport is self._transport
        if is_idle and not self._can_carry(request, connection):
            connection.close()
            began, is_idle = running_s(), False
            connection = await self._connect(request)
        if not is_idle:
            self._transport = connection.transport
            self._began, self._idle_since = began, running_s()
            self.has_answered = False
        # Into the connector's pool, where the request that follows takes it from.
        connection.release()
        return is_idle

    async def _connect(self, request: aiohttp.ClientRequest) -> aiohttp.connector.Connection:
        headers = request.proxy_headers and request.proxy_headers.copy()
        try:
            return await self.connector.connect(request, traces=[], timeout=self._timeout)
        except TimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        finally:
            # Connecting through a proxy adds to them, and they are a part of what the connection is
            # found by afterwards.
            request.proxy_headers = headers

    def _can_carry(
        self, request: aiohttp.ClientRequest, connection: aiohttp.connector.Connection
    ) -> bool:
        transport, protocol = connection.transport, connection.protocol
        if transport is None or protocol is None:
            return False
        now = running_s()
        # A GET that gets lost is sent again.
        in_time = now - self._idle_since < IDLE_S if request.method == "GET" else self.is_safe(now)
        # What has come unasked is such as a 408 before the end.
        return in_time and not protocol.should_close and not _is_readable(transport)

    @property
    def is_open(self) -> bool:
        """Whether neither side is known to have closed it."""
        return self._transport is not None and not self._transport.is_closing()

    def is_safe(self, moment: float) -> bool:
        """
        Return whether no usual server closes the connection about *moment*, idle as it is.

        Servers wait whole seconds, from some point of the opening or from the last answer on, after
        which some wait for nothing at all. A request that leaves shortly before the end of such a
        second may cross the server's farewell.
        """
        if not self.is_open:
            return False
        idle_s, opening_s = moment - self._idle_since, self._idle_since - self._began
        seconds = int(idle_s + opening_s + MARGIN_S)
        # At least two round trips are in the opening, of which one is for news of the end to come.
        is_past = idle_s > seconds + opening_s / 2 + MARGIN_S
        return idle_s < IDLE_S and (is_past or (seconds == 0 and not self.has_answered))

    def rest(self) -> None:
        """Note that the connection has carried a request, and is idle from now on."""
        now, self.has_answered = running_s(), True
        self._began, self._idle_since = now - (self._idle_since - self._began), now

    async def close(self) -> None:
        """Close what is open of it."""
        # aiohttp closes in a task that the end of the event loop cancels. Awaited, that would
        # cancel us, who may have an answer in hand that must not get lost.
        await asyncio.wait({asyncio.ensure_future(self.connector.close())})


class Connections:
    """
    The connections of a session, which are *kept*, or of a single request.

    Several may be open to one server; each carries one request at a time.
    """

    def __init__(self, timeout: aiohttp.ClientTimeout, *, kept: bool) -> None:
        self._timeout = timeout
        self._kept = kept
        self._idle: dict[str, list[Connection]] = {}
        self._in_use: list[str] = []
        self._wanted: dict[str, tuple[str, Callable[[Connection], Awaitable[object]]]] = {}
        self._openings: dict[str, tuple[asyncio.Task[None], float]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def close(self) -> None:
        """Close all connections, and end what opens others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for idle in self._idle.values():
            while idle:
                await idle.pop().close()

    @asynccontextmanager
    async def connection(self, method: str, url: str) -> AsyncIterator[Connection]:
        """
        Give the block a connection for one request to *url*'s server, opened or not.

        One that was opened ahead is for a POST, which can use none that has just answered.
        """
        origin = _origin(url)
        opening = None if method == "GET" else self._openings.get(origin)
        if opening is not None:
            await asyncio.wait({opening[0]}, timeout=WAIT_S)
        self._in_use.append(origin)
        try:
            async with self._taken(origin, is_new=method != "GET") as connection:
                try:
                    yield connection
                finally:
                    connection.rest()
        finally:
            self._in_use.remove(origin)
            wanted = self._wanted.pop(origin, None)
            if wanted is not None and not any(each.is_open for each in self._idle[origin]):
                self.open_ahead(*wanted)

    @asynccontextmanager
    async def _taken(self, origin: str, *, is_new: bool = True) -> AsyncIterator[Connection]:
        """Give the block an idle connection, the best for a POST if it may be an unused one."""
        idle, now = self._idle.setdefault(origin, []), running_s()
        usable = [each for each in idle if is_new or each.has_answered or not each.is_open]
        connection = max(usable, key=lambda each: each.is_safe(now), default=None)
        if connection is None:
            connection = Connection(self._timeout, kept=self._kept)
        else:
            idle.remove(connection)
        try:
            yield connection
        finally:
            idle.append(connection)

    def open_ahead(self, url: str, opened: Callable[[Connection], Awaitable[object]]) -> None:
        """
        Have a connection to *url*'s server opened by *opened* in the background.

        Nothing is done where one is there that can carry a request, or will be shortly. One that is
        in use just now may be kept by the server, or not: that is waited for.
        """
        origin, now = _origin(url), running_s()
        if origin in self._in_use:
            self._wanted[origin] = url, opened
            return
        if any(each.is_safe(now) for each in self._idle.get(origin, ())):
            return
        if opening := self._openings.get(origin):
            task, began = opening
            if not task.done() and now - began < STALLED_S:
                return
            task.cancel()
        if len(self._tasks) < MOST_AHEAD:
            task = asyncio.get_running_loop().create_task(self._open(origin, opened))
            self._tasks.append(task)
            self._openings[origin] = task, now

    async def _open(self, origin: str, opened: Callable[[Connection], Awaitable[object]]) -> None:
        async with self._taken(origin) as connection:
            await opened(connection)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_readable(transport: asyncio.Transport) -> bool:
    """Return whether something has come on *transport* that the loop has not read yet."""
    descriptor = transport.get_extra_info("socket").fileno()
    if descriptor < 0:
        return True
    if sys.platform != "win32" and hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
