"""
Requests of any length: bodies pass through in pieces, a silence is bounded in time, and proxies and
TLS are those of the sign-in.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import socket
import threading
import zlib
from contextlib import contextmanager
from io import FileIO
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.http.streaming import ResourceRequest, StreamingTransport
from loopback_auth.edge.http.upload import KEPT_OCTETS, PipeUpload, Upload, upload_of
from loopback_auth.errors import (
    AnswerEncoded,
    AnswerTimedOut,
    ConnectionFailed,
    ConnectionLost,
    TLSFailed,
    UsageError,
)
from loopback_auth.oauth.secret import Secret

from ...support.rows import all_at_once
from ...support.scripted_server import (
    ScriptedServer,
    close,
    dripping,
    drop,
    hang,
    plain_answer,
    streaming,
    tunnel_to,
)
from .test_client_tls import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.errors import LoopbackAuthError

    from ...support.scripted_server import Connection
    from ...support.stopwatch import Stopwatch

TOKEN = "canary-token"


def request(
    url: str, method: str = "GET", *headers: tuple[str, str], upload: Upload | None = None
) -> ResourceRequest:
    return ResourceRequest(method=method, url=url, headers=headers, upload=upload)


async def answer(
    asked: ResourceRequest, *, timeout_s: float = 5, **options: Any
) -> tuple[int, bytes]:
    send = StreamingTransport(HttpTransport(timeout_s=timeout_s, **options))
    async with send(asked, Secret(TOKEN)) as reply:
        return reply.status, b"".join([piece async for piece in reply.pieces])


async def fails(
    asked: ResourceRequest, kind: type[LoopbackAuthError], **options: Any
) -> LoopbackAuthError:
    with pytest.raises(kind) as failed:
        await answer(asked, **options)
    assert TOKEN not in str(failed.value)
    return failed.value


async def test_what_is_sent_is_what_was_asked_and_the_token(server: ScriptedServer) -> None:
    server.answers["*"] = plain_answer(b"{}")
    target = "/a%2fb/%C3%A9?q=%2B+x&s='a'[1]"
    assert await answer(request(server.origin + target)) == (200, b"{}")
    (asked,) = server.requests
    assert (asked.method, asked.target) == ("GET", target)
    assert {name: value for name, value in asked.headers if name != "connection"} == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/json, */*;q=0.8",
        "accept-encoding": "identity",
        "user-agent": "loopback-auth",
        "authorization": f"Bearer {TOKEN}",
    }


async def test_headers_of_the_person_take_the_place_of_ours_and_may_be_several(
    server: ScriptedServer,
) -> None:
    server.answers["*"] = plain_answer(b"")
    headers = (("accept", "text/csv"), ("User-Agent", "mine"), ("X-A", "1"), ("X-A", "2"))
    await answer(request(server.url("/x"), "GET", *headers))
    (asked,) = server.requests
    assert (asked.header("accept"), asked.header("user-agent")) == ("text/csv", "mine")
    assert [value for name, value in asked.headers if name == "x-a"] == ["1", "2"]


@pytest.mark.parametrize("name", ["netrc", ".netrc", "_netrc"])
async def test_tx_04_no_netrc_file_has_a_say(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """TX-04: the Authorization header is ours whatever a netrc file holds."""
    (tmp_path / name).write_text("default login jane password canary\n")
    (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / name))
    server.answers["*"] = plain_answer(b"")
    await answer(request(server.url("/x")))
    assert [value for key, value in server.requests[0].headers if key == "authorization"] == [
        f"Bearer {TOKEN}"
    ]


async def test_ds_06_a_proxy_of_the_environment_stands_before_other_machines_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """DS-06: it tunnels, and sees no token."""
    company = trustme.CA()
    company.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with ScriptedServer(tls=context_of(company.issue_cert("api.example.test"))) as api:
        api.answers["/me"] = plain_answer(b"inside")
        server.answers["*"] = tunnel_to(api.port)
        options: dict[str, Any] = {
            "ca_bundle": str(tmp_path / "ca.pem"),
            "environ": {"HTTPS_PROXY": server.origin},
        }
        assert await answer(request("https://api.example.test/me"), **options) == (200, b"inside")
        assert api.requests[0].header("authorization") == f"Bearer {TOKEN}"
    (connect,) = server.requests
    assert (connect.method, connect.target) == ("CONNECT", "api.example.test:443")
    assert TOKEN not in repr(connect.headers)
    with ScriptedServer() as near:
        near.answers["*"] = plain_answer(b"near")
        environ = {"HTTP_PROXY": server.origin, "ALL_PROXY": server.origin}
        assert await answer(request(near.url("/")), environ=environ) == (200, b"near")
    assert len(server.requests) == 1


async def test_ds_03_a_certificate_that_is_not_trusted_gets_no_token() -> None:
    """DS-03: TLS is verified here, too."""
    with ScriptedServer(
        tls=context_of(trustme.CA().issue_cert("localhost")), host="localhost"
    ) as api:
        await fails(request(api.url("/me")), TLSFailed)
        assert api.requests == []


async def test_a_get_is_sent_once_though_its_connection_breaks(server: ScriptedServer) -> None:
    for script in (drop, close):
        server.answers["/x"] = script
        await fails(request(server.url("/x")), ConnectionLost)
    assert len(server.asked("/x")) == 2
    server.stop_listening()
    await fails(request(server.url("/x")), ConnectionFailed)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


async def test_an_answer_that_breaks_off_is_an_error(server: ScriptedServer) -> None:
    """However much of it came: a script must not take a part for the whole."""
    server.answers["/short"] = HEAD + b"12345"
    server.answers["/chunked"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"
    )
    server.answers["/gzip"] = plain_answer(
        gzip.compress(b"x" * 1000)[:-9], "Content-Encoding: gzip"
    )
    for path in ("/short", "/chunked", "/gzip"):
        await fails(request(server.url(path)), ConnectionLost)


async def test_rb_08_silence_is_bounded_and_length_is_not(
    server: ScriptedServer, stopwatch: Stopwatch
) -> None:
    """RB-08: an answer may take longer than any silence in it."""
    server.answers["/hang"] = hang

    def stuck(connection: Connection) -> None:
        connection.socket.sendall(HEAD + b"1")
        hang(connection)

    server.answers["/stuck"] = stuck

    async def times_out(path: str) -> None:
        began = stopwatch.seconds
        failed = await fails(request(server.url(path)), AnswerTimedOut, timeout_s=0.4)
        assert "within 0.4 s" in str(failed) or "nothing for 0.4 s" in str(failed)
        assert stopwatch.seconds - began < 2

    await all_at_once(times_out, ("/hang", "/stuck"))

    def slow(connection: Connection) -> None:
        connection.socket.sendall(HEAD)
        dripping(b"1234567890", 0.15)(connection)

    server.answers["/slow"] = slow
    assert await answer(request(server.url("/slow")), timeout_s=1.2) == (200, b"1234567890")


async def test_a_reader_may_take_its_time(server: ScriptedServer) -> None:
    """Whoever pages through an answer is no silent server."""
    body = b"x" * (4 << 20)
    server.answers["/x"] = plain_answer(body)
    got = 0
    async with StreamingTransport(HttpTransport(timeout_s=1))(
        request(server.url("/x")), Secret(TOKEN)
    ) as reply:
        await asyncio.sleep(1.2)
        async for piece in reply.pieces:
            if not got:
                await asyncio.sleep(1.2)
            got += len(piece)
    assert got == len(body)


@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "x-gzip", "deflate", "deflate, bare", "two members"]
)
async def test_an_answer_that_is_compressed_unasked_is_unpacked(
    server: ScriptedServer, encoding: str
) -> None:
    body = os.urandom(1000) * 1000
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "deflate": zlib.compress(body),
        "deflate, bare": bare.compress(body) + bare.flush(),
        "two members": gzip.compress(body[:5000]) + gzip.compress(body[5000:]),
    }.get(encoding, gzip.compress(body))
    name = {"two members": "gzip", "deflate, bare": "deflate"}.get(encoding, encoding)
    server.answers["/x"] = plain_answer(packed, f"Content-Encoding: {name}")
    assert await answer(request(server.url("/x"))) == (200, body)
    # Who asked for it gets it as it is, and what nobody here can unpack, too.
    assert await answer(request(server.url("/x"), "GET", ("Accept-Encoding", "gzip"))) == (
        200,
        packed,
    )
    server.answers["/x"] = plain_answer(packed, "Content-Encoding: br")
    assert await answer(request(server.url("/x"))) == (200, packed)
    server.answers["/x"] = plain_answer(b"", f"Content-Encoding: {name}")
    assert await answer(request(server.url("/x"))) == (200, b"")


async def test_what_is_not_compressed_though_it_says_so_is_an_error(server: ScriptedServer) -> None:
    server.answers["/x"] = plain_answer(b"plain", "Content-Encoding: gzip")
    await fails(request(server.url("/x")), AnswerEncoded)


@pytest.mark.slow
async def test_tx_06_a_compressed_answer_that_grows_without_end_fills_no_memory(
    server: ScriptedServer,
) -> None:
    """TX-06: 300 MiB of zeros come out of 300 KiB, a piece at a time."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    server.answers["/x"] = plain_answer(packed, "Content-Encoding: gzip")
    before, octets = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    async with StreamingTransport(HttpTransport())(
        request(server.url("/x")), Secret(TOKEN)
    ) as reply:
        async for piece in reply.pieces:
            octets += len(piece)
    assert octets == 300 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 * 1024


