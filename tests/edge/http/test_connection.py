"""TX: connections that are opened ahead or shared, and that no request gets lost on."""

from __future__ import annotations

import asyncio
import runpy
import socket
import ssl
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import trustme

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.http.connection import IDLE_S, MARGIN_S, MOST_AHEAD, Connection
from loopback_auth.errors import (
    ConfigError,
    ConnectionFailed,
    ConnectionLost,
    LoopbackAuthError,
    ProxyFailed,
)
from loopback_auth.flows.server.connections import connect_ahead, session_of
from loopback_auth.flows.trace import traced
from loopback_auth.oauth.http.messages import FormPost, Get
from loopback_auth.oauth.secret import Secret

from ...support.scripted_server import (
    Connection as ServedConnection,
    ScriptedServer,
    drop,
    json_answer,
    tunnel_to,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from loopback_auth.notices import Notice

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[3]
ANSWER = json_answer({"access_token": "a"})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answers["*"] = ANSWER
        yield server


@pytest.fixture(scope="module")
def company() -> trustme.CA:
    return trustme.CA(organization_name="A company")


@pytest.fixture
def bundle(company: trustme.CA, tmp_path: Path) -> str:
    company.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    return str(tmp_path / "company.pem")


@pytest.fixture
def identity(company: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.issue_cert("localhost", "id.example.test").configure_cert(context)
    return context


def post(url: str) -> FormPost:
    return FormPost(url=url, fields=(("code", Secret("the-code")),))


class Impatient:
    """
    An HTTP server that closes what has been idle for *idle_s*, counted from a connection's
    beginning or from its last answer.
    """

    def __init__(self, idle_s: float, tls: ssl.SSLContext) -> None:
        self.idle_s = idle_s
        self._tls = tls
        self.connections = 0
        self.requests: list[bytes] = []
        self.idled_s = 0.0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        clock = asyncio.get_running_loop().time
        try:
            while True:
                began = clock()
                async with asyncio.timeout(self.idle_s):
                    head = await reader.readuntil(b"\r\n\r\n")
                self.idled_s = clock() - began
                length = int((head.lower().partition(b"content-length: ")[2].split() or [0])[0])
                self.requests.append(await reader.readexactly(length))
                writer.write(ANSWER)
        except (TimeoutError, EOFError, OSError):
            writer.close()


# --- a code is never lost


async def exchange_after(pause_s: float, server: Impatient, http: HttpTransport) -> str:
    """Exchange a code *pause_s* after a connection was opened; say what went wrong, or nothing."""
    relaying = runpy.run_path(str(ROOT / "scripts" / "bench_parts" / "relay.py"))["relaying"]
    async with server.serving() as inner, relaying(inner, 0.05) as port:
        url = f"https://localhost:{port}/token"
        async with http.session() as transport:
            transport.connect_ahead(url)
            await asyncio.sleep(pause_s)
            try:
                await transport(post(url))
            except LoopbackAuthError as error:
                return f"closed after {server.idle_s} s, sent after {pause_s:.2f} s: {error}"
    return "" if len(server.requests) == 1 else f"{len(server.requests)} requests"


TRIES = 5


async def exchange_in_time(
    pause_s: float, closes_s: float, identity: ssl.SSLContext, http: HttpTransport
) -> tuple[str, float]:
    """
    Do so with a server whose timer is as good as a usual one; return its idle time, too.

    It shares this machine: where that stood still, the farewell was late, and nothing is proven.
    """
    for _ in range(TRIES):
        server = Impatient(closes_s, identity)
        async with lateness() as late_s:
            outcome = await exchange_after(pause_s, server, http)
        if not outcome or max(late_s) < MARGIN_S:
            break
    return outcome, server.idled_s


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """Give the block a list of how late the timers of this loop were meanwhile, in seconds."""
    clock, late_s = asyncio.get_running_loop().time, [0.0]

    async def tick() -> None:
        while True:
            began = clock()
            await asyncio.sleep(MARGIN_S / 5)
            late_s.append(clock() - began - MARGIN_S / 5)

    ticking = asyncio.create_task(tick())
    try:
        yield late_s
    finally:
        ticking.cancel()


def around(closes_s: int) -> list[tuple[int, float]]:
    """Return moments around that at which a server closes, a quarter of a second after it opens."""
    return [(closes_s, closes_s + 0.25 + tenths / 10) for tenths in range(-5, 6)]


SWEPT = [
    around(1),
    [
        *(moment for closes_s in range(2, 6) for moment in around(closes_s)),
        *((closes_s, tenths / 2) for closes_s in (10, 60) for tenths in range(13)),
    ],
]


@pytest.mark.slow_cases
@pytest.mark.parametrize("moments", SWEPT, ids=["1-second", "2-to-60-seconds"])
async def test_tx_01_no_login_is_lost_to_a_server_that_closes_idle_connections(
    moments: list[tuple[int, float]], identity: ssl.SSLContext, bundle: str
) -> None:
    """Sent at every moment around that in which the server closes, over a slow network."""
    http = HttpTransport(ca_bundle=bundle, environ={})
    await exchange_after(0, Impatient(60, identity), http)
    outcomes = await asyncio.gather(
        *(exchange_in_time(sent_s, closes_s, identity, http) for closes_s, sent_s in moments)
    )
    assert [outcome for outcome, _ in outcomes if outcome] == []
    assert max(idled_s for _, idled_s in outcomes) < IDLE_S + 1


@pytest.mark.parametrize("last_words", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
async def test_tx_01_a_connection_that_has_ended_carries_no_code(last_words: bytes) -> None:
    """The end, or what announces it, is in the system's buffer; the loop has not seen it yet."""
    answered: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        async with HttpTransport(environ={}).session() as transport:
            transport.connect_ahead(url)
            first, _ = await asyncio.to_thread(listener.accept)
            await asyncio.sleep(0.1)

            def serve() -> None:
                second, _ = listener.accept()
                with second:
                    second.recv(1)
                    answered.append(b"")
                    second.sendall(ANSWER)
                    second.shutdown(socket.SHUT_WR)
                    while second.recv(65536):
                        pass

            serving = asyncio.create_task(asyncio.to_thread(serve))
            await asyncio.sleep(0.05)
            with first:
                first.sendall(last_words)
                if not last_words:
                    first.shutdown(socket.SHUT_WR)
                reply = await transport(post(url))
                assert first.recv(1) == b""
            await transport.aclose()
            await serving
    assert reply.is_success
    assert len(answered) == 1


async def test_tx_01_a_post_on_an_idle_connection_that_breaks_is_not_sent_again(
    server: ScriptedServer,
) -> None:
    server.answers["/token"] = drop
    async with HttpTransport(environ={}).session() as transport:
        transport.connect_ahead(server.url("/token"))
        await asyncio.sleep(0.2)
        with pytest.raises(ConnectionLost):
            await transport(post(server.url("/token")))
    assert (server.connections, len(server.asked("/token"))) == (1, 1)


async def test_tx_01_an_answer_that_was_the_last_of_its_connection_costs_no_post(
    server: ScriptedServer,
) -> None:
    """The server closes after each answer, and does not say so."""
    async with HttpTransport(environ={}).session() as transport:
        for _ in range(3):
            await transport(post(server.url("/token")))
    assert (server.connections, len(server.requests)) == (3, 3)


class EndingConnector:
    """One that closes in a task, which the end of the event loop cancels."""

    def close(self) -> asyncio.Task[None]:
        closing = asyncio.ensure_future(asyncio.sleep(60))
        asyncio.get_running_loop().call_soon(closing.cancel)
        return closing


async def test_rf_05_a_close_that_the_end_of_the_loop_cancels_cancels_no_refresh() -> None:
    """RF-05: its caller has the answer in hand, and in it the only refresh token that works."""
    connection = Connection(aiohttp.ClientTimeout(), kept=False)
    await connection.close()
    connection.connector = EndingConnector()  # type: ignore[assignment]
    await connection.close()


# --- what is opened ahead


async def test_what_is_opened_ahead_sends_nothing_and_is_used(server: ScriptedServer) -> None:
    async with HttpTransport(environ={}).session() as transport:
        transport.connect_ahead(server.url("/token"))
        transport.connect_ahead(server.url("/token"))
        await asyncio.sleep(0.2)
        assert (server.connections, server.requests) == (1, [])
        transport.connect_ahead(server.url("/token"))
        assert (await transport(post(server.url("/token")))).is_success
    assert (server.connections, len(server.requests)) == (1, 1)


async def test_a_request_waits_for_the_connection_that_is_being_opened(
    server: ScriptedServer,
) -> None:
    async with HttpTransport(environ={}).session() as transport:
        transport.connect_ahead(server.url("/token"))
        assert (await transport(post(server.url("/token")))).is_success
    assert server.connections == 1


async def test_a_get_leaves_the_connection_that_was_opened_for_a_post(
    server: ScriptedServer,
) -> None:
    async with HttpTransport(environ={}).session() as transport:
        transport.connect_ahead(server.url("/token"))
        await transport(Get(url=server.url("/metadata")))
        assert (await transport(post(server.url("/token")))).is_success
    assert server.connections == 2


async def test_a_transport_that_is_traced_opens_ahead_too(server: ScriptedServer) -> None:
    lines: list[Notice] = []
    async with session_of(traced(HttpTransport(environ={}), lines.append)) as transport:
        connect_ahead(transport, server.url("/token"))
        await asyncio.sleep(0.2)
        assert server.connections == 1
        await transport(post(server.url("/token")))
    assert (server.connections, len(lines)) == (1, 1)


@pytest.mark.parametrize(("is_kept", "connections"), [(True, 1), (False, 2)])
async def test_one_in_use_is_waited_for_and_counts_where_the_server_keeps_it(
    server: ScriptedServer, *, is_kept: bool, connections: int
) -> None:
    wanted = threading.Event()

    def answer(connection: ServedConnection) -> None:
        wanted.wait(5)
        connection.socket.sendall(json_answer({}, *([] if is_kept else ["Connection: close"])))
        if is_kept:
            server.over.wait(5)

    server.answers["/metadata"] = answer
    async with HttpTransport(environ={}).session() as transport:
        discovery = asyncio.create_task(transport(Get(url=server.url("/metadata"))))
        await asyncio.to_thread(server.wait_for, "/metadata")
        transport.connect_ahead(server.url("/token"))
        wanted.set()
        await discovery
        await asyncio.sleep(0.2)
        assert server.connections == connections
        server.over.set()


async def test_ds_06_it_is_opened_through_the_proxy_and_tells_it_nothing(
    identity: ssl.SSLContext, bundle: str
) -> None:
    with ScriptedServer(tls=identity) as server, ScriptedServer() as proxy:
        server.answers["*"] = ANSWER
        proxy.answers["*"] = tunnel_to(server.port)
        http = HttpTransport(ca_bundle=bundle, environ={"https_proxy": proxy.origin})
        async with http.session() as transport:
            transport.connect_ahead("https://id.example.test/token?tenant=secret")
            await asyncio.sleep(0.5)
            (asked,) = proxy.requests
            assert (asked.method, asked.target, asked.body) == (
                "CONNECT",
                "id.example.test:443",
                b"",
            )
            assert (await transport(post("https://id.example.test/token"))).is_success
        assert (proxy.connections, server.connections) == (1, 1)


@pytest.mark.parametrize(
    "url",
    ["https://id.example.test/token", "http://127.0.0.1:9/token", "https://127.0.0.1:9/token"],
)
async def test_what_goes_wrong_ahead_is_told_by_the_request_alone(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bundle.pem").write_text("no certificate")
    bundle = str(tmp_path / "bundle.pem") if url.startswith("https://127") else None
    environ = {"https_proxy": "socks5://jane:canary@proxy.example.test"}
    async with HttpTransport(ca_bundle=bundle, environ=environ).session() as transport:
        transport.connect_ahead(url)
        await asyncio.sleep(0.1)
        with pytest.raises((ConnectionFailed, ProxyFailed, ConfigError)):
            await transport(post(url))
    assert caplog.text == ""


async def test_rb_10_a_session_that_ends_leaves_no_connection(server: ScriptedServer) -> None:
    async with HttpTransport(environ={}).session() as transport:
        transport.connect_ahead(server.url("/token"))
        await asyncio.sleep(0.2)
        transport.connect_ahead("http://127.0.0.2:9/")
    await asyncio.to_thread(server.wait_until_left)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_page_that_knocks_forever_opens_few_connections() -> None:
    accepted = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        listener.settimeout(5)
        async with HttpTransport(environ={}).session() as transport:
            for _ in range(2 * MOST_AHEAD):
                transport.connect_ahead(url)
                if accepted < MOST_AHEAD:
                    (await asyncio.to_thread(listener.accept))[0].close()
                    accepted += 1
                await asyncio.sleep(0.01)
            listener.settimeout(0.3)
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(listener.accept)
    assert accepted == MOST_AHEAD


async def test_without_a_session_nothing_is_opened_ahead(server: ScriptedServer) -> None:
    HttpTransport(environ={}).connect_ahead(server.url("/token"))
    await asyncio.sleep(0.1)
    assert server.connections == 0


# --- what is shared


async def test_a_get_follows_a_post_on_its_connection(
    identity: ssl.SSLContext, bundle: str
) -> None:
    server = Impatient(60, identity)
    async with server.serving() as port:
        async with HttpTransport(ca_bundle=bundle, environ={}).session() as transport:
            await transport(post(f"https://localhost:{port}/token"))
            await transport(Get(url=f"https://localhost:{port}/userinfo"))
        assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_get_that_an_idle_connection_lost_is_sent_on_another(
    server: ScriptedServer,
) -> None:
    """The server closes after each answer, and does not say so."""
    async with HttpTransport(environ={}).session() as transport:
        for _ in range(5):
            await transport(Get(url=server.url("/userinfo")))
    assert len(server.requests) == 5


async def test_two_requests_at_once_have_a_connection_each(
    identity: ssl.SSLContext, bundle: str
) -> None:
    server = Impatient(60, identity)
    async with server.serving() as port:
        url = f"https://localhost:{port}/"
        async with HttpTransport(ca_bundle=bundle, environ={}).session() as transport:
            await asyncio.gather(transport(Get(url=url)), transport(Get(url=url)))
            await asyncio.gather(transport(Get(url=url)), transport(Get(url=url)))
    assert (server.connections, len(server.requests)) == (2, 4)
