"""
CL-07: Ctrl-C, SIGTERM and SIGHUP at any moment end the command within two seconds and leave nothing
behind.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.process.interrupts import awaitable

from ...support.callback.client import connected
from ...support.callback.endpoint import running_endpoint
from ...support.callback.pending_command import signing_in
from ...support.command import login, no_token_file
from ...support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.callback.client import Reply
    from ...support.callback.pending_command import Scene
    from ...support.command import Login, Outcome

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send"),
]

SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
# What is in every traceback from our first line on.
OURS = r"__main__\.py\", line \d+, in main"
each_signal = pytest.mark.parametrize("name", SIGNALS)


async def stopped(
    command: Login, name: str, home: Path, *, codes: set[int] | None = None
) -> Outcome:
    """Send the signal; hold what every such end has in common against what there is."""
    with Stopwatch() as stopwatch:
        command.signal(signal.Signals[name])
        ended = await command.outcome()
        took_s = stopwatch.seconds

    assert took_s < 2
    assert ended.exit_code in (codes or {SIGNALS[name]})
    # Before our first line runs, Ctrl-C is Python's own.
    assert not re.search("Traceback" if ended.stdout else OURS, ended.stderr)
    assert no_token_file(home)
    assert leftovers(home) == []
    return ended


def leftovers(home: Path) -> list[str]:
    """List what is in the store besides tokens, settings and the lock, which stays for good."""
    own = (".json", ".lock", ".settings")
    return [path.name for path in home.glob("tokens/*") if path.suffix not in own]


def stored(home: Path) -> bytes:
    [path] = home.glob("tokens/*.json")
    return path.read_bytes()


def said(ended: Outcome, name: str) -> bool:
    error = ended.error
    return (error["code"], error["exit_code"]) == ("interrupted", SIGNALS[name]) and name in error[
        "message"
    ]


@pytest.mark.slow_cases
@each_signal
async def test_cl_07_as_soon_as_the_address_is_shown(tmp_path: Path, *, name: str) -> None:
    """
    CL-07: the handlers are there before the URL is; half of the program is not even
    imported yet.
    """
    async with signing_in(tmp_path) as scene:
        ended = await stopped(scene.command, name, tmp_path)

    assert said(ended, name)
    assert scene.callback.is_closed


@pytest.mark.slow_cases
@each_signal
async def test_cl_07_while_it_waits(tmp_path: Path, *, name: str) -> None:
    """CL-07: with spare connections of a browser open, as there always are."""
    async with signing_in(tmp_path) as scene:
        await scene.command.event("waiting")
        async with connected(scene.callback, b"", b"", b"GET /callb"):
            assert (await scene.callback.get("/favicon.ico")).status == 404
            ended = await stopped(scene.command, name, tmp_path)

    assert said(ended, name)
    assert scene.callback.is_closed


@pytest.mark.slow_cases
@each_signal
async def test_cl_07_during_the_exchange_with_a_browser_waiting(
    tmp_path: Path, *, name: str
) -> None:
    """
    CL-07: the token endpoint hangs; the page says that the command was stopped, and
    does not hang.
    """
    async with signing_in(tmp_path) as scene:
        waiting = await exchanging(scene)
        ended = await stopped(scene.command, name, tmp_path)
        page = await waiting

    assert said(ended, name)
    assert page.status == 400
    assert "Sign-in stopped" in page.text
    assert scene.callback.is_closed


async def exchanging(scene: Scene) -> asyncio.Task[Reply]:
    """Bring the answer, and wait until the code is at the token endpoint, which keeps silent."""
    scene.endpoint.may_answer.clear()
    waiting = asyncio.create_task(scene.callback.arrive())
    await scene.endpoint.asked.wait()
    return waiting


async def test_cl_07_a_browser_that_does_not_fetch_its_page_delays_nothing(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CL-07: it is given less time than after a sign-in that ends by itself."""
    async with signing_in(tmp_path) as scene:
        scene.endpoint.may_answer.clear()
        async with connected(scene.callback, scene.callback.request(scene.callback.answer())):
            await scene.endpoint.asked.wait()
            began = stopwatch.seconds
            await stopped(scene.command, "SIGINT", tmp_path)

    assert stopwatch.seconds - began < 1