def piped(octets: bytes) -> FileIO:
    """Give the reading end of a pipe into which somebody writes *octets*."""
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as file:
            file.write(octets)

    threading.Thread(target=write, daemon=True).start()
    return FileIO(reading)


SIZES = [0, 1, KEPT_OCTETS, KEPT_OCTETS + 1, 5 * KEPT_OCTETS + 7]


@pytest.mark.parametrize("size", SIZES)
async def test_a_body_from_a_pipe_arrives_whole(server: ScriptedServer, size: int) -> None:
    """
    A short one with its length, which most servers want, and ready to be sent again; a long one in
    chunks, once.
    """
    octets = os.urandom(1009) * (size // 1009 + 1)
    server.answers["/x"] = reading_all(server)
    with piped(octets[:size]) as pipe:
        upload = upload_of(pipe)
        assert upload.repeatable == (size <= KEPT_OCTETS)
        asked = request(server.url("/x"), "POST", upload=upload)
        assert await answer(asked) == (200, str(zlib.crc32(octets[:size])).encode())
        if upload.repeatable:
            assert await answer(asked) == (200, str(zlib.crc32(octets[:size])).encode())
    sent = server.requests[0]
    assert sent.header("content-length") == (str(size) if upload.repeatable else None)
    assert sent.header("transfer-encoding") == (None if upload.repeatable else "chunked")


def reading_all(server: ScriptedServer) -> Any:
    """Answer with the checksum of the body, which may be chunked."""

    def read(connection: Connection) -> None:
        body = connection.request.body
        if connection.request.header("transfer-encoding") == "chunked":
            raw = bytearray(body)
            while not raw.endswith(b"0\r\n\r\n"):
                raw += connection.socket.recv(65536)
            body = unchunked(bytes(raw))
        connection.socket.sendall(plain_answer(str(zlib.crc32(body)).encode()))

    return read


def unchunked(raw: bytes) -> bytes:
    whole = bytearray()
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        whole += raw[: int(size, 16)]
        raw = raw[int(size, 16) + 2 :]
    return bytes(whole)


async def test_a_file_is_sent_from_where_it_stands_and_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "body").write_bytes(b"skip" + b"0123456789" * 100_000)
    server.answers["/x"] = reading_all(server)
    with FileIO(tmp_path / "body") as file:
        file.seek(4)
        asked = request(server.url("/x"), "PUT", upload=upload_of(file))
        for _ in range(2):
            assert await answer(asked) == (200, str(zlib.crc32(b"0123456789" * 100_000)).encode())
    assert [sent.header("content-length") for sent in server.requests] == ["1000000"] * 2


