"""The connections of the callback server, with a stand-in for the session."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.http import answering
from loopback_auth.edge.callback.listeners import bind
from loopback_auth.edge.callback.pages import Answer, refused

from ...support.callback.client import send

if TYPE_CHECKING:
    from loopback_auth.edge.callback.request_gate import CallbackRequest

    from ...support.stopwatch import Stopwatch


class NeverAnswers:
    """Takes requests and never answers."""

    def __init__(self) -> None:
        self.was_asked = asyncio.Event()

    async def handle(self, _request: CallbackRequest) -> Answer:
        self.was_asked.set()
        await asyncio.get_running_loop().create_future()
        return refused(404)

    def was_sent(self, _request: CallbackRequest) -> None:
        raise AssertionError

    def was_lost(self, _request: CallbackRequest) -> None:
        raise AssertionError


async def test_cb_09_an_answer_that_never_comes_does_not_hold_up_the_end(
    stopwatch: Stopwatch,
) -> None:
    """CB-09: the server's own default would wait a minute for it."""
    handler = NeverAnswers()
    with bind(["http://127.0.0.1:0/callback"]) as (listeners, _):
        async with answering(listeners, handler):
            visitor = asyncio.create_task(
                send(*listeners[0].getsockname(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            )
            await handler.was_asked.wait()
            began = stopwatch.seconds
        took_s = stopwatch.seconds - began
        assert (await visitor).raw == b""

    assert took_s < 2


@pytest.mark.parametrize("rounds", range(6))
async def test_cb_17_a_connection_that_is_accepted_while_the_server_closes_is_closed_too(
    rounds: int,
) -> None:
    """
    CB-17: between the system's handing it over and our first word with it, the event loop does
    other things.
    """
    with ExitStack() as browser:
        with bind(["http://127.0.0.1:0/callback"]) as (listeners, _):
            async with answering(listeners, NeverAnswers()):
                late = browser.enter_context(socket.create_connection(listeners[0].getsockname()))
                for _ in range(rounds):
                    await asyncio.sleep(0)
        late.settimeout(0)
        async with asyncio.timeout(5):
            assert await ended(late) == b""


async def ended(sock: socket.socket) -> bytes:
    """Read to the end, which may be a reset."""
    try:
        return await asyncio.get_running_loop().sock_recv(sock, 1)
    except ConnectionError:
        return b""
