"""`api`: the real command, against a server that answers as the test likes."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from ..support.command import COMMAND, Outcome, environment, run, run_process
from ..support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
    streaming,
)
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.scripted_server import Connection
    from ..support.stopwatch import Stopwatch

TOKEN = OLD["access_token"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer(NEW)
        running.answers["/me"] = json_answer({"name": "ada"})
        yield running


def signed_in(server: ScriptedServer, home: Path, **members: Any) -> None:
    """Store a sign-in at an issuer that is *server* itself."""
    where = {
        "issuer": f"{server.origin}/realms/a",
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
    }
    stored(home, server, **{"lasts_s": 3000, "server": where, **members})


async def api(*words: str, home: Path, **more: str) -> Outcome:
    outcome = await run("api", *words, home=home, more=more)
    assert TOKEN not in outcome.stderr
    assert NEW["access_token"] not in outcome.stderr
    assert "Traceback" not in outcome.stderr
    return outcome


async def test_a_path_is_asked_with_the_token_and_the_answer_printed_as_it_came(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, '{"name": "ada"}', "")
    (asked,) = server.asked("/me")
    assert (asked.method, asked.header("authorization")) == ("GET", f"Bearer {TOKEN}")
    assert (asked.body, asked.header("content-type")) == (b"", None)


@pytest.mark.slow
async def test_the_profile_is_chosen_with_p(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(server, tmp_path)
    signed_in(server, tmp_path, profile="work", access_token="of-work")
    ways: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("-p", "work"), {}),
        (("--profile", "work"), {}),
        ((), {"LOOPBACK_AUTH_PROFILE": "work"}),
    ]
    for words, more in ways:
        assert (await api("/me", *words, home=tmp_path, **more)).exit_code == 0
    assert {asked.header("authorization") for asked in server.requests} == {"Bearer of-work"}


SENT = [
    (("-d", ' {"a": 1}'), "POST", b' {"a": 1}', "application/json"),
    (("-d", "[]"), "POST", b"[]", "application/json"),
    (("-d", "a=1&b=%20"), "POST", b"a=1&b=%20", "application/x-www-form-urlencoded"),
    (("-d", ""), "POST", b"", "application/x-www-form-urlencoded"),
    (("-d", "é"), "POST", "é".encode(), "application/x-www-form-urlencoded"),
    (("-d", "@body.json"), "POST", b'{"from": "a file"}\n', "application/json"),
    (("-d", "@binary", "-X", "put"), "PUT", bytes(range(256)), "application/octet-stream"),
    (("-d", "-"), "POST", b"", "application/octet-stream"),
    (("-X", "PATCH", "-d", "[]", "-H", "content-type: text/plain"), "PATCH", b"[]", "text/plain"),
    (("-X", "DELETE"), "DELETE", b"", None),
    (("-X", "POST"), "POST", b"", None),
    (("-X", "GET", "-d", "q"), "GET", b"q", "application/x-www-form-urlencoded"),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("flags", "method", "body", "kind"), SENT)
async def test_a_body_is_sent_as_given(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    flags: tuple[str, ...],
    method: str,
    body: bytes,
    kind: str | None,
) -> None:
    signed_in(server, tmp_path)
    (tmp_path / "body.json").write_text('{"from": "a file"}\n')
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    assert (await run_process("api", "/me", *flags, home=tmp_path)).exit_code == 0
    (asked,) = server.asked("/me")
    assert (asked.method, asked.body, asked.header("content-type")) == (method, body, kind)


async def piped(octets: bytes, *words: str, home: Path) -> tuple[int, bytes, bytes]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "api",
        *words,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd=home,
        env=environment(home),
    )
    stdout, stderr = await process.communicate(octets)
    assert process.returncode is not None
    return process.returncode, stdout, stderr


@pytest.mark.slow
async def test_standard_input_is_sent_and_kept_for_a_second_time(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-07: one refresh, and the request again, its body too."""
    signed_in(server, tmp_path)
    server.answers["/me"] = only_for_the_new_token
    assert await piped(b'{"x": "\xff"}', "/me", "-d", "-", home=tmp_path) == (
        0,
        b'{"good": true}',
        b"",
    )
    assert [asked.body for asked in server.asked("/me")] == [b'{"x": "\xff"}'] * 2
    assert {asked.header("content-type") for asked in server.asked("/me")} == {"application/json"}
    assert len(server.asked("/token")) == 1


