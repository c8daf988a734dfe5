"""
TX and RB: the only HTTP client, against real sockets that behave in every way but the
proper one.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
import zlib
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import ANSWER_OCTETS, CONNECT_S, TOTAL_S, HttpTransport
from loopback_auth.errors import (
    AnswerEncoded,
    AnswerTimedOut,
    AnswerTooLarge,
    ConnectionFailed,
    ConnectionLost,
    HostNotFound,
    LoopbackAuthError,
    TransportError,
)
from loopback_auth.explain import explanation
from loopback_auth.oauth.http.messages import FormPost, Get
from loopback_auth.oauth.secret import Secret

from ...support.scripted_server import (
    ScriptedServer,
    close,
    dripping,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
    streaming,
)

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.oauth.http.messages import HttpReply

    from ...support.scripted_server import Script

TIMEOUT_S = 0.25
"""For servers that never answer."""


def post(url: str, **fields: str) -> FormPost:
    return FormPost(url=url, fields=tuple((name, Secret(value)) for name, value in fields.items()))


async def fails(message: FormPost | Get, *, timeout_s: float = 20) -> LoopbackAuthError:
    with pytest.raises(LoopbackAuthError) as failed:
        await HttpTransport(timeout_s=timeout_s)(message)
    return failed.value


# --- what is sent


async def test_tx_03_a_post_is_one_form_and_nothing_that_was_not_asked_for(
    server: ScriptedServer,
) -> None:
    server.answers["/token"] = json_answer({})
    message = FormPost(
        url=server.url("/token?tenant=a%2Bb"),
        fields=(("code", Secret("c+d e&f")), ("client_id", "ü")),
        authorization=Secret("Basic eHg="),
    )
    reply = await HttpTransport()(message)
    (request,) = server.requests
    assert (reply.status, reply.body) == (200, b"{}")
    assert (request.method, request.target) == ("POST", "/token?tenant=a%2Bb")
    assert request.form == {"code": "c+d e&f", "client_id": "ü"}
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.header("authorization") == "Basic eHg="
    assert {name for name, _ in request.headers} == {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "content-type",
        "content-length",
        "authorization",
        "connection",
    }


async def test_tx_06_no_compression_is_asked_for(server: ScriptedServer) -> None:
    server.answers["/x"] = json_answer({})
    await HttpTransport()(Get(url=server.url("/x")))
    assert server.requests[0].header("accept-encoding") == "identity"


@pytest.mark.parametrize(
    "target", ["/a%2fb/%7Ex", "/x?q=%2B+%20&r=a%26b", "/x?", "/x/../y", "/%E9"]
)
async def test_ds_01_an_address_goes_out_byte_for_byte(server: ScriptedServer, target: str) -> None:
    server.answers["*"] = json_answer({})
    await HttpTransport()(Get(url=server.origin + target))
    assert server.requests[0].target.removesuffix("?") == target.removesuffix("?")


async def test_tx_04_the_password_of_a_netrc_file_stays_there(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("netrc", ".netrc", "_netrc"):
        (tmp_path / name).write_text(
            "machine 127.0.0.1 login jane password canary\ndefault login j password canary\n"
        )
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    server.answers["/token"] = json_answer({})
    await HttpTransport()(post(server.url("/token"), code="c"))
    assert server.requests[0].header("authorization") is None


async def test_tx_07_no_cookie_is_kept_and_no_connection_is_shared(server: ScriptedServer) -> None:
    server.answers["*"] = json_answer(
        {}, "Set-Cookie: session=canary; Path=/", "Connection: keep-alive"
    )
    transport = HttpTransport()
    for _ in range(3):
        await transport(post(server.url("/token"), code="c"))
        await transport(Get(url=server.url("/me")))
    assert [request.header("cookie") for request in server.requests] == [None] * 6
    assert server.connections == 6
    assert {request.header("connection") for request in server.requests} == {"close"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "where", ["another origin", "the same origin", "a relative path", "another scheme"]
)
async def test_tx_02_a_redirect_is_an_answer_and_is_not_followed(
    server: ScriptedServer, status: int, where: str
) -> None:
    with ScriptedServer() as second:
        second.answers["*"] = json_answer({})
        location = {
            "another origin": second.url("/caught"),
            "the same origin": server.url("/caught"),
            "a relative path": "/caught",
            "another scheme": "file:///etc/passwd",
        }[where]
        server.answers["/token"] = redirect(status, location)
        for message in (post(server.url("/token"), code="canary"), Get(url=server.url("/token"))):
            assert (await HttpTransport()(message)).status == status
        assert second.connections == 0
        assert len(server.requests) == 2


# --- what is odd and comes back all the same

BODY_LINES = b"Content-Length: 2\r\n\r\n{}"
ODD_HTTP: dict[str, bytes] = {
    "a cookie of 9 KiB": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=" + b"x" * 9000 + b"\r\n" + BODY_LINES,
    "a policy of 60 KiB": b"HTTP/1.1 200 OK\r\nX-Policy: " + b"x" * 60_000 + b"\r\n" + BODY_LINES,
    "200 headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 199 + BODY_LINES,
    "no reason": b"HTTP/1.1 200\r\n" + BODY_LINES,
    "HTTP/1.0, closed at the end": b"HTTP/1.0 200 OK\r\n\r\n{}",
    "lines that end otherwise": b"HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\n{}",
    "a folded header": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n" + BODY_LINES,
    "a name in Latin-1": b"HTTP/1.1 200 OK\r\nX-Name: J\xfcrgen\r\n" + BODY_LINES,
    "early hints before it": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n" + BODY_LINES,
    "something behind it": b"HTTP/1.1 200 OK\r\n" + BODY_LINES + b"HTTP/1.1 200 OK\r\n\r\n",
    "a trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
}


@pytest.mark.parametrize("answer", ODD_HTTP.values(), ids=ODD_HTTP)
async def test_rf_05_no_oddity_of_http_costs_an_answer(
    server: ScriptedServer, answer: bytes
) -> None:
    """
    RF-05: identity providers and what stands before them send cookies and policies of
    any length.
    """
    server.answers["/token"] = answer
    reply = await HttpTransport()(post(server.url("/token")))
    assert (reply.status, reply.body) == (200, b"{}")


# --- what does not come back

BROKEN: dict[str, tuple[bytes | Script, type[TransportError]]] = {
    "the connection is dropped": (drop, ConnectionLost),
    "the connection is closed": (close, ConnectionLost),
    "nothing comes": (hang, AnswerTimedOut),
    "half a status line": (b"HTTP/1.1 20", ConnectionLost),
    "a status and no more": (b"HTTP/1.1 200 OK\r\nContent-Type: app", ConnectionLost),
    "half the body": (
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"access_token":',
        ConnectionLost,
    ),
    "half a chunk": (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"acc',
        ConnectionLost,
    ),
    "no last chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        ConnectionLost,
    ),
    "one octet at a time": (dripping(plain_answer(b"{}" * 50), 0.05), AnswerTimedOut),
    "one header octet at a time": (
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500, 0.05),
        AnswerTimedOut,
    ),
    "early hints for ever": (
        dripping(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50, 0.005),
        AnswerTimedOut,
    ),
    "headers without end": (
        streaming(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 500, 10_000),
        TransportError,
    ),
    "one header without end": (
        streaming(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 4096, 10_000),
        TransportError,
    ),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", TransportError),
    "a malformed chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        TransportError,
    ),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        TransportError,
    ),
}


@pytest.mark.parametrize(("answer", "kind"), BROKEN.values(), ids=BROKEN)
async def test_tx_01_rb_04_a_broken_answer_has_its_error_and_is_not_asked_for_again(
    server: ScriptedServer, answer: bytes | Script, kind: type[TransportError]
) -> None:
    server.answers["/token"] = answer
    for message in (post(server.url("/token"), code="canary"), Get(url=server.url("/token"))):
        failed = await fails(message, timeout_s=TIMEOUT_S if kind is AnswerTimedOut else 20)
        assert type(failed) is kind
        assert failed.exit_code == 7
        assert "canary" not in str(failed) + repr(failed)
    assert [request.method for request in server.requests] == ["POST", "GET"]
    assert server.connections == 2


@pytest.mark.parametrize("answer", [drop, hang, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_rb_04_an_error_after_the_code_was_sent_says_that_it_may_be_used_up(
    server: ScriptedServer, answer: bytes | Script
) -> None:
    server.answers["/token"] = answer
    failed = await fails(
        post(server.url("/token"), code="c"), timeout_s=TIMEOUT_S if answer is hang else 20
    )
    assert "may be used up" in failed.cause
    assert "loopback-auth login" in failed.fix


async def test_cl_02_an_error_of_the_http_library_does_not_travel_with_ours(
    server: ScriptedServer,
) -> None:
    server.answers["/token"] = b"not HTTP\r\n\r\n"
    secret = FormPost(
        url=server.url("/token"),
        fields=(("code", Secret("canary")),),
        authorization=Secret("canary"),
    )
    failed = await fails(secret)
    assert failed.__cause__ is None
    assert failed.__suppress_context__
    assert "canary" not in repr(vars(failed))


async def test_rb_06_a_port_where_nobody_listens() -> None:
    with ScriptedServer() as gone:
        url = gone.url("/token")
    failed = await fails(post(url, code="c"))
    assert type(failed) is ConnectionFailed
    assert "connection refused" in str(failed)


@pytest.mark.skipif(
    sys.platform != "linux", reason="how a system says that there is no route differs"
)
async def test_rb_06_a_network_without_a_route() -> None:
    # The broadcast address: no system connects to it, whatever its routes are.
    failed = await fails(Get(url="https://255.255.255.255/"))
    assert type(failed) is ConnectionFailed
    assert "network is unreachable" in str(failed)


async def test_rb_06_a_name_that_nobody_knows() -> None:
    # RFC 6761 section 6.4: no resolver answers for .invalid.
    failed = await fails(Get(url="https://id.nowhere.invalid/"))
    assert type(failed) is HostNotFound
    assert "id.nowhere.invalid" in str(failed)


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems answer when the queue of a listener is full"
)
async def test_tx_06_a_host_that_does_not_take_the_connection_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, ExitStack() as waiting:
        port = silent.getsockname()[1]
        for _ in range(3):
            client = waiting.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex(("127.0.0.1", port))
        with pytest.raises(AnswerTimedOut) as given_up:
            await HttpTransport(connect_s=TIMEOUT_S)(Get(url=f"http://127.0.0.1:{port}/"))
    assert f"no connection to 127.0.0.1:{port} within {TIMEOUT_S:g} s" in str(given_up.value)


def test_tx_06_ten_seconds_to_connect_and_thirty_in_all() -> None:
    assert (CONNECT_S, TOTAL_S, ANSWER_OCTETS) == (10.0, 30.0, 1024 * 1024)


# --- how much comes back


async def test_tx_06_an_answer_of_exactly_the_limit_is_read_and_one_octet_more_is_not(
    server: ScriptedServer,
) -> None:
    server.answers["/fits"] = plain_answer(b"x" * ANSWER_OCTETS)
    server.answers["/more"] = plain_answer(b"x" * (ANSWER_OCTETS + 1))
    assert len((await HttpTransport()(Get(url=server.url("/fits")))).body) == ANSWER_OCTETS
    assert type(await fails(Get(url=server.url("/more")))) is AnswerTooLarge


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, br", "x-unknown"])
async def test_tx_06_an_answer_that_cannot_be_unpacked_is_refused_unread(
    server: ScriptedServer, encoding: str
) -> None:
    server.answers["/x"] = plain_answer(zlib.compress(b"{}"), f"Content-Encoding: {encoding}")
    assert type(await fails(Get(url=server.url("/x")))) is AnswerEncoded


BODY = json.dumps({"access_token": "a" * 2000, "b": [1, 2, 3]}).encode()
BARE = zlib.compressobj(wbits=-15)
PACKED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "in capitals": ("GZIP", gzip.compress(BODY)),
    "by its old name": ("x-gzip", gzip.compress(BODY)),
    "deflate": ("deflate", zlib.compress(BODY)),
    "deflate without its header": ("deflate", BARE.compress(BODY) + BARE.flush()),
    "with identity beside it": ("identity, gzip", gzip.compress(BODY)),
    "two members": ("gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])),
    "zlib that is called gzip": ("gzip", zlib.compress(BODY)),
    "gzip that is called deflate": ("deflate", gzip.compress(BODY)),
    "zeros behind it": ("gzip", gzip.compress(BODY) + bytes(100)),
    "a proxy unpacked it and left the header": ("gzip", BODY),
    "the same, of deflate": ("deflate", BODY),
    "nothing at all": ("gzip", b""),
}


@pytest.mark.parametrize(("encoding", "octets"), PACKED.values(), ids=PACKED)
async def test_tx_06_an_answer_that_is_packed_unasked_is_unpacked(
    server: ScriptedServer, encoding: str, octets: bytes
) -> None:
    server.answers["/x"] = plain_answer(octets, f"Content-Encoding: {encoding}")
    server.answers["/dripping"] = dripping(server.answers["/x"], 0)  # type: ignore[arg-type]  # octets
    for path in ("/x", "/dripping"):
        assert (await HttpTransport()(Get(url=server.url(path)))).body == (BODY if octets else b"")


@pytest.mark.parametrize(
    "octets", [b"plain", gzip.compress(BODY)[:9] + b"?" * 99, b"\x78\x9cnothing"]
)
async def test_tx_06_what_is_packed_badly_is_an_error(
    server: ScriptedServer, octets: bytes
) -> None:
    server.answers["/x"] = plain_answer(octets, "Content-Encoding: gzip")
    assert type(await fails(Get(url=server.url("/x")))) is AnswerEncoded


async def test_tx_06_no_more_is_unpacked_than_the_limit(server: ScriptedServer) -> None:
    server.answers["/fits"] = plain_answer(
        gzip.compress(bytes(ANSWER_OCTETS)), "Content-Encoding: gzip"
    )
    server.answers["/more"] = plain_answer(
        gzip.compress(bytes(ANSWER_OCTETS + 1)), "Content-Encoding: gzip"
    )
    assert len((await HttpTransport()(Get(url=server.url("/fits")))).body) == ANSWER_OCTETS
    assert type(await fails(Get(url=server.url("/more")))) is AnswerTooLarge


# --- RF-05, RV-04: what may hold the only copy of a token is given as far as it came

WHOLE = plain_answer(b'{"refresh_token":"the-next"}')
PART_TIMEOUT_S = 1.5
"""Not so short that a busy machine sees no part."""

PARTS: dict[str, tuple[bytes | Script, bytes, type[LoopbackAuthError]]] = {
    "cut at once": (WHOLE[:-3], b'{"refresh_token":"the-nex', ConnectionLost),
    "cut after a while": (
        dripping(WHOLE[:-3], 0.001),
        b'{"refresh_token":"the-nex',
        ConnectionLost,
    ),
    "cut before the body": (WHOLE[:-28], b"", ConnectionLost),
    "cut in a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{abc",
        b"{abc",
        ConnectionLost,
    ),
    "silent in the middle": (
        lambda connection: (connection.socket.sendall(WHOLE[:-3]), hang(connection))[1],
        b'{"refresh_token":"the-nex',
        AnswerTimedOut,
    ),
    "too large": (
        plain_answer(b"x" * (ANSWER_OCTETS + 9)),
        b"x" * ANSWER_OCTETS,
        AnswerTooLarge,
    ),
    "packed, and cut": (
        plain_answer(gzip.compress(os.urandom(3000), 0), "Content-Encoding: gzip")[:-1000],
        ...,  # type: ignore[dict-item]  # random octets
        ConnectionLost,
    ),
    "packed, without its end": (
        plain_answer(gzip.compress(BODY)[:-8], "Content-Encoding: gzip"),
        BODY,
        ConnectionLost,
    ),
    "packed badly": (plain_answer(b"plain", "Content-Encoding: gzip"), b"", AnswerEncoded),
    "packed in a way that nobody here knows": (
        plain_answer(b"plain", "Content-Encoding: br"),
        b"",
        AnswerEncoded,
    ),
}


@pytest.mark.parametrize(("answer", "part", "why"), PARTS.values(), ids=PARTS)
async def test_rf_05_rv_04_the_part_that_came_is_given_to_who_asks_for_it(
    server: ScriptedServer, answer: bytes | Script, part: bytes, why: type[LoopbackAuthError]
) -> None:
    """RF-05, RV-04: and to nobody else."""
    server.answers["/token"] = answer
    message = post(server.url("/token"), token="t")
    error, reply = await asyncio.gather(
        fails(message, timeout_s=PART_TIMEOUT_S),
        HttpTransport(timeout_s=PART_TIMEOUT_S)(replace(message, allow_partial=True)),
    )
    assert type(error) is why
    assert type(reply.incomplete) is why
    assert reply.status == 200
    assert reply.body[:ANSWER_OCTETS] == part or (part is ... and len(reply.body) > 1000)
    assert reply.sent == message.secrets


async def test_rf_05_an_answer_that_is_whole_is_no_part(server: ScriptedServer) -> None:
    server.answers["/token"] = WHOLE
    reply = await HttpTransport()(replace(post(server.url("/token")), allow_partial=True))
    assert (reply.incomplete, reply.body) == (None, b'{"refresh_token":"the-next"}')


async def test_rf_05_where_no_answer_began_there_is_no_part(server: ScriptedServer) -> None:
    server.answers["/token"] = drop
    assert (
        type(await fails(replace(post(server.url("/token")), allow_partial=True))) is ConnectionLost
    )


async def test_tx_06_an_answer_that_says_it_is_not_encoded_is_read(server: ScriptedServer) -> None:
    server.answers["/x"] = plain_answer(b"{}", "Content-Encoding: identity")
    assert (await HttpTransport()(Get(url=server.url("/x")))).body == b"{}"


BOMB_MIB = 300

ASK_AND_MEASURE = """
import asyncio, json, resource, sys, time
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import LoopbackAuthError
from loopback_auth.oauth.http.messages import Get