async def test_cl_07_after_the_tokens_were_stored(tmp_path: Path) -> None:
    """
    CL-07, CB-13: only the person's name is missing, the server keeps silent about it: what is
    stored stays, and the page says so.
    """
    async with signing_in(tmp_path, "--userinfo-endpoint", "{issuer}/userinfo") as scene:
        scene.endpoint.silent.add("/userinfo")
        waiting = asyncio.create_task(scene.callback.arrive())
        await scene.endpoint.kept_waiting.wait()
        before = stored(tmp_path)
        scene.command.signal(signal.SIGINT)
        ended = await scene.command.outcome()
        page = await waiting

    assert ended.exit_code == 130
    assert page.status == 200
    assert "Signed in" in page.text
    assert stored(tmp_path) == before


@pytest.mark.slow
async def test_cl_07_what_was_stored_before_stays_byte_for_byte(tmp_path: Path) -> None:
    """CL-07: a sign-in that is stopped has not touched the tokens of the one before."""
    async with signing_in(tmp_path) as scene:
        await scene.callback.arrive()
        assert (await scene.command.outcome()).exit_code == 0
    before = stored(tmp_path)
    async with signing_in(tmp_path) as scene:
        waiting = await exchanging(scene)
        scene.command.signal(signal.SIGTERM)
        ended = await scene.command.outcome()
        await waiting

    assert ended.exit_code == 143
    assert stored(tmp_path) == before
    assert leftovers(tmp_path) == []


@pytest.mark.slow_cases
@pytest.mark.parametrize("names", [["SIGTERM", "SIGINT", "SIGHUP", "SIGINT"], ["SIGINT"] * 4])
async def test_cl_07_more_signals_change_nothing(tmp_path: Path, *, names: list[str]) -> None:
    """
    CL-07: an impatient person presses Ctrl-C again and again; one of them counts, and the page is
    sent all the same.
    """
    async with signing_in(tmp_path) as scene:
        waiting = await exchanging(scene)
        for name in names[:-1]:
            scene.command.signal(signal.Signals[name])
        ended = await stopped(
            scene.command, names[-1], tmp_path, codes={SIGNALS[name] for name in names}
        )
        page = await waiting

    assert ended.stderr.count("\n") == len(ended.events)
    assert "Sign-in stopped" in page.text


@pytest.mark.slow
async def test_cl_07_while_the_save_waits_for_another_process(tmp_path: Path) -> None:
    """
    CL-07: another process holds the store's lock: two seconds hold all the same, and the page says
    so.
    """
    async with signing_in(tmp_path) as scene:
        waiting = await exchanging(scene)
        with locked(tmp_path / "tokens" / "default.lock"):
            scene.endpoint.may_answer.set()
            await scene.command.event("exchanged")
            await stopped(scene.command, "SIGINT", tmp_path)
        assert "Sign-in stopped" in (await waiting).text
    assert scene.callback.is_closed


