"""
Several `login` commands at once, as processes: who opens the page, who waits, and what becomes of
them when one is stopped or killed.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.process.single_flight import SingleFlight
from loopback_auth.notices import OpenThisPage

from ..support.callback.client import Callback
from ..support.callback.endpoint import running_endpoint
from ..support.children import posix
from ..support.command import login, login_here, no_token_file, run_process, token_file
from ..support.sockets import listen
from ..support.stored import write_config
from .test_terminal import on_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.callback.endpoint import Endpoint
    from ..support.command import Login
    from ..support.stopwatch import Stopwatch

pytestmark = posix


def flags(endpoint: Endpoint, *more: str) -> tuple[str, ...]:
    return (*endpoint.flags(), "--no-browser", *more)


async def test_the_second_joins_the_first_and_has_its_outcome(tmp_path: Path) -> None:
    """The same address and document; it says whom it waits for, and one exchange is made."""
    async with running_endpoint() as endpoint, login(*flags(endpoint), home=tmp_path) as first:
        callback = await first.callback()
        async with login_here(*flags(endpoint, "--if-needed"), home=tmp_path) as second:
            joined = await second.event("joined")
            assert await second.open_page() == callback.url
            await callback.arrive()
            ended = await asyncio.gather(first.outcome(), second.outcome())

    assert (joined["pid"], joined["terminal"]) == (first.process.pid, "")
    assert [each.exit_code for each in ended] == [0, 0]
    assert ended[0].document == ended[1].document
    assert [json.loads(line)["event"] for line in ended[1].stderr.splitlines()] == [
        "open_page",
        "joined",
        "waiting",
    ]
    assert endpoint.exchanges == 1


async def test_a_denial_is_the_outcome_of_both(tmp_path: Path) -> None:
    """CL-10: exit 3, with the same explanation."""
    async with running_endpoint() as endpoint, login_here(*flags(endpoint), home=tmp_path) as first:
        callback = await first.callback()
        async with login_here(*flags(endpoint), home=tmp_path) as second:
            await second.event("joined")
            await callback.refuse("access_denied")
            one, other = await asyncio.gather(first.outcome(), second.outcome())
        again = await asyncio.create_task(denied_again(endpoint, tmp_path))

    assert (one.exit_code, other.exit_code, again["exit_code"]) == (3, 3, 3)
    assert (one.error["code"], one.error["cause"]) == (other.error["code"], other.error["cause"])
    assert "a program opens no new page within 5 s" in again["message"]
    assert no_token_file(tmp_path)


async def denied_again(endpoint: Endpoint, home: Path) -> dict[str, object]:
    """Try once more, as a program in a loop does."""
    async with login_here(*flags(endpoint), home=home) as third:
        ended = await third.outcome()
    assert "open_page" not in ended.stderr
    return ended.error


async def test_cl_07_ctrl_c_in_the_one_that_waits_ends_that_one_alone(
    tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """CL-07: exit 130 within two seconds, and nothing has changed; the first signs in."""
    async with running_endpoint() as endpoint, login_here(*flags(endpoint), home=tmp_path) as first:
        callback = await first.callback()
        async with login(*flags(endpoint), home=tmp_path) as second:
            await second.event("waiting")
            began = stopwatch.seconds
            second.interrupt()
            stopped = await second.outcome()
            took_s = stopwatch.seconds - began
        await callback.arrive()
        done = await first.outcome()

    assert (stopped.exit_code, stopped.error["code"]) == (130, "interrupted")
    assert "changed" not in stopped.error["cause"]
    assert took_s < 2
    assert (done.exit_code, endpoint.exchanges) == (0, 1)


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGTERM", "SIGHUP"])
async def test_the_next_takes_over_when_the_first_is_killed(tmp_path: Path, *, name: str) -> None:
    """With an address of its own, at once: the system frees the lock."""
    async with running_endpoint() as endpoint, login(*flags(endpoint), home=tmp_path) as first:
        shown = await first.open_page()
        async with login_here(*flags(endpoint), home=tmp_path) as second:
            await second.event("joined")
            first.signal(signal.Signals[name])
            await second.event("warning")
            callback = await taken_over(second, shown)
            await callback.arrive()
            done = await second.outcome()

    [warning] = done.events_named("warning")
    assert warning["code"] == "sign-in-taken-over"
    assert (done.exit_code, endpoint.exchanges) == (0, 1)
    assert token_file(tmp_path)["access_token"] == "an-access-token"


async def taken_over(command: Login, shown: str) -> Callback:
    """Wait for an address that is not the one *shown* by the first."""
    while True:
        opened = [event for event in command.seen("open_page") if event["url"] != shown]
        if opened:
            return Callback(opened[-1])
        await command.news()


async def test_one_that_is_stopped_holds_nobody_beyond_their_own_time(tmp_path: Path) -> None:
    """Ctrl-Z: the next says so, and ends with what to type; the first goes on and signs in."""
    async with running_endpoint() as endpoint, login(*flags(endpoint), home=tmp_path) as first:
        callback = await first.callback()
        first.signal(signal.SIGSTOP)
        began = time.monotonic()
        async with login_here(*flags(endpoint, "--timeout", "1.2s"), home=tmp_path) as second:
            ended = await second.outcome()
        took_s = time.monotonic() - began
        first.signal(signal.SIGCONT)
        await callback.arrive()
        done = await first.outcome()

    assert (ended.exit_code, ended.error["code"]) == (5, "login-timed-out")
    assert f"kill -CONT {first.process.pid}" in ended.error["fix"]
    assert [event["code"] for event in ended.events_named("warning")] == ["sign-in-stopped"]
    assert 1.2 <= took_s < 4
    assert done.exit_code == 0


async def test_a_person_may_end_one_that_asks_for_something_else(tmp_path: Path) -> None:
    """On a terminal it is asked; the first ends as by `kill`, and this one begins."""
    async with running_endpoint() as endpoint, login(*flags(endpoint), home=tmp_path) as first:
        await first.callback()
        words = ("login", *flags(endpoint, "--scope", "other"))
        terminal = await asyncio.to_thread(on_a_terminal, tmp_path, *words)
        await asyncio.to_thread(
            terminal.expect,
            rf"Process {first.process.pid} is signing in to the profile default with another scope"
            r"\. End that one\? \[y/N\] ",
        )
        terminal.sendline("y")
        await asyncio.to_thread(terminal.expect, "scope=other")
        ended = await first.outcome()
        terminal.sendintr()
        await asyncio.to_thread(terminal.expect, r"Cancelled\. Nothing changed\.")

    assert (ended.exit_code, ended.error["code"]) == (143, "interrupted")


async def test_without_a_terminal_one_that_asks_for_something_else_is_left_alone(
    tmp_path: Path,
) -> None:
    async with running_endpoint() as endpoint, login_here(*flags(endpoint), home=tmp_path) as first:
        callback = await first.callback()
        async with login_here(*flags(endpoint, "--scope", "other"), home=tmp_path) as second:
            refused = await second.outcome()
        await callback.arrive()
        done = await first.outcome()

    assert (refused.exit_code, refused.error["code"]) == (2, "sign-in-in-progress")
    assert "with another scope" in refused.error["message"]
    assert done.exit_code == 0


# --- a port that is taken


async def test_cb_02_a_port_that_our_other_profile_holds_is_said_to_be(
    tmp_path: Path,
) -> None:
    """CB-02: exit 6, and which sign-in it is; nothing is taken from it."""
    async with (
        running_endpoint() as endpoint,
        login("one", *flags(endpoint), home=tmp_path) as first,
    ):
        callback = await first.callback()
        port = ("--port", str(callback.port))
        async with login_here("two", *flags(endpoint, *port), home=tmp_path) as second:
            ended = await second.outcome()

    assert (ended.exit_code, ended.error["code"]) == (6, "port-in-use")
    assert "your own sign-in to the profile one" in ended.error["message"]
    assert f"kill {first.process.pid}" in ended.error["fix"]


@pytest.mark.slow
async def test_on_a_terminal_its_answer_is_pasted(tmp_path: Path) -> None:
    """CB-02: the redirect ends at the other sign-in, which ignores it and goes on."""
    async with (
        running_endpoint() as endpoint,
        login("one", *flags(endpoint), home=tmp_path) as first,
    ):
        callback = await first.callback()
        words = ("login", "two", *flags(endpoint, "--port", str(callback.port)))
        terminal = await asyncio.to_thread(on_a_terminal, tmp_path, *words)
        await asyncio.to_thread(terminal.expect, "your own sign-in to the profile one")
        await asyncio.to_thread(terminal.expect, r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
        own = Callback({"url": terminal.match[1], "redirect_uri": callback.redirect_uri})
        ignored = await own.get(own.answer())
        await asyncio.to_thread(terminal.expect, "Waiting for your browser")
        terminal.send(f"http://{own.netloc}{own.answer()}\r")
        await asyncio.to_thread(terminal.expect, "Signed in")
        await callback.arrive()
        done = await first.outcome()

    assert ignored.status == 400
    assert (done.exit_code, endpoint.exchanges) == (0, 2)
    assert token_file(tmp_path, "two")["access_token"] == "an-access-token"


async def test_cb_03_a_strangers_port_is_asked_about_with_no_as_the_answer(tmp_path: Path) -> None:
    """CB-03, CB-04: it would get the code; Enter is a no."""
    with listen() as stranger:
        port = str(stranger.getsockname()[1])
        async with running_endpoint() as endpoint:
            words = ("login", *flags(endpoint, "--port", port))
            terminal = await asyncio.to_thread(on_a_terminal, tmp_path, *words)
            await asyncio.to_thread(terminal.expect, "That program then sees the one-time code")
            terminal.sendline("")
            await asyncio.to_thread(terminal.expect, r"error\[port-in-use\]")
            await asyncio.to_thread(terminal.expect, pexpect_eof())
            terminal.close()

    assert terminal.exitstatus == 6
    assert no_token_file(tmp_path)


def pexpect_eof() -> object:
    """Return the end of a terminal's output."""
    return pytest.importorskip("pexpect").EOF


