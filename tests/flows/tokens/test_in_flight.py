"""
RB-10, RF-05: a refresh that was sent is finished and stored, whatever becomes of who
asked for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import StoreBusy
from loopback_auth.flows.services import Services
from loopback_auth.flows.tokens.access_token import fresh_document
from loopback_auth.notices import Warned

from ...support.scripted_server import ScriptedServer, hang, json_answer, plain_answer
from ...support.sockets import silent_listener
from ...support.stored import NEW, OLD, at, stored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from loopback_auth.edge.store.file_store import FileStore

    from ...support.scripted_server import Connection
    from ...support.stopwatch import Stopwatch

ROTATED = {**NEW, "refresh_token": "the-next"}
LATE_S = 1.6
"""Longer than a caller who gives up was ever waited for."""

SHORT_S = 0.4
"""How long after the request the server answers a caller who is gone at once."""


class SlowServer(ScriptedServer):
    """
    Rotates at once and answers when it is let, or *late_s* later; `asked_once` is set when a
    request is there.
    """

    def __init__(self, late_s: float = 10) -> None:
        super().__init__()
        self.asked_once, self.may_answer = threading.Event(), threading.Event()
        self.late_s = late_s
        self.answers["/token"] = self.late

    def late(self, connection: Connection, answer: bytes = json_answer(ROTATED)) -> None:
        self.asked_once.set()
        self.may_answer.wait(self.late_s)
        connection.socket.sendall(answer)

    def __exit__(self, *why: object) -> None:
        self.may_answer.set()
        super().__exit__(*why)  # type: ignore[arg-type]  # what `with` gives


@pytest.fixture
def server() -> Iterator[SlowServer]:
    with SlowServer() as running:
        yield running


async def token(store: FileStore, *, timeout_s: float = 5, **options: Any) -> Mapping[str, Any]:
    services = Services(store=store, transport=HttpTransport(timeout_s=timeout_s), **options)
    return await fresh_document("default", services)


async def sent(server: SlowServer) -> None:
    assert await asyncio.to_thread(server.asked_once.wait, 10)


async def limited(store: FileStore, server: SlowServer) -> None:
    """Be a caller with a limit, which is up when the request has been sent."""

    async def strike() -> None:
        await sent(server)
        limit.reschedule(asyncio.get_running_loop().time())

    async with asyncio.timeout(None) as limit:
        striking = asyncio.create_task(strike())
        await token(store)
        await striking


async def unlocked(store: FileStore) -> None:
    """Wait until nobody refreshes any more."""
    async with asyncio.timeout(20):
        while True:
            with suppress(StoreBusy), store.locked("default", timeout_s=0):
                return
            await asyncio.sleep(0.05)


def refresh_token_of(store: FileStore) -> str:
    document = store.load("default")
    assert document is not None
    found: str = document["refresh_token"]
    return found


def is_locked(store: FileStore) -> bool:
    try:
        with store.locked("default", timeout_s=0):
            return False
    except StoreBusy:
        return True


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def cancelled_again_and_again(task: asyncio.Task[Any]) -> None:
    """Do as anyio's cancel scopes: once in every round of the loop, until the task is gone."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


async def everything_cancelled(task: asyncio.Task[Any]) -> None:
    """Do as a clumsy shutdown does, and as asyncio.run: cancel every task there is."""
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        each.cancel()
    await asyncio.wait({task})


GIVING_UP: list[Callable[[asyncio.Task[Any]], Awaitable[None]]] = [
    cancelled,
    cancelled_again_and_again,
    everything_cancelled,
]


@pytest.mark.parametrize("give_up", GIVING_UP)
async def test_rb_10_a_caller_that_gives_up_is_gone_at_once_and_the_refresh_is_stored(
    server: SlowServer,
    tmp_path: Path,
    give_up: Callable[[asyncio.Task[Any]], Awaitable[None]],
    stopwatch: Stopwatch,
) -> None:
    """
    RB-10: the lock is held until the tokens are saved; the next caller waits for them, and nothing
    is sent twice.
    """
    store = stored(tmp_path, server)
    task = asyncio.create_task(token(store))
    await sent(server)
    began = stopwatch.seconds
    await give_up(task)
    assert task.cancelled()
    assert stopwatch.seconds - began < LATE_S / 2
    assert is_locked(store)

    asyncio.get_running_loop().call_later(0.1, server.may_answer.set)
    assert (await token(store))["access_token"] == NEW["access_token"]
    assert refresh_token_of(store) == "the-next"
    assert len(server.asked("/token")) == 1
    assert not is_locked(store)


