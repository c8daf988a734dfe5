"""`deliver`: what the browser ended at, brought to a login that waits in another terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.delivery import FOLDER, receiving, waiting_logins

from ...support.callback.endpoint import running_endpoint
from ...support.callback.pending_command import signing_in
from ...support.command import Outcome, login_here, no_token_file, run, token_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ...support.command import Login

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Python has no unix sockets there")


@asynccontextmanager
async def waiting(home: Path, *profiles: str) -> AsyncIterator[list[Login]]:
    """Have a login to each of *profiles* wait, in this process."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(running_endpoint())
        logins = [
            await stack.enter_async_context(
                login_here(profile, *endpoint.flags(), "--no-browser", home=home)
            )
            for profile in profiles
        ]
        for each in logins:
            await each.event("waiting")
        yield logins


async def deliver(text: str, home: Path, *arguments: str) -> Outcome:
    return await run("deliver", *arguments, "--json", home=home, stdin=text)


def sockets(home: Path) -> list[Path]:
    return list((home / FOLDER).glob("*"))


async def test_the_address_goes_to_the_login_whose_state_it_carries(tmp_path: Path) -> None:
    async with waiting(tmp_path, "home", "work") as [home, work]:
        callback = await work.callback()
        address = f"{callback.redirect_uri}?code=the-code&state={callback.state}"
        outcome = await deliver(f"{address}\n", tmp_path)
        assert outcome.document == {"version": 1, "profile": "work", "delivered": True}
        assert (await work.outcome()).exit_code == 0
        assert token_file(tmp_path, "work")["access_token"]
        assert home.process.returncode is None
        # Again: the one that it was for is over, and it is the answer to no other.
        again = await deliver(address, tmp_path)
        assert (again.exit_code, again.error["code"]) == (2, "usage")
        assert "home" in again.error["message"]
        assert "the-code" not in again.stdout + again.stderr
        assert callback.state not in again.stdout + again.stderr
    assert sockets(tmp_path) == []


async def test_an_error_goes_to_the_only_login_or_to_the_one_that_is_named(tmp_path: Path) -> None:
    error = '{"error": "invalid_client_id", "error_description": "client identifier invalid"}'
    async with waiting(tmp_path, "home", "work") as [home, work]:
        unclear = await deliver(error, tmp_path)
        assert unclear.exit_code == 2
        assert "home, work" in unclear.error["message"]
        assert (await deliver(error, tmp_path, "work")).exit_code == 0
        assert (await work.outcome()).error["code"] == "invalid-client-id"
        assert (await deliver(error, tmp_path)).document["profile"] == "home"
        assert (await home.outcome()).exit_code == 7
    assert no_token_file(tmp_path)


@pytest.mark.parametrize("text", ["hello", "http://localhost:1/x?code=a&state=b", "\x1b[31m\0"])
async def test_anything_else_is_refused_there_and_the_login_waits_on(
    tmp_path: Path, text: str
) -> None:
    """AR-09: not a word of it at the login, which goes on."""
    async with waiting(tmp_path, "work") as [work]:
        refused = await deliver(text, tmp_path)
        assert refused.exit_code == 2
        assert "did not accept that" in refused.error["message"]
        assert "\x1b" not in refused.stdout
        await (await work.callback()).arrive()
        ended = await work.outcome()
        assert ended.exit_code == 0
        assert ended.events_named("warning") == []


async def test_nobody_waits(tmp_path: Path) -> None:
    for named in ([], ["work"]):
        outcome = await deliver("http://localhost/?code=a&state=b", tmp_path, *named)
        assert (outcome.exit_code, outcome.error["code"]) == (4, "nothing-pending")
        assert f"loopback-auth login{' work' if named else ''}" in outcome.error["fix"]
    assert sockets(tmp_path) == []


@pytest.mark.parametrize("option", [[], ["--profile"]])
@pytest.mark.parametrize("command", ["deliver", "exchange"])
@pytest.mark.parametrize(
    "given", ["http://localhost:1717/cb?code=SECRET&state=SECRET", "code=SECRET", "x?state=SECRET"]
)
async def test_cl_06_an_address_is_no_argument(
    tmp_path: Path, command: str, given: str, option: list[str]
) -> None:
    """CL-06: it would be in the process list and in the history; it is not repeated."""
    outcome = await run(command, *option, given, home=tmp_path)
    assert outcome.exit_code == 2
    assert f"pipe it in: loopback-auth {command}\n" in outcome.stderr
    assert "SECRET" not in outcome.stderr + outcome.stdout


