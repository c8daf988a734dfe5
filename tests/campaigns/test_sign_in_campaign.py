"""
Bad luck at a random moment of two sign-ins to one profile: a process, a terminal, the browser or
the network is gone. The seed is the case; a failure prints the moment.

CL-07, RB-04, RB-07, RB-11: each is done or has failed cleanly, nobody waits beyond their own time,
and what is stored is the sign-in of before or a whole new one.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.process.single_flight import SingleFlight
from loopback_auth.edge.store.file_store import FileStore

from ..oauth.test_reprs import CREDENTIAL
from ..support.callback.client import Callback, connected
from ..support.callback.endpoint import TOKENS, running_endpoint
from ..support.children import posix
from ..support.command import login, token_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..support.callback.endpoint import Endpoint
    from ..support.command import Login

pytestmark = [posix, pytest.mark.slow]

TIMEOUT_S = 5.0
GRACE_S = 4.0
"""For a process to start and to end on a machine that is busy."""

LONGEST_S = 1.5
"""After this most sign-ins here are over."""


class Scene:
    """Two sign-ins, and the network that they use."""

    def __init__(self, endpoint: Endpoint, first: Login, second: Login) -> None:
        self.endpoint = endpoint
        self.first = first
        self.second = second
        self.has_browser = True

    def send(self, command: Login, name: str) -> None:
        """Send the signal *name*, if there still is somebody."""
        with suppress(ProcessLookupError):
            command.signal(signal.Signals[name])


EVENTS: dict[str, Callable[[Scene], None]] = {
    "the first is killed": lambda scene: scene.send(scene.first, "SIGKILL"),
    "the first's terminal is closed": lambda scene: scene.send(scene.first, "SIGHUP"),
    "Ctrl-C in the first": lambda scene: scene.send(scene.first, "SIGINT"),
    "the first is stopped": lambda scene: scene.send(scene.first, "SIGSTOP"),
    "the second is killed": lambda scene: scene.send(scene.second, "SIGKILL"),
    "Ctrl-C in the second": lambda scene: scene.send(scene.second, "SIGINT"),
    "the browser is gone": lambda scene: setattr(scene, "has_browser", False),
    "the network is gone": lambda scene: scene.endpoint.may_answer.clear(),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("event", EVENTS)
async def test_cl_07_whatever_is_gone_at_any_moment(
    tmp_path: Path, *, event: str, seed: int
) -> None:
    chance = random.Random(f"{event} {seed}")  # noqa: S311 - for the choice of moments
    moment_s, browser_s = chance.uniform(0.05, LONGEST_S), chance.uniform(0.0, 0.5)
    print(f"{event} after {moment_s:.3f} s, the browser comes {browser_s:.3f} s after an address")  # noqa: T201 - shown where it fails
    FileStore(tmp_path).save("default", {**CREDENTIAL.to_document(), "profile": "default"})
    before = token_file(tmp_path)
    more = {"LOOPBACK_AUTH_HTTP_TIMEOUT": "2"}
    async with running_endpoint() as endpoint:
        flags = (*endpoint.flags(), "--no-browser", "--timeout", f"{TIMEOUT_S:g}s")
        began = time.monotonic()
        async with (
            login(*flags, home=tmp_path, more=more) as first,
            login(*flags, home=tmp_path, more=more) as second,
        ):
            scene = Scene(endpoint, first, second)
            browsing = asyncio.create_task(browse(scene, browser_s))
            await asyncio.sleep(moment_s)
            EVENTS[event](scene)
            stopped = [first] if event == "the first is stopped" else []
            codes = [await ended(each, began) for each in (first, second) if each not in stopped]
            for each in stopped:
                scene.send(each, "SIGCONT")
                codes.append(await ended(each, time.monotonic()))
            browsing.cancel()
            await asyncio.gather(browsing, return_exceptions=True)

    stored = token_file(tmp_path)
    is_new = stored["access_token"] == TOKENS["access_token"]
    print(f"exit statuses {codes}, {endpoint.exchanges} exchanges, is new: {is_new}")  # noqa: T201 - as above
    assert is_new or stored == before
    assert 0 not in codes or is_new
    # The interpreter itself is ended by a signal that comes before there are handlers.
    by_signal = {-signal.SIGKILL, -signal.SIGHUP, -signal.SIGINT}
    assert set(codes) <= {0, 5, 7, 129, 130} | by_signal
    assert SingleFlight(str(tmp_path), "default").begin(), "the lock is held by nobody"


async def ended(command: Login, began: float) -> int:
    """Wait until *command* has ended, and not beyond its own time."""
    async with asyncio.timeout(began + TIMEOUT_S + GRACE_S - time.monotonic()):
        return (await command.outcome()).exit_code


async def browse(scene: Scene, delay_s: float) -> None:
    """Sign in at each new address, a while after it is shown, as long as there is a browser."""
    done: set[str] = set()
    while True:
        await asyncio.sleep(0.02)
        for command in (scene.first, scene.second):
            for opened in command.seen("open_page"):
                if opened["url"] not in done:
                    done.add(opened["url"])
                    await asyncio.sleep(delay_s)
                    await visit(scene, Callback(opened))


async def visit(scene: Scene, callback: Callback) -> None:
    """Bring the answer; a browser that is gone is so in the middle of its request."""
    with suppress(OSError, TimeoutError):
        async with connected(callback, callback.request(callback.answer())) as [(reader, _)]:
            async with asyncio.timeout(1 if scene.has_browser else 0):
                await reader.read()
