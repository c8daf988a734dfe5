"""Slow, silent, huge and many requests: none delays the answer, and all reading has a limit."""

from __future__ import annotations

import asyncio
import gzip
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from loopback_auth.edge.callback import http

from ...support.callback.client import connected
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login
from ...support.rows import all_at_once

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.callback.client import Callback
    from ...support.stopwatch import Stopwatch

FORM = "Content-Type: application/x-www-form-urlencoded"


def never_sent_body(callback: Callback) -> bytes:
    return callback.request(callback.path, FORM, "Content-Length: 1000", method="POST")


@pytest.mark.slow
@pytest.mark.alone
async def test_cb_09_silent_sockets_delay_neither_the_answer_nor_the_exit(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    CB-09: a browser's spare connections, a half-sent header and a body that never comes are open
    all the time.
    """
    async with signing_in(tmp_path) as scene:
        callback = scene.callback
        half_sent = (
            callback.request(callback.answer())[:-10],
            never_sent_body(callback),
            b"\r\n",
            b"\x16\x03",
        )
        async with connected(callback, *[b""] * 8, *half_sent):
            began = stopwatch.seconds
            page = await callback.arrive()
            answered = stopwatch.seconds
            ended = await scene.command.outcome()
            gone = stopwatch.seconds

    assert (page.status, ended.exit_code) == (200, 0)
    assert answered - began < 1
    assert gone - answered < 1


async def test_cb_09_silent_sockets_cost_no_time_at_the_end(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    CB-09: what is idle is closed at once; only what is being written has its fifth of a
    second.
    """
    async with (
        pending_login(tmp_path) as pending,
        connected(pending.callback, b"", b"GET /", never_sent_body(pending.callback)),
    ):
        assert (await pending.callback.arrive()).status == 200
        began = stopwatch.seconds
        await pending.outcome()
        took_s = stopwatch.seconds - began

    assert took_s < 0.2


async def test_cb_09_the_answer_may_come_on_a_connection_that_was_opened_before(
    tmp_path: Path,
) -> None:
    """CB-09: a preconnect is not only noise, the browser uses it."""
    async with pending_login(tmp_path) as pending:
        async with connected(pending.callback, b"", b"", b"") as [_, (reader, writer), _]:
            assert (await pending.callback.get("/favicon.ico")).status == 404
            writer.write(pending.callback.request(pending.callback.answer()))
            redirect = await reader.read()
            assert redirect.startswith(b"HTTP/1.1 303 ")
            await pending.callback.get(redirect.partition(b"Location: ")[2].split()[0].decode())
        await pending.outcome()

    assert pending.endpoint.exchanges == 1


async def test_cb_09_an_answer_in_many_segments_is_read_whole(tmp_path: Path) -> None:
    """
    CB-09: a proxy, a tunnel or a slow machine cuts a request anywhere; the server has read each
    part before the next one comes.
    """
    async with pending_login(tmp_path) as pending:
        request = pending.callback.request(pending.callback.answer())
        async with connected(pending.callback, b"") as [(reader, writer)]:
            for start in range(0, len(request), 16):
                writer.write(request[start : start + 16])
                # Its answer shows that the server had its turn.
                assert (await pending.callback.get("/")).status == 404
            redirect = await reader.read()
        assert redirect.startswith(b"HTTP/1.1 303 ")
        await pending.callback.get(redirect.partition(b"Location: ")[2].split()[0].decode())
        await pending.outcome()

    assert [form["code"] for form in pending.endpoint.forms] == ["the-code"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no ulimit")
async def test_cb_10_three_hundred_idle_sockets_leave_room_for_the_answer(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CB-10: with 256 descriptors at most; the oldest 236 are closed, the 64 youngest stay."""
    limited = ("/bin/sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
    async with (
        signing_in(tmp_path, under=limited) as scene,
        connected(scene.callback, *[b""] * 300) as idle,
    ):
        began = stopwatch.seconds
        page = await scene.callback.arrive()
        ended = await scene.command.outcome()
        took_s = stopwatch.seconds - began
        assert [await reader.read() for reader, _ in idle[:100]] == [b""] * 100

    assert (page.status, ended.exit_code) == (200, 0)
    assert took_s < 2
    assert "Traceback" not in ended.stderr


async def test_cb_10_the_oldest_connection_makes_room(tmp_path: Path) -> None:
    """CB-10: 64 are open at most; the 65th closes the one that idled longest, not the newest."""
    async with pending_login(tmp_path) as pending, connected(pending.callback, *[b""] * 64) as idle:
        assert (await pending.callback.get("/")).status == 404
        async with asyncio.timeout(2):
            assert await idle[0][0].read() == b""
        assert not [reader for reader, _ in idle[2:] if reader.at_eof()]


async def test_cb_10_the_connection_that_brought_the_answer_makes_room_for_nobody(
    tmp_path: Path,
) -> None:
    """CB-10: it is the oldest of all, and waits for its page while the code is exchanged."""
    async with pending_login(tmp_path) as pending:
        pending.endpoint.may_answer.clear()
        waiting = asyncio.create_task(pending.callback.arrive())
        await pending.endpoint.asked.wait()
        async with connected(pending.callback, *[b""] * 70):
            assert (await pending.callback.get("/")).status == 404
            pending.endpoint.may_answer.set()
            assert (await waiting).status == 200
        await pending.outcome()


async def test_cb_10_a_visit_that_was_answered_takes_up_no_place(tmp_path: Path) -> None:
    """CB-10: a scanner's hundred requests, one after the other, shut nobody out."""
    async with pending_login(tmp_path) as pending:
        for _ in range(100):
            assert (await pending.callback.get("/")).status == 404
        assert (await pending.callback.arrive()).status == 200
        await pending.outcome()


async def test_cb_10_nothing_is_unpacked(tmp_path: Path) -> None:
    """
    CB-10: 16 KiB of gzip are 16 MiB of form; browsers send none, and the right one is
    no exception.
    """
    async with pending_login(tmp_path, response_mode="form_post") as pending:
        callback = pending.callback
        body = gzip.compress(urlencode({"code": "the-code", "state": callback.state}).encode())
        head = callback.request(
            callback.path,
            FORM,
            "Content-Encoding: gzip",
            f"Content-Length: {len(body)}",
            method="POST",
        )
        assert (await callback.send(head, body)).status == 400
        assert pending.strays == ["no state"]
        assert pending.endpoint.exchanges == 0


async def test_cb_10_bodies_that_never_come_make_room_too(tmp_path: Path) -> None:
    """
    CB-10: a request that is half in is as idle as a connection that says nothing, and 70 of them
    shut nobody out.
    """
    async with pending_login(tmp_path, response_mode="form_post") as pending:
        callback = pending.callback
        async with connected(callback, *[never_sent_body(callback)] * 70):
            page = await callback.follow(await callback.post(code="the-code", state=callback.state))
            await pending.outcome()

    assert page.status == 200


TOO_LONG = {
    "request line": (414, "a request line of more than 16 KiB"),
    "one header": (431, "a request with more than 64 KiB of headers"),
    "all headers": (431, "a request with more than 64 KiB of headers"),
    "more than is read": (431, "a request with more than 64 KiB of headers"),
    "form": (413, "a form of more than 16 KiB"),
    "fields": (400, "a malformed query"),
}


def too_long(callback: Callback, what: str) -> bytes:
    """Give the right answer in a request that is too long in one way."""
    many = [f"X-{number}: {'a' * 4000}" for number in range(20)]
    form = urlencode({"code": "the-code", "state": callback.state})
    posted = {
        "form": f"{form}&padding={'a' * 16_400}",
        "fields": form + "".join(f"&field{number}=" for number in range(70)),
    }
    if what in posted:
        return callback.request(callback.path, FORM, method="POST", body=posted[what])
    target = callback.answer(padding="a" * 16_400) if what == "request line" else callback.answer()
    headers = {
        "one header": ["Cookie: " + "a" * 66_000],
        "all headers": many,
        "more than is read": ["Cookie: " + "a" * 700_000],
    }
    return callback.request(target, *headers.get(what, ()))


async def test_cb_10_what_is_too_long_is_refused_told_and_consumes_nothing(
    tmp_path: Path,
) -> None:
    """CB-10: it is named when it comes and at the time-out; the sign-in goes on."""

    async def check(what: str) -> None:
        status, reason = TOO_LONG[what]
        home = tmp_path / what
        async with pending_login(home, response_mode="form_post", timeout_s=2) as pending:
            for _ in range(2):
                refused = await pending.callback.send(too_long(pending.callback, what))
                assert refused.status == status
            [stray] = pending.strays
            error = await pending.error()

        assert stray.startswith(reason)
        assert pending.endpoint.exchanges == 0
        assert f"what came was not the answer: 2 x {reason}" in str(error)

    await all_at_once(check, TOO_LONG)


async def test_cb_10_the_page_for_too_many_cookies_says_how_to_go_on(tmp_path: Path) -> None:
    """CB-10: a refused visit consumes nothing, so the same address works once they are gone."""
    async with pending_login(tmp_path) as pending:
        page = await pending.callback.send(too_long(pending.callback, "one header"))
        assert "cookies" in page.text
        assert "reload this page" in page.text
        assert (await pending.callback.arrive()).status == 200
        await pending.outcome()


@pytest.mark.parametrize("octets", [8_200, 9_100, 24_000, 62_000])
async def test_cb_10_the_cookies_of_every_other_port_of_the_host_fit(
    tmp_path: Path, *, octets: int
) -> None:
    """CB-10: in one segment or many, with the longest code there may be."""
    async with pending_login(tmp_path) as pending:
        callback, cookie = pending.callback, "Cookie: a=" + "b" * octets
        request = callback.request(callback.answer(code="c" * 12_000), cookie)
        async with connected(callback, b"") as [(reader, writer)]:
            for start in range(0, len(request), 20_000):
                writer.write(request[start : start + 20_000])
                # Its answer shows that the server had its turn.
                assert (await callback.get("/")).status == 404
            redirect = await reader.read()
        assert redirect.startswith(b"HTTP/1.1 303 ")
        done = redirect.partition(b"Location: ")[2].split()[0].decode()
        assert (await callback.get(done, cookie)).status == 200
        await pending.outcome()

    assert pending.endpoint.exchanges == 1


NOT_HTTP = {
    "TLS": (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "an https request, where this address is http",
    ),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "a request that is not HTTP"),
    "a header without a colon": (b"GET / HTTP/1.1\r\nHost\r\n\r\n", "a request that is not HTTP"),
    "two lengths": (
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "a request that is not HTTP",
    ),
    "two hundred headers": (
        b"GET / HTTP/1.1\r\n"
        + b"".join(b"X-%d: a\r\n" % number for number in range(200))
        + b"\r\n",
        "a request that is not HTTP",
    ),
    "a broken body": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n",
        "a request that is not HTTP",
    ),
}


async def test_cb_10_what_the_parser_refuses_is_told_as_a_stray(tmp_path: Path) -> None:
    """CB-10: once a kind, in our words, and at the time-out."""

    async def check(what: str) -> None:
        octets, reason = NOT_HTTP[what]
        async with pending_login(tmp_path / what, timeout_s=2) as pending:
            for _ in range(2):
                assert (await pending.callback.send(octets)).status in (0, 400)
            assert pending.strays == [reason]
            error = await pending.error()

        assert f"2 x {reason}" in str(error)

    await all_at_once(check, NOT_HTTP)


async def test_cb_10_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    """CB-10: what one connection may send is bounded, whatever it says about its length."""
    async with pending_login(tmp_path, response_mode="form_post") as pending:
        callback = pending.callback
        chunked = callback.request(callback.path, FORM, "Transfer-Encoding: chunked", method="POST")
        chunk = b"400\r\n" + b"a" * 1024 + b"\r\n"
        # The last chunk never comes: only a server that stops reading answers or closes.
        async with asyncio.timeout(5):
            endless = await callback.send(chunked, *[chunk] * 2000)
        assert endless.status in (0, 413)
        assert pending.endpoint.exchanges == 0
        assert (await callback.arrive()).status == 200
        await pending.outcome()


async def test_cb_10_what_is_refused_is_not_read_to_its_end(tmp_path: Path) -> None:
    """
    CB-10: the rest of a form that is too long is not waited for, and the connection is
    closed.
    """
    async with pending_login(tmp_path, response_mode="form_post") as pending:
        callback = pending.callback
        head = callback.request(callback.path, FORM, "Content-Length: 100000", method="POST")
        async with asyncio.timeout(5):
            assert (await callback.send(head, b"a" * 17_000)).status in (0, 413)


async def test_cb_10_a_connection_that_goes_on_talking_while_it_waits_is_closed(
    tmp_path: Path,
) -> None:
    """
    CB-10: 96 KiB are all that one connection may send, its request and whatever follows; another
    one gets the page.
    """
    async with pending_login(tmp_path) as pending:
        pending.endpoint.may_answer.clear()
        async with connected(
            pending.callback, pending.callback.request(pending.callback.answer())
        ) as [(reader, writer)]:
            await pending.endpoint.asked.wait()
            writer.write(b"GET / HTTP/1.1\r\n" * 8000)
            async with asyncio.timeout(2):
                assert await ending(reader) == b""
        waiting = asyncio.create_task(pending.callback.arrive())
        assert (await pending.callback.get("/")).status == 404
        pending.endpoint.may_answer.set()
        assert (await waiting).status == 200
        await pending.outcome()


async def ending(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, which may be a reset: the other side closes with octets of ours unread."""
    with suppress(ConnectionError):
        return await reader.read()
    return b""


@pytest.mark.slow
async def test_cb_10_a_request_that_is_not_in_after_ten_seconds_is_given_up(tmp_path: Path) -> None:
    """
    CB-10: idle, half a header, half a body, or a byte now and then: the connection is closed, and
    the login goes on.
    """
    async with pending_login(tmp_path, response_mode="form_post", timeout_s=60) as pending:
        callback = pending.callback
        first = (
            b"",
            b"\r\n",
            callback.request(callback.answer())[:-10],
            never_sent_body(callback),
            b"GET /",
        )
        async with connected(callback, *first) as connections:
            began = time.monotonic()
            drip = asyncio.create_task(_drip(connections[-1][1]))
            async with asyncio.timeout(12):
                ends = [await reader.read() for reader, _ in connections]
            took_s = time.monotonic() - began
            drip.cancel()
        page = await callback.arrive()
        await pending.outcome()

    assert ends == [b""] * 5
    assert took_s > 9
    assert page.status == 200


@pytest.mark.slow
async def test_cb_10_a_slow_exchange_does_not_cost_the_browser_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    CB-10: the ten seconds, of which two are waited for here, are for the request to come in; from
    there on the time is ours.
    """
    monkeypatch.setattr(http, "REQUEST_DEADLINE_S", 2.0)
    async with pending_login(tmp_path, timeout_s=60) as pending:
        pending.endpoint.may_answer.clear()
        waiting = asyncio.create_task(pending.callback.arrive())
        await pending.endpoint.asked.wait()
        # Opened after it: when this one is given up, the time of the first is over.
        async with connected(pending.callback, b"") as [(reader, _)], asyncio.timeout(20):
            assert await reader.read() == b""
        pending.endpoint.may_answer.set()
        assert (await waiting).status == 200
        await pending.outcome()


async def _drip(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"a")
        # The slowness is the point.
        await asyncio.sleep(0.5)