async def test_no_input_means_no_input(tmp_path: Path) -> None:
    assert (await deliver("", tmp_path)).exit_code == 2
    assert (await deliver("x", tmp_path, "--no-input")).error["message"] == "no answer was given"


async def test_the_socket_is_0600_in_a_folder_of_0700(tmp_path: Path) -> None:
    async with waiting(tmp_path, "work"):
        [path] = sockets(tmp_path)
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path: Path) -> None:
    """Another user's socket there would receive the code."""
    (tmp_path / FOLDER).mkdir(mode=0o700)
    (tmp_path / FOLDER).chmod(0o777)
    outcome = await deliver("http://localhost/?code=a&state=b", tmp_path)
    assert (outcome.exit_code, outcome.error["code"]) == (1, "store-unsafe")


async def test_a_path_too_long_for_a_socket_is_none_for_us(tmp_path: Path) -> None:
    """A home far down: 108 octets are the most (Linux goes through its descriptor)."""
    home = tmp_path / ("deep" * 30)
    home.mkdir()
    if not sys.platform.startswith("linux"):
        async with receiving(str(home), "work", lambda *_: pytest.fail("judged")):
            assert waiting_logins(str(home)) == []
        return
    async with waiting(home, "work") as [work]:
        callback = await work.callback()
        text = f"{callback.redirect_uri}?code=c&state={callback.state}"
        assert (await deliver(text, home)).exit_code == 0
        assert (await work.outcome()).exit_code == 0


async def test_a_login_needs_no_socket(tmp_path: Path) -> None:
    """Where none can be had, the browser and the paste are there still."""
    (tmp_path / FOLDER).write_text("a file")
    async with running_endpoint() as endpoint:
        flags = (*endpoint.flags(), "--no-browser")
        async with login_here("work", *flags, home=tmp_path) as login:
            await (await login.callback()).arrive()
            assert (await login.outcome()).exit_code == 0


@pytest.mark.parametrize("said", [b"", b"{", b"[1]", b'{"text": 7}', b"x" * 600_000])
async def test_what_is_no_request_changes_nothing(tmp_path: Path, said: bytes) -> None:
    async with waiting(tmp_path, "work") as [work]:
        [path] = sockets(tmp_path)
        await asyncio.to_thread(send, path, said)
        callback = await work.callback()
        await callback.arrive()
        assert (await work.outcome()).exit_code == 0


def send(path: Path, octets: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        try:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
        except OSError:
            assert len(octets) > 500_000


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGKILL,
        *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGINT, signal.SIGHUP)),
    ],
)
async def test_cl_07_the_socket_goes_with_its_login(tmp_path: Path, number: signal.Signals) -> None:
    """CL-07: after a kill that nobody can catch, with the next login or delivery."""
    async with signing_in(tmp_path) as scene:
        await scene.command.event("waiting")
        assert len(sockets(tmp_path)) == 1
        scene.command.signal(number)
        await scene.command.process.wait()
    assert bool(sockets(tmp_path)) == (number == signal.SIGKILL)
    assert (await deliver("code=a&state=b", tmp_path)).error["code"] == "nothing-pending"
    async with waiting(tmp_path, "work"):
        assert len(sockets(tmp_path)) == 1
    assert no_token_file(tmp_path)


async def test_a_delivery_that_goes_silent_holds_up_nothing(tmp_path: Path) -> None:
    """RB-10: no socket, task or file is left by a login that ends before it."""
    async with waiting(tmp_path, "work") as [work]:
        [path] = sockets(tmp_path)
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(path))
            silent.send(b'{"text": "')
            await (await work.callback()).arrive()
            assert (await work.outcome()).exit_code == 0
            assert await asyncio.to_thread(silent.recv, 1) == b""
    assert sockets(tmp_path) == []
    assert os.listdir(tmp_path / FOLDER) == []