def only_for_the_new_token(connection: Connection) -> None:
    good = connection.request.header("authorization") == f"Bearer {NEW['access_token']}"
    connection.socket.sendall(json_answer({"good": good}, status=200 if good else 401))


async def test_a_token_that_expired_is_refreshed_first(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path, lasts_s=-5)
    server.answers["/me"] = only_for_the_new_token
    assert (await api("/me", home=tmp_path)).stdout == '{"good": true}'
    signed_in(server, tmp_path, lasts_s=300)
    assert (await api("/me", "--min-ttl", "10m", home=tmp_path)).stdout == '{"good": true}'
    assert (len(server.asked("/me")), len(server.asked("/token"))) == (2, 2)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("refresh_token", "exit_code", "error", "fix"),
    [
        (None, 4, "error[sign-in-needed]", "loopback-auth login default"),
        ("r", 7, "error[api-refused]", "loopback-auth status default"),
    ],
)
async def test_a_401_that_remains(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    refresh_token: str | None,
    exit_code: int,
    error: str,
    fix: str,
) -> None:
    """
    Where nothing could be refreshed a sign-in may help; where a new token was refused, it would
    not.
    """
    signed_in(server, tmp_path, refresh_token=refresh_token)
    server.answers["/me"] = json_answer([{"errorCode": "INVALID_SESSION_ID"}], status=401)
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, "INVALID_SESSION_ID" in outcome.stdout) == (exit_code, True)
    assert error in outcome.stderr
    assert fix in outcome.stderr
    assert len(server.asked("/token")) == (1 if refresh_token else 0)


async def test_a_token_that_was_refused_and_cannot_be_refreshed_counts_as_none(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """`login --if-needed` signs in then, whatever the clock says."""
    signed_in(server, tmp_path, refresh_token=None, lasts_s=3000)
    if_needed = ("login", "--if-needed", "--no-browser", "--timeout", "0.3s")
    assert (await run(*if_needed, home=tmp_path)).exit_code == 0
    server.answers["/me"] = json_answer({}, status=401)
    assert (await api("/me", home=tmp_path)).exit_code == 4
    assert (await run(*if_needed, home=tmp_path)).exit_code != 0
    assert "sign in again" in (await run("status", home=tmp_path)).stdout


STATUSES = [
    (200, 0),
    (201, 0),
    (204, 0),
    (301, 7),
    (304, 0),
    (400, 7),
    (401, 4),
    (403, 7),
    (404, 7),
    (429, 7),
    (500, 7),
    (503, 7),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("status", "exit_code"), STATUSES)
async def test_cl_04_the_exit_status_tells_the_class_of_the_answer(
    server: ScriptedServer, tmp_path: Path, *, status: int, exit_code: int
) -> None:
    """CL-04: the answer is printed in any case, and nothing is tried again."""
    signed_in(server, tmp_path, refresh_token=None)
    body = b"" if status in (204, 304) else b"what it says\n"
    server.answers["/me"] = plain_answer(body, status=status, kind="text/plain")
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, body.decode())
    assert ("error[api-refused]" in outcome.stderr) == (exit_code == 7)
    assert (outcome.stderr == "") == (exit_code == 0)
    assert len(server.asked("/me")) == 1


