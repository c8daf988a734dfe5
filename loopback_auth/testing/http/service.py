"""
A server for tests: its sockets, the requests it was sent, and its faults; a subclass adds
endpoints.

It runs in an event loop (`async with`) or in a thread of its own (`with ...running()`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from aiohttp import web

from .answers import HtmlPage, RequestRefused
from .delivery import deliver, faulty, proper
from .faults import Faults
from .records import Records, Request, read_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from typing import Any, Self

    from .answers import Spoken

START_S = 10.0
"""More than any machine needs to start a thread and bind a port."""

BODY_OCTETS = 1024 * 1024

ITERATIONS = 10
"""More than asyncio needs to make a transport of a socket."""

# What a client does to the server is for the test to tell, not for the terminal; pytest shows it
# where a test fails.
_log = logging.getLogger("loopback_auth.testing")
_log.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The endpoint at a path, and the names of the faults that alter it."""

    name: str
    methods: tuple[str, ...]
    answer: Callable[[Request], Spoken]
    faults: tuple[str, ...] = ()


class HttpService(ABC):
    """The server; `faults` may be changed while it runs, from any thread."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.faults = Faults()
        self._ssl_context = ssl_context
        self._records = Records()

    @abstractmethod
    async def _listen(self) -> None:
        """Bind the ports with `_bind`, and note the addresses."""

    @abstractmethod
    def _find(self, path: str, port: int) -> Served | None:
        """Return the endpoint at *path* on *port*, or `None`."""

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Self]:
        """
        Run a server in a thread of its own until the block ends.

        *options* are those of the class.

        Raises:
            TimeoutError: The thread did not start within `START_S`.
        """
        server = cls(**options)
        started = threading.Event()
        failures: list[BaseException] = []
        end: list[Callable[[], object]] = []

        async def serve() -> None:
            loop, ending = asyncio.get_running_loop(), asyncio.Event()
            async with server:
                end.append(lambda: loop.call_soon_threadsafe(ending.set))
                started.set()
                await ending.wait()

        def run() -> None:
            try:
                asyncio.run(serve())
            except BaseException as failure:  # noqa: BLE001 - raised again in the thread that waits
                failures.append(failure)
            started.set()

        thread = threading.Thread(target=run, name="authorization-server", daemon=True)
        thread.start()
        started.wait(START_S)
        if not end:
            raise (
                failures[0] if failures else TimeoutError("the authorization server did not start")
            )
        try:
            yield server
        finally:
            end[0]()
            thread.join(START_S)

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=BODY_OCTETS)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=_log,
            shutdown_timeout=0.1,
            lingering_time=0.1,
            handler_cancellation=True,
        )
        await self._runner.setup()
        try:
            await self._listen()
        except OSError:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        # A connection accepted just now is closed by nobody if the listener goes before asyncio has
        # made a transport of it.
        for _iteration in range(ITERATIONS):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    async def _bind(self, address: str, port: int = 0) -> int:
        """Listen on one port of *address*, and return it."""
        known = len(self._runner.addresses)
        await web.TCPSite(self._runner, address, port, ssl_context=self._ssl_context).start()
        bound: int = self._runner.addresses[known][1]
        return bound

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first."""
        return self._records.all()

    def seen(self, endpoint: str) -> list[Request]:
        """Return the requests to one endpoint, oldest first."""
        return self._records.all(endpoint)

    def forget_requests(self) -> None:
        """Forget the requests so far."""
        self._records.clear()

    def wait_for(self, endpoint: str, *, count: int = 1, timeout_s: float = 5.0) -> list[Request]:
        """
        Return the requests to *endpoint* once there are *count* of them.

        It blocks: inside the server's own event loop, `await asyncio.to_thread(server.wait_for,
        "token")`.

        Raises:
            TimeoutError: There were fewer after *timeout_s*.
        """
        return self._records.wait_for(endpoint, count=count, timeout_s=timeout_s)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        served = self._find(path, _port_of(request))
        asked = await _read(request, path, served.name if served else "unknown")
        self._records.add(asked)
        if served is None:
            return web.Response(status=404, text="Not found\n")
        if asked.method not in served.methods:
            return web.Response(
                status=405, headers={"Allow": ", ".join(served.methods)}, text="Not allowed\n"
            )
        return await self._answer(served, asked, request)

    async def _answer(
        self, served: Served, asked: Request, request: web.Request
    ) -> web.StreamResponse:
        # Nothing is awaited before the fault is counted, so that `once` is once however many ask at
        # the same time.
        found = self.faults.find(served.faults)
        if found is None:
            return proper(_ask(served, asked).wire())
        name, fault = found
        answer = _ask(served, asked) if fault.acts else None
        if fault.alters and isinstance(answer, HtmlPage):
            # A page has no members: the fault waits for the redirect that comes after it.
            return proper(answer.wire())
        self.faults.use(name, fault)
        wire = faulty(answer, fault)
        with suppress(ConnectionError):
            return await deliver(wire, request, fault)
        return web.Response()


def _ask(served: Served, asked: Request) -> Spoken:
    try:
        return served.answer(asked)
    except RequestRefused as refused:
        return refused.answer()


def _port_of(request: web.Request) -> int:
    address = request.transport.get_extra_info("sockname") if request.transport else None
    return int(address[1]) if address else 0


async def _read(request: web.Request, path: str, endpoint: str) -> Request:
    names = dict.fromkeys(name.lower() for name in request.headers)
    asked = Request(
        endpoint=endpoint,
        method=request.method,
        path=path,
        headers={name: ", ".join(request.headers.getall(name)) for name in names},
        query=read_fields(request.rel_url.raw_query_string),
    )
    if request.content_type == "multipart/form-data":
        return replace(asked, parts=await _parts(request))
    body = await request.read() if request.can_read_body else b""
    return (
        replace(asked, form=read_fields(body.decode("utf-8", "replace")))
        if asked.is_form
        else asked
    )


async def _parts(request: web.Request) -> dict[str, list[str]]:
    try:
        posted = await request.post()
    except ValueError:
        # Such a body has no parts.
        return {}
    return {
        name: [v for v in posted.getall(name) if isinstance(v, str)]
        for name in dict.fromkeys(posted)
    }
