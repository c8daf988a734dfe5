"""
An authorization server that checks what it gets, for tests and for the demo.

It speaks RFC 6749 with PKCE (S256 and nothing else), OpenID Connect, RFC 7009, RFC 7662, RFC 8414 and RFC 9207. Everything it knows is in
`tenant`; this file is only its socket.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

from aiohttp import web

from .answers import HtmlPage, RequestRefused
from .delivery import deliver, proper, spoiled
from .endpoints import OPENID, metadata
from .faults import Faults
from .grants import tokens_for
from .records import Records, Request, read_fields
from .registry import DEFAULT_CLIENTS, DEFAULT_USERS, Registry
from .tenant import Policy, Tenant

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Self

    from .answers import Answer
    from .endpoints import Endpoint
    from .registry import Client, User

START_S = 10.0
"""More than any machine needs to start a thread and bind a port."""

BODY_OCTETS = 1024 * 1024

TURNS = 10
"""More than asyncio needs to make a transport of a socket."""

# What a client does to the server is for the test to tell, not for the terminal; pytest shows it where a test fails.
_log = logging.getLogger("loopback_auth.testing")
_log.addHandler(logging.NullHandler())


class AuthorizationServer:
    """
    The server: a context manager, either in a running event loop (`async with`) or in a thread of its own (`with ...running()`).

    *path* is the path of the issuer, `/tenant` say. *clock* gives POSIX seconds, and a test may turn it. With *ssl_context* it
    speaks https. `faults` and `policy` may be changed while it runs, from any thread.
    """

    def __init__(
        self,
        *,
        clients: Sequence[Client] = DEFAULT_CLIENTS,
        users: Sequence[User] = DEFAULT_USERS,
        policy: Policy = Policy(),  # noqa: B008 - a frozen value
        port: int = 0,
        path: str = "",
        clock: Callable[[], float] = time.time,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.faults = Faults()
        self.tenant = Tenant(issuer="", path=path, registry=Registry(clients, users, clock), policy=policy)
        self._port = port
        self._ssl_context = ssl_context
        self._records = Records()

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[Self]:
        """Run a server in a thread of its own until the block ends; *options* are those of the class."""
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
            raise failures[0] if failures else TimeoutError("the authorization server did not start")
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
            await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._ssl_context).start()
        except OSError:
            await self._runner.cleanup()
            raise
        port = self._runner.addresses[0][1]
        scheme = "https" if self._ssl_context else "http"
        self.tenant.issuer = f"{scheme}://127.0.0.1:{port}{self.tenant.path}"
        self.tenant.cookie = f"session-{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        # A connection accepted just now is closed by nobody if the listener goes before asyncio has made a transport of it.
        for _turn in range(TURNS):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    @property
    def issuer(self) -> str:
        """The server's name, and where it is."""
        return self.tenant.issuer

    @property
    def registry(self) -> Registry:
        """What the server remembers."""
        return self.tenant.registry

    @property
    def policy(self) -> Policy:
        """What the server decides for itself."""
        return self.tenant.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self.tenant.policy = policy

    @property
    def metadata(self) -> dict[str, Any]:
        """What discovery tells: the truth, until something else is put here."""
        return metadata(self.tenant) if self.tenant.metadata is None else self.tenant.metadata

    @metadata.setter
    def metadata(self, document: dict[str, Any] | None) -> None:
        self.tenant.metadata = document

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first."""
        return self._records.all()

    def seen(self, endpoint: str) -> list[Request]:
        """Give the requests to one endpoint, oldest first."""
        return self._records.all(endpoint)

    def forget_requests(self) -> None:
        """Start the record anew."""
        self._records.clear()

    def wait_for(self, endpoint: str, *, count: int = 1, timeout_s: float = 5.0) -> list[Request]:
        """
        Wait until *endpoint* has had *count* requests, and give them; raises `TimeoutError`.

        It blocks: inside the server's own event loop, `await asyncio.to_thread(server.wait_for, "token")`.
        """
        return self._records.wait_for(endpoint, count=count, timeout_s=timeout_s)

    def tokens_for(
        self, username: str, *, client_id: str, scope: str = "openid offline_access"
    ) -> dict[str, Any]:
        """Give a token answer as after a sign-in, for tests that start where the sign-in ends."""
        return tokens_for(self.tenant, username, client_id=client_id, scope=scope)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        served = [e for e in OPENID if e.url_path(self.tenant.path) == path]
        asked = await _read(request, path, served[0].name if served else "unknown")
        self._records.add(asked)
        if not served:
            return web.Response(status=404, text="Not found\n")
        (endpoint,) = served
        if asked.method not in endpoint.methods:
            return web.Response(
                status=405, headers={"Allow": ", ".join(endpoint.methods)}, text="Not allowed\n"
            )
        return await self._answer(endpoint, asked, request)

    async def _answer(self, endpoint: Endpoint, asked: Request, request: web.Request) -> web.StreamResponse:
        # Nothing is awaited before the fault is counted, so that `once` is once however many ask at the same time.
        found = self.faults.find(endpoint.faults)
        if found is None:
            return proper(self._ask(endpoint, asked).wire())
        name, fault = found
        answer = self._ask(endpoint, asked) if fault.acts else None
        if fault.bends and isinstance(answer, HtmlPage):
            # A page has no members: the fault waits for the redirect that comes after it.
            return proper(answer.wire())
        self.faults.use(name, fault)
        wire = spoiled(answer, fault)
        with suppress(ConnectionError):
            return await deliver(wire, request, fault)
        return web.Response()

    def _ask(self, endpoint: Endpoint, asked: Request) -> Answer:
        try:
            return endpoint.answer(self.tenant, asked)
        except RequestRefused as refused:
            return refused.answer()


async def _read(request: web.Request, path: str, endpoint: str) -> Request:
    names = dict.fromkeys(name.lower() for name in request.headers)
    asked = Request(
        endpoint=endpoint,
        method=request.method,
        path=path,
        headers={name: ", ".join(request.headers.getall(name)) for name in names},
        query=read_fields(request.rel_url.raw_query_string),
    )
    body = await request.read() if request.can_read_body else b""
    return replace(asked, form=read_fields(body.decode("utf-8", "replace"))) if asked.is_form else asked