async def ask(url):
    try:
        await HttpTransport()(Get(url=url))
    except LoopbackAuthError as error:
        return error.code

def peak_kib():
    unit = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit

asyncio.run(ask(sys.argv[1]))  # the imports are not the answer's cost
before, begun = peak_kib(), time.monotonic()
code = asyncio.run(ask(sys.argv[2]))
facts = {"code": code, "took_s": time.monotonic() - begun}
print(json.dumps({**facts, "grown_kib": peak_kib() - before, "peak_kib": before}))
"""


def measured(warm: str, hostile: str) -> dict[str, Any]:
    command = [sys.executable, "-c", ASK_AND_MEASURE, warm, hostile]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    mib = bytes(1024 * 1024)
    return b"".join([*(packer.compress(mib) for _ in range(BOMB_MIB)), packer.flush()])


def hostile_answer(kind: str) -> bytes | Script:
    mib, ok = b"x" * (1024 * 1024), b"HTTP/1.1 200 OK\r\n"
    if kind == "gzip bomb":
        return plain_answer(gzip_bomb(), "Content-Encoding: gzip")
    if kind == "huge":
        return streaming(ok + b"\r\n", mib, BOMB_MIB)
    if kind == "huge in chunks":
        return streaming(
            ok + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + mib + b"\r\n", BOMB_MIB
        )
    return streaming(ok, b"X-A: " + b"b" * 4000 + b"\r\n", 75_000)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no getrusage")
@pytest.mark.parametrize("kind", ["gzip bomb", "huge", "huge in chunks", "headers"])
def test_tx_06_hostile_answers_cost_little_memory_and_time(
    server: ScriptedServer, kind: str
) -> None:
    server.answers["/warm"] = json_answer({})
    server.answers["/hostile"] = hostile_answer(kind)
    facts = measured(server.url("/warm"), server.url("/hostile"))
    expected = "transport-error" if kind == "headers" else "answer-too-large"
    assert facts["code"] == expected
    assert facts["grown_kib"] < 32 * 1024
    assert facts["took_s"] < 5


# --- each failure by its name

KINDS: dict[str, bytes | Script] = {
    "dropped": drop,
    "silent": hang,
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "compressed": plain_answer(b"{}", "Content-Encoding: br"),
    "too large": plain_answer(b"x" * (ANSWER_OCTETS + 1)),
}


async def test_rb_06_every_way_not_to_answer_has_a_code_and_words_of_its_own(
    server: ScriptedServer,
) -> None:
    server.answers |= {f"/{index}": answer for index, answer in enumerate(KINDS.values())}
    failures = [
        await fails(Get(url=server.url(f"/{index}")), timeout_s=TIMEOUT_S if answer is hang else 20)
        for index, answer in enumerate(KINDS.values())
    ]
    server.stop_listening()
    failures.append(await fails(Get(url="http://127.0.0.1:1/")))
    failures.append(await fails(Get(url="https://id.nowhere.invalid/")))
    assert len({failed.code for failed in failures}) == len(failures)
    assert len({failed.cause for failed in failures}) == len(failures)
    for failed in failures:
        assert explanation(failed.code).title
        assert "127.0.0.1" in str(failed) or "nowhere" in str(failed)


async def test_a_transport_serves_several_requests_at_once(server: ScriptedServer) -> None:
    server.answers["*"] = json_answer({})
    transport = HttpTransport()
    replies: list[HttpReply] = await asyncio.gather(
        *(transport(Get(url=server.url(f"/{n}"))) for n in range(8))
    )
    assert {reply.status for reply in replies} == {200}


async def test_rb_10_a_request_that_is_cancelled_leaves_no_connection(
    server: ScriptedServer,
) -> None:
    server.answers["/hang"] = hang
    task = asyncio.create_task(HttpTransport()(Get(url=server.url("/hang"))))
    await asyncio.to_thread(server.wait_for, "/hang")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1