# --- many


@pytest.mark.slow
async def test_thirty_two_that_need_a_sign_in_make_one_request_and_one_exchange(
    tmp_path: Path,
) -> None:
    async with running_endpoint() as endpoint, AsyncExitStack() as stack:
        words = flags(endpoint, "--if-needed")
        everybody = [
            await stack.enter_async_context(login(*words, home=tmp_path)) for _ in range(32)
        ]
        pages = [await command.open_page() for command in everybody]
        callback = await everybody[0].callback()
        await callback.arrive()
        ended = [await command.outcome() for command in everybody]

    assert len(set(pages)) == 1
    assert {each.exit_code for each in ended} == {0}
    assert {json.dumps(each.document) for each in ended} == {json.dumps(ended[0].document)}
    assert sum(not each.events_named("joined") for each in ended) == 1
    assert endpoint.exchanges == 1


async def test_six_at_once_make_one_request_and_one_exchange(tmp_path: Path) -> None:
    async with running_endpoint() as endpoint, AsyncExitStack() as stack:
        everybody = [
            await stack.enter_async_context(login_here(*flags(endpoint), home=tmp_path))
            for _ in range(6)
        ]
        pages = {await command.open_page() for command in everybody}
        await (await everybody[0].callback()).arrive()
        ended = [await command.outcome() for command in everybody]

    assert len(pages) == 1
    assert [each.exit_code for each in ended] == [0] * 6
    assert endpoint.exchanges == 1