async def test_a_file_that_becomes_shorter_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x" * 100)
    with deaf() as origin, FileIO(tmp_path / "body") as file:
        asked = request(f"{origin}/x", "PUT", upload=upload_of(file))
        os.truncate(tmp_path / "body", 50)
        failed = await fails(asked, UsageError)
    assert "became shorter" in str(failed)


@contextmanager
def deaf() -> Iterator[str]:
    """A server that takes connections and reads nothing."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_has_enough_is_heard_before_the_body_is_sent(
    server: ScriptedServer,
    stopwatch: Stopwatch,
) -> None:
    """413 or 401 at once, and nobody writes into the pipe any more."""
    reading, writing = os.pipe()
    server.answers["/x"] = plain_answer(b"too much", status=413)
    with FileIO(reading) as pipe:
        os.write(writing, b"x" * 100)
        began = stopwatch.seconds
        asked = request(server.url("/x"), "POST", upload=PipeUpload(b"begin", pipe))
        assert await answer(asked) == (413, b"too much")
        assert stopwatch.seconds - began < 2
        os.close(writing)


async def test_a_pipe_that_is_slow_is_no_silent_server(server: ScriptedServer) -> None:
    reading, writing = os.pipe()
    server.answers["/x"] = reading_all(server)

    async def write_late() -> None:
        await asyncio.sleep(1.2)
        os.write(writing, b"late")
        os.close(writing)

    with FileIO(reading) as pipe:
        late = asyncio.create_task(write_late())
        asked = request(server.url("/x"), "POST", upload=PipeUpload(b"soon ", pipe))
        assert await answer(asked, timeout_s=1) == (200, str(zlib.crc32(b"soon late")).encode())
        await late


async def test_a_server_that_stops_reading_is_given_up(stopwatch: Stopwatch) -> None:
    began = stopwatch.seconds
    with deaf() as origin:
        asked = request(f"{origin}/x", "PUT", upload=Upload(b"x" * (20 << 20)))
        await fails(asked, AnswerTimedOut, timeout_s=0.5)
    assert stopwatch.seconds - began < 3


async def test_a_long_answer_is_handed_over_while_it_comes(server: ScriptedServer) -> None:
    server.answers["/x"] = streaming(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * (1 << 20), 100)
    octets, pieces = 0, 0
    async with StreamingTransport(HttpTransport())(
        request(server.url("/x")), Secret(TOKEN)
    ) as reply:
        async for piece in reply.pieces:
            octets, pieces = octets + len(piece), pieces + 1
            assert len(piece) <= 1 << 20
    assert octets == 100 << 20
    assert pieces > 100
