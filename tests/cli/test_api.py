"""`api`: the real command, against a server that answers as the test likes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from ..edge.scripted_server import ScriptedServer, drop, hang, json_answer, plain_answer, redirect
from ..flows.stored import NEW, OLD, stored
from ..servers.command import COMMAND, Outcome, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..edge.scripted_server import Connection

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
        "issuer": server.origin,
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
    }
    stored(home, server, **{"lasts_s": 3000, "server": where, **members})


async def api(*words: str, home: Path, **more: str) -> Outcome:
    outcome = await run("api", *words, home=home, more=more)
    assert TOKEN not in outcome.stderr
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
    assert (asked.header("accept"), asked.body, asked.header("content-type")) == ("*/*", b"", None)


SENT = [
    (("-d", '{"a": 1}'), "POST", b'{"a": 1}', "application/json"),
    (("-d", "a=1"), "POST", b"a=1", "application/x-www-form-urlencoded"),
    (("-d", "@body.json"), "POST", b'{"from": "a file"}', "application/json"),
    (("-d", "-"), "POST", b"", "application/json"),
    (("-X", "PATCH", "-d", "[]", "-H", "Content-Type: text/plain"), "PATCH", b"[]", "text/plain"),
    (("-X", "DELETE"), "DELETE", b"", None),
]


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
    (tmp_path / "body.json").write_text('{"from": "a file"}')
    assert (await api("/me", *flags, home=tmp_path)).exit_code == 0
    (asked,) = server.asked("/me")
    assert (asked.method, asked.body, asked.header("content-type")) == (method, body, kind)


async def test_a_401_is_believed_over_the_clock_once(server: ScriptedServer, tmp_path: Path) -> None:
    """RF-07: one refresh, and the request again, its body too."""
    signed_in(server, tmp_path)

    def judge(connection: Connection) -> None:
        good = connection.request.header("authorization") == f"Bearer {NEW['access_token']}"
        connection.socket.sendall(json_answer({"good": good}, status=200 if good else 401))

    server.answers["/me"] = judge
    (tmp_path / "body").write_text("again")
    outcome = await api("/me", "-d", "@body", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (0, '{"good": true}')
    assert [asked.body for asked in server.asked("/me")] == [b"again", b"again"]
    assert len(server.asked("/token")) == 1


@pytest.mark.parametrize("refresh_token", ["r", None])
async def test_a_401_that_remains_says_sign_in(
    server: ScriptedServer, tmp_path: Path, *, refresh_token: str | None
) -> None:
    signed_in(server, tmp_path, refresh_token=refresh_token)
    server.answers["/me"] = json_answer([{"errorCode": "INVALID_SESSION_ID"}], status=401)
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, "INVALID_SESSION_ID" in outcome.stdout) == (4, True)
    assert "error[sign-in-needed]" in outcome.stderr
    assert "loopback-auth login default" in outcome.stderr
    assert len(server.asked("/token")) == (1 if refresh_token else 0)


STATUSES = [
    (200, 0),
    (201, 0),
    (204, 0),
    (304, 7),
    (400, 7),
    (403, 7),
    (404, 7),
    (429, 7),
    (500, 7),
    (503, 7),
]


@pytest.mark.parametrize(("status", "exit_code"), STATUSES)
async def test_the_exit_status_tells_the_class_of_the_answer(
    server: ScriptedServer, tmp_path: Path, *, status: int, exit_code: int
) -> None:
    """The answer is printed in any case, and nothing is tried again."""
    signed_in(server, tmp_path)
    body = b"" if status in (204, 304) else b"what it says"
    server.answers["/me"] = plain_answer(body, status=status, kind="text/plain")
    outcome = await api("/me", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, body.decode())
    assert ("error[api-refused]" in outcome.stderr) == (exit_code == 7)
    assert len(server.asked("/me")) == 1


async def test_a_redirect_within_the_server_is_followed(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(server, tmp_path)
    server.answers["/old"] = redirect(302, "/me")
    assert (await api("/old", home=tmp_path)).stdout == '{"name": "ada"}'
    server.answers["/round"] = redirect(302, "/round")
    outcome = await api("/round", home=tmp_path)
    assert (outcome.exit_code, len(server.asked("/round"))) == (7, 6)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_token_follows_no_redirect_to_another_server(
    server: ScriptedServer, tmp_path: Path, *, status: int
) -> None:
    """Another port is another server."""
    signed_in(server, tmp_path)
    with ScriptedServer() as other:
        server.answers["/away"] = redirect(status, other.url("/me"))
        outcome = await api("/away", home=tmp_path)
        assert other.requests == []
    assert outcome.exit_code == 7
    assert "which was not followed" in outcome.stderr


async def test_another_server_is_refused_before_anything_is_sent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(server, tmp_path)
    with ScriptedServer() as other:
        outcome = await api(other.url("/me"), home=tmp_path)
        assert other.connections == 0
        assert outcome.exit_code == 2
        assert "error[origin-refused]" in outcome.stderr
        assert f'api_base = "{other.origin}"' in outcome.stderr
        # What the error says to do, does it.
        tmp_path.chmod(0o700)
        (tmp_path / "config.toml").write_text(f'[profiles.default]\napi_base = "{other.origin}"\n')
        other.answers["/me"] = json_answer({})
        assert (await api(other.url("/me"), home=tmp_path)).exit_code == 0


async def test_a_path_is_below_what_the_provider_says(server: ScriptedServer, tmp_path: Path) -> None:
    """For Salesforce that is what the token endpoint named."""
    server.answers["/services/data"] = json_answer([])
    signed_in(server, tmp_path, settings={"provider": "salesforce"}, extra={"instance_url": server.origin})
    assert (await api("/services/data", home=tmp_path)).stdout == "[]"


async def test_include_prints_the_head_first(server: ScriptedServer, tmp_path: Path) -> None:
    """Without what could steer a terminal."""
    signed_in(server, tmp_path)
    server.answers["/me"] = plain_answer(b"body", "X-Odd: a\x1b[2Jb\x9bc", kind="text/plain")
    outcome = await api("/me", "-i", home=tmp_path)
    head, _, body = outcome.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 200 Said\n")
    assert "\x1b" not in head
    assert body == "body"


async def test_json_is_one_document(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(server, tmp_path)
    told = (await api("/me", "--json", home=tmp_path)).document
    assert (told["version"], told["status"], told["body"]) == (1, 200, {"name": "ada"})
    assert told["headers"]["content-type"] == "application/json"
    server.answers["/me"] = plain_answer(b"no", status=404, kind="text/plain")
    told = (await api("/me", "--json", home=tmp_path)).document
    assert told["error"]["code"] == "api-refused"


FAILURES = [(drop, 7), (hang, 7)]


@pytest.mark.parametrize(("answer", "exit_code"), FAILURES)
async def test_a_server_that_does_not_answer_is_told(
    server: ScriptedServer, tmp_path: Path, *, answer: Any, exit_code: int
) -> None:
    """And is not asked again: nobody knows whether it acted."""
    signed_in(server, tmp_path)
    server.answers["/me"] = answer
    outcome = await api("/me", "-d", "x", home=tmp_path, LOOPBACK_AUTH_HTTP_TIMEOUT="1")
    assert outcome.exit_code == exit_code
    assert len(server.asked("/me")) == 1


async def test_the_environments_token_is_sent_to_the_profiles_server_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(f'[profiles.default]\napi_base = "{server.origin}"\n')
    given = {"LOOPBACK_AUTH_TOKEN": "given"}
    assert (await api("/me", home=tmp_path, **given)).exit_code == 0
    assert server.asked("/me")[-1].header("authorization") == "Bearer given"
    assert (await api("https://evil.example/", home=tmp_path, **given)).exit_code == 2
    server.answers["/me"] = json_answer({}, status=401)
    assert (await api("/me", home=tmp_path, **given)).exit_code == 4


WRONG = [
    (("/me", "-H", "Authorization: x"), "not yours to set"),
    (("/me", "-d", "@no-such-file"), "cannot be read"),
    (("/me", "-d", "-", "--no-input"), "--no-input forbids it"),
    (("/me", "-X", "G T"), "no HTTP method"),
    ((), "required"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
async def test_what_cannot_be_asked_is_told(
    server: ScriptedServer, tmp_path: Path, *, words: tuple[str, ...], told: str
) -> None:
    signed_in(server, tmp_path)
    outcome = await api(*words, home=tmp_path)
    assert (outcome.exit_code, told in outcome.stderr) == (2, True)
    assert server.requests == []


async def test_nobody_signed_in_is_told_at_once(tmp_path: Path) -> None:
    """RF-08: exit status 4 and no browser."""
    began = time.monotonic()
    assert (await api("https://api.example/me", home=tmp_path)).exit_code in (2, 4)
    assert time.monotonic() - began < 2


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.slow
async def test_a_long_answer_is_passed_on_while_it_comes(server: ScriptedServer, tmp_path: Path) -> None:
    """200 MiB cost no more memory than a few."""
    signed_in(server, tmp_path)
    mebibytes = 200

    def long(connection: Connection) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Length: {mebibytes << 20}\r\n\r\n"
        connection.socket.sendall(head.encode())
        for _ in range(mebibytes):
            connection.socket.sendall(b"x" * (1 << 20))

    server.answers["/me"] = long
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        *COMMAND,
        "api",
        "/me",
        env=environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert int(json.loads(out)) < 100 * 1024