@contextmanager
def locked(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def test_cl_07_a_hangup_that_the_parent_ignores_stays_ignored(tmp_path: Path) -> None:
    """CL-07: nohup means it."""
    ignoring = ("/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh")
    async with signing_in(tmp_path, under=ignoring) as scene:
        await scene.command.event("waiting")
        scene.command.signal(signal.SIGHUP)
        page = await scene.callback.arrive()
        ended = await scene.command.outcome()

    assert (page.status, ended.exit_code) == (200, 0)


# Runs the command in this very process, which sends itself the signal when it is about to import
# that module.
AT_THE_IMPORT = """
import os, runpy, signal, sys
name, number = {module!r}, signal.{signal}
class Finder:
    def find_spec(self, module, path=None, target=None):
        if module == name:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), number)
sys.meta_path.insert(0, Finder())
del sys.argv[1:4]
runpy.run_module("loopback_auth", run_name="__main__", alter_sys=True)
"""
MODULES = {
    "cli.main": "loopback_auth.cli.main",
    "errors": "loopback_auth.errors.base",
    "login": "loopback_auth.cli.commands.login",
    "asyncio": "asyncio",
    "aiohttp": "aiohttp",
    "http_server": "loopback_auth.edge.callback.http",
    "tab": "loopback_auth.edge.callback.session",
    "redemption": "loopback_auth.flows.login.completion.redemption",
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("module", MODULES)
async def test_cl_07_in_the_middle_of_an_import(
    tmp_path: Path, stopwatch: Stopwatch, *, module: str
) -> None:
    """CL-07: an exception out of nowhere is hardest on what is half loaded."""
    code = AT_THE_IMPORT.format(module=MODULES[module], signal="SIGINT")
    under = (sys.executable, "-c", code)
    async with (
        running_endpoint() as endpoint,
        login(*endpoint.flags(), "--no-browser", home=tmp_path, under=under) as command,
    ):
        began = stopwatch.seconds
        ended = await command.outcome()

    assert stopwatch.seconds - began < 2
    assert ended.exit_code == 130
    assert "Traceback" not in ended.stderr
    assert module in ("cli.main", "errors") or said(ended, "SIGINT")
    assert (no_token_file(tmp_path), leftovers(tmp_path)) == (True, [])


@pytest.mark.slow
async def test_cl_07_at_many_moments_from_the_very_start(tmp_path: Path) -> None:
    """
    CL-07: in the imports, in the proof of the store, in the start of the server; Python's own start
    is not ours.
    """
    moments = [
        (number * 0.02, name) for number, name in zip(range(15), cycle(SIGNALS), strict=False)
    ]
    async with running_endpoint() as endpoint:
        two_at_a_time = asyncio.Semaphore(2)

        async def one(moment_s: float, name: str) -> None:
            home = tmp_path / f"{moment_s:.3f}"
            home.mkdir()
            flags = (*endpoint.flags(), "--no-browser")
            async with two_at_a_time, login(*flags, home=home) as command:
                # No event tells of these moments; that is why they are tried.
                await asyncio.sleep(moment_s)
                ended = await stopped(
                    command, name, home, codes={SIGNALS[name], -signal.Signals[name], 1}
                )
            if ended.stdout:
                assert said(ended, name)
                caught.append(moment_s)

        caught: list[float] = []
        await asyncio.gather(*(one(*moment) for moment in moments))

    assert len(caught) > 3


ASLEEP = """
import os, signal, sys, threading, time
from loopback_auth.edge.process.event_loop import event_loop_started, run
from loopback_auth.edge.process.interrupts import listen_for_interrupts

listen_for_interrupts()
# The loop's thread takes no signal, so that none can end its sleep as one in the middle of it does.
other = threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGINT)))
other.start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])

async def main():
    await event_loop_started()
    import asyncio
    await asyncio.sleep(20)

run(main())
"""


def test_cl_07_when_the_signal_misses_the_sleep_of_the_loop() -> None:
    """
    CL-07: just before the loop goes to sleep a signal interrupts nothing, and the sleep may be
    long.
    """
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", ASLEEP], capture_output=True, text=True, check=False, timeout=30
    )
    assert time.monotonic() - began < 5
    assert "Interrupted: SIGINT" in ended.stderr


def test_cl_07_a_wait_for_a_pipe_ends_with_a_signal_and_with_what_comes() -> None:
    """CL-07: a blocking read would miss a signal that comes in the moment before it begins."""

    def stop(_number: int, _frame: object) -> None:
        raise InterruptedError("the signal came")

    near, far = os.pipe()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with awaitable(near) as wait:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(InterruptedError):
                wait()
            os.write(far, b"x")
            wait()
        assert os.read(near, 1) == b"x"
        # A wake-up that nobody raises for is no reason to stop waiting.
        signal.signal(signal.SIGALRM, lambda *_: os.write(far, b"y"))
        with awaitable(near) as wait:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            wait()
        assert os.read(near, 1) == b"y"
    finally:
        signal.signal(signal.SIGALRM, before)
        os.close(near)
        os.close(far)
