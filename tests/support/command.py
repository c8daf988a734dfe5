"""Runs `loopback-auth`: its files in a folder of its own, its output caught."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import stat
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopback_auth.cli.main import run as run_command

from .callback.client import Callback
from .command_thread import CommandThread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from pathlib import Path

TIMEOUT_S = 30
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
        """The objects on stderr, one a line and nothing else."""
        return [json.loads(line) for line in self.stderr.splitlines()]

    def events_named(self, name: str) -> list[dict[str, Any]]:
        """Return the events of that name."""
        return [event for event in self.events if event["event"] == name]


class Login:
    """A `login` that is under way, its stderr read as it comes."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self._lines: list[str] = []
        self._news = asyncio.Condition()
        self._stdout = asyncio.create_task(_read(process.stdout))
        self._stderr = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            await self._add(line.decode())
        await self._add("")

    async def _add(self, line: str) -> None:
        async with self._news:
            self._lines.append(line)
            self._news.notify_all()

    async def event(self, name: str) -> dict[str, Any]:
        """Wait for the first event of that name."""
        async with asyncio.timeout(TIMEOUT_S), self._news:
            await self._news.wait_for(lambda: self._find(name) or self._lines[-1:] == [""])
        found = self._find(name)
        assert found, f"no {name} event came:\n{''.join(self._lines)}{await self._stdout}"
        return found

    def seen(self, name: str) -> list[dict[str, Any]]:
        """Return the events of that name so far."""
        events = (json.loads(line) for line in self._lines if line)
        return [event for event in events if event["event"] == name]

    async def news(self) -> None:
        """Wait for the next line."""
        async with asyncio.timeout(TIMEOUT_S), self._news:
            await self._news.wait()

    def _find(self, name: str) -> dict[str, Any] | None:
        return next(iter(self.seen(name)), None)

    @property
    def first_event(self) -> dict[str, Any]:
        """The first event of those that came so far."""
        event: dict[str, Any] = json.loads(self._lines[0])
        return event

    async def open_page(self) -> str:
        """Wait for the authorize URL."""
        url: str = (await self.event("open_page"))["url"]
        return url

    async def redirect_uri(self) -> str:
        uri: str = (await self.event("open_page"))["redirect_uri"]
        return uri

    async def callback(self) -> Callback:
        """Wait for the address that the sign-in waits on."""
        return Callback(await self.event("open_page"))

    async def line(self, start: str) -> list[str]:
        """Wait for the line for people that begins so; return all lines up to it."""
        async with asyncio.timeout(TIMEOUT_S), self._news:
            await self._news.wait_for(lambda: any(line.startswith(start) for line in self._lines))
            number = next(n for n, line in enumerate(self._lines) if line.startswith(start))
            return [line.rstrip("\n") for line in self._lines[: number + 1]]

    async def outcome(self) -> Outcome:
        """Wait until the command has ended."""
        async with asyncio.timeout(TIMEOUT_S):
            exit_code = await self.process.wait()
            await self._stderr
            return Outcome(
                exit_code=exit_code, stdout=await self._stdout, stderr="".join(self._lines)
            )

    async def paste(self, text: str) -> None:
        """Write *text* to its standard input, which is open for a login with `--paste`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.stdin.wait_closed()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.signal(signal.SIGINT)

    async def refuse(self) -> None:
        """End a login that still waits for its answer, and wait for its end."""
        ended = asyncio.create_task(self.outcome())
        shown = asyncio.create_task(self.callback())
        await asyncio.wait({ended, shown}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done() and not shown.exception():
            await asyncio.wait({ended}, timeout=0.2)
        if not ended.done():
            await (await shown).refuse("access_denied")
        await asyncio.gather(ended, shown, return_exceptions=True)
        await ended

    async def give_up(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await asyncio.gather(self.process.wait(), self._stdout, self._stderr)


@asynccontextmanager
async def login(
    *arguments: str,
    home: Path,
    secret: str | None = None,
    more: Mapping[str, str] | None = None,
    under: Iterable[str] = (),
    output: Iterable[str] = ("--json",),
) -> AsyncIterator[Login]:
    """
    Start a login, as a child of the program *under*; it is killed if it still runs when the block
    ends.

    *secret* is piped in, as `--client-secret-stdin` wants it. *more* is added to the environment.
    """
    given = ("--client-secret-stdin",) if secret is not None else ()
    process = await _start(("login", *arguments, *given, *output), home, more, under)
    assert process.stdin is not None
    process.stdin.write((secret or "").encode())
    if "--paste" not in arguments:
        process.stdin.close()
    pending = Login(process)
    try:
        yield pending
    finally:
        await pending.give_up()


@asynccontextmanager
async def login_here(
    *arguments: str, home: Path, secret: str | None = None, more: Mapping[str, str] | None = None
) -> AsyncIterator[Login]:
    """
    Start a login in a thread of this process; as `login`, for tests that are not about a process.

    A login that still waits for its answer when the block ends is refused by the callback.
    """
    given = ("--client-secret-stdin",) if secret is not None else ()
    command = CommandThread()
    await command.start(("login", *arguments, *given, "--json"), environment(home, more))
    command.stdin.write((secret or "").encode())
    if "--paste" not in arguments:
        command.stdin.close()
    pending = Login(command)
    try:
        yield pending
    finally:
        await pending.refuse()


async def run(
    *arguments: str, home: Path, more: Mapping[str, str] | None = None, stdin: str | bytes = ""
) -> Outcome:
    """
    Carry out a command in this process, in a thread of its own; return what it printed and its exit
    status.

    For tests about output. Those about a process (signals, terminals, pipes, `exec`, the child's
    environment, the current folder, keyrings) use `run_process`.
    """
    return await asyncio.to_thread(run_here, *arguments, home=home, more=more, stdin=stdin)


def run_here(
    *arguments: str, home: Path, more: Mapping[str, str] | None = None, stdin: str | bytes = ""
) -> Outcome:
    """Do as `run` does, for a test that is no coroutine."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    buffers = [io.BytesIO(octets) for octets in (given, b"", b"")]
    streams = [io.TextIOWrapper(octets, encoding="utf-8", newline="") for octets in buffers]
    exit_code = run_command(arguments, *streams, environment(home, more))
    for stream in streams:
        stream.flush()
    stdout, stderr = (octets.getvalue().decode() for octets in buffers[1:])
    return Outcome(exit_code=exit_code, stdout=stdout, stderr=stderr)


async def run_process(
    *arguments: str, home: Path, more: Mapping[str, str] | None = None
) -> Outcome:
    """Carry out a command as a process of its own, in the folder *home*."""
    process = await _start(arguments, home, more)
    async with asyncio.timeout(TIMEOUT_S):
        stdout, stderr = await process.communicate(b"")
    assert process.returncode is not None
    return Outcome(exit_code=process.returncode, stdout=stdout.decode(), stderr=stderr.decode())


async def _start(
    arguments: Sequence[str],
    home: Path,
    more: Mapping[str, str] | None,
    under: Iterable[str] = (),
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *under,
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
    """Return a profile's tokens; assert that their file is 0600 in a folder of 0700."""
    path = home / "tokens" / f"{profile}.json"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    tokens: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tokens


def no_token_file(home: Path) -> bool:
    return not list(home.glob("tokens/*.json"))