def first_page(home: Path) -> OpenThisPage:
    """Wait until the first process has said what it shows."""
    flight, until = SingleFlight(str(home), "default"), time.monotonic() + 20
    while time.monotonic() < until:
        if isinstance(page := flight.read().page, OpenThisPage):
            return page
        time.sleep(0.005)
    raise AssertionError("no page is shown")


@pytest.mark.slow
@pytest.mark.parametrize("words", [("token", "--login"), ("login", "--if-needed", "--json")])
async def test_those_that_come_while_it_ends_make_no_second_exchange(
    tmp_path: Path, *, words: tuple[str, ...]
) -> None:
    """The browser is back before the last of sixteen has looked: that one finds what is stored."""
    async with running_endpoint() as endpoint:
        write_config(
            tmp_path,
            f'[profiles.default]\nauthorization_endpoint = "{endpoint.issuer}/authorize"\n'
            f'token_endpoint = "{endpoint.issuer}/token"\nclient_id = "the-client"\n',
        )
        more = {"BROWSER": "/bin/true", "DISPLAY": ":9"}
        everybody = [
            asyncio.create_task(run_process(*words, home=tmp_path, more=more)) for _ in range(16)
        ]
        page = await asyncio.to_thread(first_page, tmp_path)
        await Callback({"url": page.url, "redirect_uri": page.redirect_uri}).arrive()
        ended = await asyncio.gather(*everybody)

    assert {each.exit_code for each in ended} == {0}
    if words[0] == "token":
        assert {each.stdout for each in ended} == {"an-access-token\n"}
    assert endpoint.exchanges == 1