async def test_rb_10_a_limit_on_the_caller_is_none_on_the_refresh(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: `asyncio.timeout`, the way to bound it."""
    store = stored(tmp_path, server)
    with pytest.raises(TimeoutError):
        await limited(store, server)
    assert is_locked(store)
    server.may_answer.set()
    await unlocked(store)
    assert refresh_token_of(store) == "the-next"


async def test_rb_10_a_client_that_hangs_up_on_a_web_handler(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: the framework cancels the handler that waits for a token."""
    store, hung_up = stored(tmp_path, server), asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        try:
            return web.Response(text=(await token(store))["access_token"])
        except asyncio.CancelledError:
            hung_up.set()
            raise

    application = web.Application()
    application.router.add_get("/", handler)
    runner = web.AppRunner(application, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://{host}:{port}/"))
        await sent(server)
        await cancelled(asking)
    await asyncio.wait_for(hung_up.wait(), 20)
    assert is_locked(store)
    server.may_answer.set()
    await unlocked(store)
    await runner.cleanup()
    assert refresh_token_of(store) == "the-next"
    assert len(server.asked("/token")) == 1


async def gave_up(store: FileStore, server: SlowServer) -> None:
    task = asyncio.create_task(token(store))
    await sent(server)
    await cancelled(task)


async def failed(store: FileStore, server: SlowServer) -> None:
    waiting = asyncio.create_task(token(store))
    await sent(server)
    raise ZeroDivisionError(waiting)


@pytest.mark.parametrize(
    ("main", "late_s"), [(gave_up, LATE_S), (failed, SHORT_S), (limited, SHORT_S)]
)
def test_rb_10_the_loops_end_waits_for_a_refresh_that_was_sent(
    server: SlowServer,
    tmp_path: Path,
    main: Callable[[FileStore, SlowServer], Awaitable[None]],
    late_s: float,
) -> None:
    """RB-10: nothing is left when `asyncio.run` is over, and the tokens are stored."""
    store, server.late_s = stored(tmp_path, server), late_s
    with suppress(ZeroDivisionError, TimeoutError):
        asyncio.run(main(store, server))  # type: ignore[arg-type]
    assert refresh_token_of(store) == "the-next"
    assert not is_locked(store)
    assert {path.name for path in (tmp_path / "tokens").iterdir()} == {
        "default.json",
        "default.lock",
    }


async def test_rb_10_before_anything_was_sent_a_caller_that_gives_up_ends_it(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: there is a connection and no TLS yet; neither task nor lock nor file is left."""
    with silent_listener() as port:
        endpoints = {
            "authorization_endpoint": server.url("/a"),
            "token_endpoint": f"https://127.0.0.1:{port}/token",
        }
        store = stored(tmp_path, server, server=endpoints)
        before = asyncio.all_tasks()
        task = asyncio.create_task(token(store))
        async with asyncio.timeout(10):
            while not is_locked(store):  # noqa: ASYNC110 - another task has it, which tells nobody
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        await cancelled(task)
    assert not is_locked(store)
    assert asyncio.all_tasks() == before
    assert refresh_token_of(store) == OLD["refresh_token"]
    assert {path.name for path in (tmp_path / "tokens").iterdir()} == {
        "default.json",
        "default.lock",
    }


async def test_rb_10_a_busy_server_is_not_asked_again_for_a_caller_that_is_gone(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: what was refused cost nothing; the next caller asks."""

    def busy(connection: Connection) -> None:
        server.late(connection, plain_answer(b"", "Retry-After: 0", status=503))

    server.answers["/token"] = busy
    store = stored(tmp_path, server)
    task = asyncio.create_task(token(store))
    await sent(server)
    await cancelled(task)
    server.may_answer.set()
    await unlocked(store)
    assert len(server.asked("/token")) == 1
    assert refresh_token_of(store) == OLD["refresh_token"]
    server.answers["/token"] = server.late
    assert (await token(store))["refresh_token"] == "the-next"


async def test_rb_10_a_caller_that_gives_up_between_two_tries_ends_it(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: nothing is under way while a busy server is given its time."""
    server.answers["/token"] = plain_answer(b"", "Retry-After: 30", status=503)
    store = stored(tmp_path, server)
    task = asyncio.create_task(token(store))
    await asyncio.to_thread(server.wait_for, "/token")
    await asyncio.sleep(0.2)
    await cancelled(task)
    assert not is_locked(store)
    assert len(server.asked("/token")) == 1


async def test_rf_05_a_limit_on_requests_does_not_cut_off_the_answer_to_a_refresh(
    server: SlowServer, tmp_path: Path
) -> None:
    """
    RF-05: the answer is the only copy of the next refresh token, and a second request would be
    reuse.
    """
    store, server.late_s = stored(tmp_path, server), 1.0
    assert (await token(store, timeout_s=server.late_s / 2))["access_token"] == NEW["access_token"]
    assert refresh_token_of(store) == "the-next"
    assert len(server.asked("/token")) == 1


@pytest.mark.slow
async def test_a_token_that_is_still_good_is_handed_out_while_a_slow_refresh_goes_on(
    server: SlowServer, tmp_path: Path
) -> None:
    """
    RF-05: nobody waits longer than five seconds for what they do not need yet, and what was sent is
    stored.
    """

    def slow(connection: Connection) -> None:
        server.over.wait(8)
        connection.socket.sendall(json_answer(ROTATED))

    server.answers["/token"] = slow
    store, notices = stored(tmp_path, server, lasts_s=40), list[Any]()
    began = time.monotonic()
    first, second = await asyncio.gather(token(store, notify=notices.append), token(store))
    assert first["access_token"] == second["access_token"] == OLD["access_token"]
    assert 4 < time.monotonic() - began < 7
    assert [type(notice) for notice in notices] == [Warned]
    await unlocked(store)
    assert (await token(store))["refresh_token"] == "the-next"
    assert len(server.asked("/token")) == 1


async def test_rb_10_a_caller_that_gives_up_while_the_expiry_is_asked_for_leaves_the_usual_one(
    server: SlowServer, tmp_path: Path
) -> None:
    """RB-10: a token without any expiry would be handed out for good."""
    server.answers["/token"] = json_answer({"access_token": "new", "token_type": "Bearer"})
    server.answers["/introspection"] = hang
    client = {"client_id": "the-client", "client_secret": "s"}
    settings = {"access_token_lifetime": 7200}
    store = stored(tmp_path, server, "introspection", client=client, settings=settings)
    task = asyncio.create_task(token(store))
    await asyncio.to_thread(server.wait_for, "/introspection")
    await cancelled(task)
    document = store.load("default")
    assert document is not None
    assert document["access_token"] == "new"
    assert at(7190) < document["expires_at"] <= at(7200)
