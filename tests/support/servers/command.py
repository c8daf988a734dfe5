"""
Runs `loopback-auth` as people do: a process of its own, its files in a folder of its own, its words
on its pipes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

PATIENCE_S = 30
COMMAND = (sys.executable, "-m", "loopback_auth")

# What a process cannot do without. Proxies, browsers and displays of whoever runs the tests stay
# out.
_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "COVERAGE_PROCESS_START")


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "LOOPBACK_AUTH_HOME": str(home),
        **(more or {}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.document["error"]
        return error

    @property
    def events(self) -> list[dict[str, Any]]:
        """What stderr told, one object a line and nothing else."""
        return [json.loads(line) for line in self.stderr.splitlines()]

    def told(self, event: str) -> list[dict[str, Any]]:
        return [told for told in self.events if told["event"] == event]


class Login:
    """A sign-in that is under way: `loopback-auth login --json`, its stderr read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._news = asyncio.Condition()
        self._stdout = asyncio.create_task(_read(process.stdout))
        self._stderr = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            await self._add(line.decode())
        await self._add("")

    async def _add(self, line: str) -> None:
        async with self._news:
            self._lines.append(line)
            self._news.notify_all()

    async def event(self, name: str) -> dict[str, Any]:
        """Wait for the first event of that name."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self._find(name) or self._lines[-1:] == [""])
        found = self._find(name)
        assert found, f"no {name} event came:\n{''.join(self._lines)}{await self._stdout}"
        return found

    def _find(self, name: str) -> dict[str, Any] | None:
        told = (json.loads(line) for line in self._lines if line)
        return next((event for event in told if event["event"] == name), None)

    async def open_page(self) -> str:
        """Wait for the authorize URL."""
        url: str = (await self.event("open_page"))["url"]
        return url

    async def redirect_uri(self) -> str:
        uri: str = (await self.event("open_page"))["redirect_uri"]
        return uri

    async def outcome(self) -> Outcome:
        """Wait until the command has ended."""
        async with asyncio.timeout(PATIENCE_S):
            exit_code = await self._process.wait()
            await self._stderr
            return Outcome(
                exit_code=exit_code, stdout=await self._stdout, stderr="".join(self._lines)
            )

    async def paste(self, text: str) -> None:
        """Write *text* to its standard input, which is open for a login with `--paste`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.stdin.wait_closed()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    async def give_up(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await asyncio.gather(self._process.wait(), self._stdout, self._stderr)


@asynccontextmanager
async def login(
    *arguments: str, home: Path, secret: str | None = None, more: Mapping[str, str] | None = None
) -> AsyncIterator[Login]:
    """
    Start a login; it is killed if it still runs when the block ends.

    *secret* is piped in, as `--client-secret-stdin` wants it. *more* is added to the environment.
    """
    given = ("--client-secret-stdin",) if secret is not None else ()
    process = await _start(("login", *arguments, *given, "--json"), home, more)
    assert process.stdin is not None
    process.stdin.write((secret or "").encode())
    if "--paste" not in arguments:
        process.stdin.close()
    under_way = Login(process)
    try:
        yield under_way
    finally:
        await under_way.give_up()


async def run(*arguments: str, home: Path, more: Mapping[str, str] | None = None) -> Outcome:
    """Run any other command to its end."""
    process = await _start(arguments, home, more)
    async with asyncio.timeout(PATIENCE_S):
        stdout, stderr = await process.communicate(b"")
    assert process.returncode is not None
    return Outcome(exit_code=process.returncode, stdout=stdout.decode(), stderr=stderr.decode())


async def _start(
    arguments: Sequence[str], home: Path, more: Mapping[str, str] | None
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd=home,
        env=environment(home, more),
    )


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode()


def token_file(home: Path, profile: str = "default") -> dict[str, Any]:
    """
    Read a profile's tokens, and hold the file and its folder against their promise:
    0600 in 0700.
    """
    path = home / "tokens" / f"{profile}.json"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    tokens: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tokens


def no_token_file(home: Path) -> bool:
    return not list(home.glob("tokens/*.json"))


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
