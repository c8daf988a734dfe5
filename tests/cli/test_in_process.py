"""Commands carried out in this process, with streams and an environment of the caller's own."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.cli.main import run
from loopback_auth.testing import AuthorizationServer, Browser
from tests.support.scripted_server import ScriptedServer, json_answer
from tests.support.stored import NEW, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Give a command's environment, in a process whose own streams and variables are of no use."""
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    for name in ("HOME", "PROFILE", "TOKEN", "STORAGE", "HTTP_TIMEOUT", "CLIENT_ID"):
        monkeypatch.setenv(f"LOOPBACK_AUTH_{name}", "not/this one")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    names = set(os.environ)
    yield {"LOOPBACK_AUTH_HOME": str(tmp_path)}
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert set(os.environ) == names


def ran(environ: dict[str, str], *argv: str, stdin: str = "") -> tuple[int, str, str]:
    """Carry out a command; return its exit status, stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    status = run(argv, io.StringIO(stdin), stdout, stderr, environ)
    return status, stdout.getvalue(), stderr.getvalue()


def test_rb_12_a_whole_sign_in(environ: dict[str, str]) -> None:
    """RB-12: in a thread, with streams and an environment of its own."""
    reader, writer = os.pipe()
    stdout, statuses = io.StringIO(), list[int]()
    with (
        AuthorizationServer.running() as server,
        open(reader, encoding="utf-8") as events,
        open(writer, "w", encoding="utf-8") as stderr,
    ):
        argv = ["login", "--issuer", server.issuer, "--client-id", "demo", "--no-browser"]
        argv += ["--redirect-uri", "http://127.0.0.1:0/callback", "--json"]
        streams = io.StringIO(), stdout, stderr
        thread = Thread(target=lambda: statuses.append(run(argv, *streams, environ)))
        thread.start()
        Browser().visit(next(url for url in map(_url, events) if url))
        thread.join(30)
    assert (statuses, json.loads(stdout.getvalue())["profile"]) == ([0], "default")
    status, token, _ = ran(environ, "token")
    assert (status, len(token.split())) == (0, 1)


def _url(line: str) -> str:
    event: dict[str, Any] = json.loads(line)
    return str(event["url"]) if event["event"] == "open_page" else ""


def test_a_refresh_is_made_here(environ: dict[str, str], tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.answers["/token"] = json_answer(NEW)
        stored(tmp_path, server)
        assert ran(environ, "token") == (0, "the-new-token\n", "")


def test_an_error_of_the_command_line(environ: dict[str, str]) -> None:
    status, stdout, stderr = ran(environ, "nothing-of-the-kind")
    assert (status, stdout) == (2, "")
    assert stderr.startswith("error[usage]: there is no command")


def test_exec_needs_a_process(environ: dict[str, str]) -> None:
    given = {**environ, "LOOPBACK_AUTH_TOKEN": "a-token"}
    with pytest.raises(NotImplementedError, match="process"):
        ran(given, "exec", "--", "true")