@pytest.mark.slow_cases
async def test_tx_02_the_token_follows_no_redirect_to_another_server(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """TX-02: and follows one within the server."""
    signed_in(server, tmp_path)
    server.answers["/old"] = redirect(302, "/me")
    assert (await api("/old", home=tmp_path)).stdout == '{"name": "ada"}'
    with ScriptedServer() as other:
        server.answers["/away"] = redirect(307, other.url("/me"))
        outcome = await api("/away", home=tmp_path)
        assert other.connections == 0
    assert (outcome.exit_code, "which leads to 127.0.0.1" in outcome.stderr) == (7, True)


async def test_another_server_is_refused_before_anything_is_sent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What the error says to do, does it."""
    signed_in(server, tmp_path)
    with ScriptedServer() as other:
        outcome = await api(other.url("/me"), home=tmp_path)
        assert (outcome.exit_code, other.connections) == (2, 0)
        assert "error[origin-refused]" in outcome.stderr
        line = f'api_base = "{other.origin}"'
        assert f"[profiles.default] {line}" in outcome.stderr
        (tmp_path / "config.toml").write_text(f"[profiles.default]\n{line}\n")
        other.answers["/me"] = json_answer({})
        assert (await api(other.url("/me"), home=tmp_path)).exit_code == 0
        assert (await api("/me", home=tmp_path)).exit_code == 0
        assert len(other.asked("/me")) == 2
        (tmp_path / "config.toml").unlink()
        assert (await api(other.url("/me"), home=tmp_path)).exit_code == 2


async def test_a_path_is_below_what_the_provider_says(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """For Salesforce that is what the token endpoint named."""
    server.answers["/services/data"] = json_answer([])
    signed_in(
        server, tmp_path, settings={"provider": "salesforce"}, extra={"instance_url": server.origin}
    )
    assert (await api("services/data?q=SELECT Id", home=tmp_path)).stdout == "[]"
    assert server.requests[-1].target == "/services/data?q=SELECT%20Id"


async def test_include_prints_the_head_first_without_what_steers_a_terminal(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    server.answers["/me"] = plain_answer(
        b"body\x1b", "X-Odd: a\x1b[2Jb\x9bc", "X-Odd: 2", kind="text/plain"
    )
    outcome = await api("/me", "-i", home=tmp_path)
    head, _, body = outcome.stdout.partition("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 Said"
    assert head.splitlines()[1:3] == ["Content-Type: text/plain", "Content-Length: 5"]
    assert head.count("X-Odd: ") == 2
    assert "\x1b" not in head
    assert body == "body\x1b"
    server.answers["/me"] = b"HTTP/1.1 204\r\nContent-Length: 9\r\n\r\n"
    outcome = await api("/me", "--include", "-X", "HEAD", home=tmp_path)
    assert outcome.stdout == "HTTP/1.1 204\nContent-Length: 9\n\n"


async def test_json_is_one_document_with_the_error_if_there_is_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    server.answers["/me"] = json_answer({"name": "ada"}, "X-A: 1", "x-a: 2", "X-Odd: a\x1bb")
    message = (await api("/me", "--json", home=tmp_path)).document
    headers = {
        "content-type": "application/json",
        "content-length": "15",
        "x-a": "1, 2",
        "x-odd": "a b",
    }
    assert message == {"version": 1, "status": 200, "headers": headers, "body": {"name": "ada"}}
    server.answers["/me"] = plain_answer(b"no", status=404, kind="text/plain")
    outcome = await api("/me", "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.document["body"], outcome.error["code"]) == (
        7,
        "no",
        "api-refused",
    )
    assert outcome.error["exit_code"] == 7
    outcome = await api("https://evil.example/", "--json", home=tmp_path)
    assert (outcome.exit_code, set(outcome.document)) == (2, {"version", "error"})


BODIES = [
    (b'{"a": 1}', "application/problem+json; charset=utf-8", {"body": {"a": 1}}),
    (b'{"a": 1}', "text/plain", {"body": '{"a": 1}'}),
    (b'{"a": NaN}', "application/json", {"body": '{"a": NaN}'}),
    (b'{"a": 1, "a": 2}', "application/json", {"body": '{"a": 1, "a": 2}'}),
    (b"[" * 100000, "application/json", {"body": "[" * 100000}),
    (b"", "application/json", {"body": ""}),
    (b"\xff\x00", "image/png", {"body": None, "body_base64": "/wA="}),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("octets", "kind", "members"), BODIES)
async def test_a_body_in_json_is_json_text_or_base64(
    server: ScriptedServer, tmp_path: Path, *, octets: bytes, kind: str, members: dict[str, Any]
) -> None:
    signed_in(server, tmp_path)
    server.answers["/me"] = plain_answer(octets, kind=kind)
    message = (await api("/me", "--json", home=tmp_path)).document
    assert {name: message[name] for name in members} == members


@pytest.mark.slow_cases
@pytest.mark.parametrize("answer", [drop, hang])
async def test_a_server_that_does_not_answer_is_reported(
    server: ScriptedServer, tmp_path: Path, *, answer: Any
) -> None:
    """And is not asked again: nobody knows whether it acted."""
    signed_in(server, tmp_path)
    server.answers["/me"] = answer
    outcome = await api("/me", "-d", "x", home=tmp_path, LOOPBACK_AUTH_HTTP_TIMEOUT="3")
    assert (outcome.exit_code, len(server.asked("/me"))) == (7, 1)
    assert "loopback-auth login" not in outcome.stderr


@pytest.mark.slow
async def test_an_answer_that_breaks_off_is_an_error_after_what_came(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    server.answers["/me"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (7, "12345")
    assert "error[connection-lost]" in outcome.stderr


@pytest.mark.slow
async def test_the_environments_token_is_sent_to_the_configured_server_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Nothing that is stored is read or refreshed; a 401 is the end."""
    (tmp_path / "tokens").mkdir(mode=0o700)
    (tmp_path / "tokens" / "default.json").write_text("damaged")
    given = {"LOOPBACK_AUTH_TOKEN": "given"}
    assert (await api("/me", home=tmp_path, **given)).exit_code == 2
    (tmp_path / "config.toml").write_text(f'[profiles.default]\napi_base = "{server.origin}"\n')
    assert (await api("/me", home=tmp_path, **given)).exit_code == 0
    assert server.asked("/me")[-1].header("authorization") == "Bearer given"
    assert (await api("https://evil.example/", home=tmp_path, **given)).exit_code == 2
    server.answers["/me"] = json_answer({}, status=401)
    outcome = await api("/me", home=tmp_path, **given)
    assert (outcome.exit_code, "error[sign-in-needed]" in outcome.stderr) == (4, True)
    assert "was answered 401" in outcome.stderr
    assert "unset it to use the stored sign-in" in outcome.stderr
    assert len(server.requests) == 2


WRONG = [
    (("/me", "-H", "Authorization: Bearer other"), "the header Authorization is not set with -H"),
    (("/me", "-H", "X: a\r\nEvil: 1"), "-H takes"),
    (("/me", "-d", "@no-such-file"), "cannot be read from no-such-file"),
    (("/me", "-d", "@"), "cannot be read"),
    (("/me", "-d", "@."), "cannot be read"),
    (("/me", "-d", "-", "--no-input"), "standard input cannot be read"),
    (("/me", "-X", "G T"), "method cannot be used"),
    (("/me", "-X", "TRACE"), "method cannot be used"),
    (("//evil.example/me",), "neither a path nor a URL"),
    (("/../me",), "has . or .."),
    (("/me", "work"), "unexpected argument 'work'"),
    ((), "required"),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("words", "message"), WRONG)
async def test_what_cannot_be_asked_is_reported(
    server: ScriptedServer, tmp_path: Path, *, words: tuple[str, ...], message: str
) -> None:
    signed_in(server, tmp_path)
    outcome = await api(*words, home=tmp_path)
    assert (outcome.exit_code, message in outcome.stderr) == (2, True)
    assert server.requests == []


async def test_cl_02_verbose_tells_requests_and_no_secret(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-02: neither tokens nor the query nor headers."""
    signed_in(server, tmp_path)
    server.answers["/me"] = only_for_the_new_token
    outcome = await api("/me?key=hidden", "-v", "-H", "X-Key: hidden", home=tmp_path)
    assert f"GET {server.url('/me')} -> 401" in outcome.stderr
    assert f"GET {server.url('/me')} -> 200" in outcome.stderr
    assert "hidden" not in outcome.stderr


async def test_rf_08_nobody_signed_in_is_reported_at_once(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """RF-08: exit status 4 and no browser."""
    began = stopwatch.seconds
    assert (await api("/me", home=tmp_path)).exit_code == 4
    assert stopwatch.seconds - began < 2


# --- long answers, and their end

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nConnection: close\r\n\r\n"
MEASURED = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], "
    "stdout=subprocess.DEVNULL, check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


async def start(*words: str, home: Path, **streams: Any) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        "api",
        *words,
        cwd=home,
        env=environment(home),
        **{"stdin": asyncio.subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, **streams},
    )


async def gone(process: asyncio.subprocess.Process) -> None:
    """
    Wait for the end of *process* alone; asyncio's own `wait` waits for pipes as well, and for one
    that nobody reads for ever.
    """
    async with asyncio.timeout(30):
        while process.returncode is None:  # noqa: ASYNC110 - there is no event for this alone
            await asyncio.sleep(0.01)


async def peak_kib(*words: str, home: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        MEASURED,
        *COMMAND,
        *words,
        env=environment(home),
        stdout=asyncio.subprocess.PIPE,
    )
    return int((await process.communicate())[0])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
async def test_rb_01_a_long_answer_costs_no_memory(server: ScriptedServer, tmp_path: Path) -> None:
    """RB-01: 200 MiB cost hardly more than nothing."""
    signed_in(server, tmp_path)
    little = await peak_kib("api", "/me", home=tmp_path)
    server.answers["/me"] = streaming(HEAD, b"x" * (1 << 20), 200)
    assert await peak_kib("api", "/me", home=tmp_path) - little < 8 * 1024


def begin_and_hang(connection: Connection) -> None:
    connection.socket.sendall(HEAD + b"12345")
    hang(connection)


async def test_ctrl_c_ends_it_within_two_seconds(
    server: ScriptedServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    While the server computes, in the middle of an answer, and while the reader of ours
    is stuck.
    """
    signed_in(server, tmp_path)
    server.answers["/hang"] = hang
    server.answers["/some"] = begin_and_hang
    server.answers["/much"] = streaming(HEAD, b"x" * (1 << 20), 1000)
    for path in ("/hang", "/some", "/much"):
        process = await start(path, home=tmp_path)
        assert process.stdout is not None
        await asyncio.to_thread(server.wait_for, path)
        if path != "/hang":
            assert await process.stdout.readexactly(5)
        began = stopwatch.seconds
        process.send_signal(signal.SIGINT)
        await gone(process)
        assert (process.returncode, stopwatch.seconds - began < 2) == (130, True)
        _, stderr = await process.communicate()
        assert path == "/much" or "error[interrupted]" in stderr.decode()


@pytest.mark.slow
async def test_ctrl_c_ends_it_while_a_pipe_says_nothing(
    server: ScriptedServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """While it reads what it keeps, and when so much has come that it is being sent."""
    signed_in(server, tmp_path)
    server.answers["/me"] = hang
    for octets in (b"x" * (1 << 19), b"x" * (2 << 20)):
        process = await start("/me", "-d", "-", home=tmp_path, stdin=asyncio.subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.transport.set_write_buffer_limits(high=0)
        process.stdin.write(octets)
        # More than a pipe holds: when all is written, most of it has been read.
        await process.stdin.drain()
        began = stopwatch.seconds
        process.send_signal(signal.SIGINT)
        await gone(process)
        assert (process.returncode, stopwatch.seconds - began < 2) == (130, True)
        process.stdin.close()


@pytest.mark.slow
async def test_a_reader_that_has_enough_ends_it_quietly(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    server.answers["/me"] = streaming(HEAD, b"x" * (1 << 20), 1000)
    process = await start("/me", home=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.readexactly(100)
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # asyncio has no other way  # noqa: SLF001
    assert await process.stderr.read() == b""
    assert await process.wait() == 1


@pytest.mark.slow
async def test_a_closed_stdout_is_no_traceback(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(server, tmp_path)
    program = "exec " + " ".join(COMMAND) + " api /me >&-"
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", program, env=environment(tmp_path), stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (1, b"")


@pytest.mark.slow
async def test_a_full_disk_is_reported(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(server, tmp_path)
    with open("/dev/full", "wb") as full:  # noqa: ASYNC230 - a device
        process = await start("/me", home=tmp_path, stdout=full)
        _, stderr = await process.communicate()
    assert (process.returncode, b"error[output-failed]" in stderr) == (1, True)


async def test_on_a_terminal_an_answer_steers_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """In a pipe it is as it came, octet by octet."""
    signed_in(server, tmp_path)
    octets = b"a\x1b]0;evil\x07b\x9b2J\xc2\x9b1mc\rd\te\xc3\xa9\n"
    server.answers["/me"] = plain_answer(octets)
    assert (await piped(b"", "/me", home=tmp_path))[1] == octets
    master, terminal = pty.openpty()
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):
            while piece := os.read(master, 4096):
                shown.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "api",
        "/me",
        stdout=terminal,
        stdin=terminal,
        env={**environment(tmp_path), "LC_ALL": "C.UTF-8"},
    )
    assert await process.wait() == 0
    os.close(terminal)
    await asyncio.to_thread(reader.join)
    os.close(master)
    assert shown.decode() == "a\ufffd]0;evil\ufffdb\ufffd2J\ufffd1mcd\teé\r\n"
