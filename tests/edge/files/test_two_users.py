"""
Two users of one computer: one signs in, the other reads every command line and every port (CB-16).

Root makes them, as users without an account and without a group in common. The attacker has the
launch address as soon as the browser has it, and later even the state; the person's browser comes
last.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.stand_in_browser import stand_in

from ...support.callback.client import Reply
from ...support.callback.pending_command import signing_in
from ...support.children import as_root
from ...support.command import token_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ...support.callback.pending_command import Scene

PERSON, MALLORY = 54_321, 54_322
DAEMON = 1

pytestmark = [
    as_root,
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose connection it is"),
    pytest.mark.skipif(
        shutil.which("setpriv") is None, reason="no setpriv to become another user with"
    ),
]

# Connects as told, sends what comes on standard input, and prints what it is answered.
CLIENT = """
import socket, sys
host, port, source, way = sys.argv[1:]
client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
if source:
    client.bind((source, 0))
client.connect((host, int(port)))
client.sendall(sys.stdin.buffer.read())
if way == "half-closed":
    client.shutdown(socket.SHUT_WR)
try:
    while piece := client.recv(65536):
        sys.stdout.buffer.write(piece)
except ConnectionError:
    pass
"""

WAYS = {
    "as anybody would": ("127.0.0.1", "", ""),
    "half-closed": ("127.0.0.1", "", "half-closed"),
    "from a socket for both families": ("::ffff:127.0.0.1", "", ""),
    "from another address of this computer": ("127.0.0.1", "127.0.0.2", ""),
}


def as_user(uid: int) -> tuple[str, ...]:
    """
    Give the command that runs another as *uid*; it may read what root may, such as Python in root's
    home.
    """
    capability = "+dac_read_search"
    who = (f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    return ("setpriv", *who, f"--inh-caps={capability}", f"--ambient-caps={capability}")


async def send(uid: int, scene: Scene, request: bytes, way: str = "as anybody would") -> Reply:
    """Send *request* to the callback server in a process of the user *uid*."""
    pipe = asyncio.subprocess.PIPE
    host, source, how = WAYS[way]
    host = "::1" if scene.callback.host == "::1" else host
    process = await asyncio.create_subprocess_exec(
        *as_user(uid),
        sys.executable,
        "-c",
        CLIENT,
        *(host, str(scene.callback.port), source, how),
        stdin=pipe,
        stdout=pipe,
    )
    answer, _ = await process.communicate(request)
    assert process.returncode == 0
    return Reply(raw=answer)


@pytest.fixture
def home() -> Iterator[Path]:
    """Make a home that belongs to the person; pytest's own folders are root's alone."""
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, PERSON, PERSON)
    yield folder
    shutil.rmtree(folder)


@asynccontextmanager
async def launched(home: Path, *arguments: str) -> AsyncIterator[tuple[Scene, bytes]]:
    """
    Start a sign-in of the person's; give the request for the address that their browser was started
    with.
    """
    async with (
        stand_in(home) as (started, browser),
        signing_in(home, *arguments, more=browser, under=as_user(PERSON)) as scene,
    ):
        path = urlsplit(await started.address()).path
        yield scene, scene.callback.request(path)


async def test_cb_16_who_is_somebody_else_gets_nothing_and_is_named(home: Path) -> None:
    """
    CB-16: neither the launch address nor a right answer counts from another user, whichever way
    they connect.
    """
    async with launched(home) as (scene, launch):
        callback = scene.callback
        forged = callback.request(callback.answer(code="forged"))
        denied = callback.request(callback.target(error="access_denied", state=callback.state))
        tried = {
            (uid, way, number): await send(uid, scene, request, way)
            for uid in (MALLORY, DAEMON)
            for way in WAYS
            for number, request in enumerate((launch, forged, denied))
        }
        assert scene.endpoint.exchanges == 0
        launched_at = await send(PERSON, scene, launch)
        redirect = await send(PERSON, scene, callback.request(callback.answer()))
        page = await send(PERSON, scene, callback.request(redirect.header("location") or ""))
        ended = await scene.command.outcome()

    # A connection whose other half is closed may be gone before it is answered.
    assert {key: reply.status for key, reply in tried.items() if reply.status not in (0, 403)} == {}
    assert [key for key, reply in tried.items() if callback.state.encode() in reply.raw] == []
    assert (launched_at.status, launched_at.header("location")) == (303, callback.url)
    assert (page.status, ended.exit_code) == (200, 0)
    assert {stray["reason"] for stray in ended.events_named("stray")} == {
        f"a request from another user of this computer ({name})" for name in ("uid 54322", "daemon")
    }
    assert [form["code"] for form in scene.endpoint.forms] == ["the-code"]
    assert token_file(home)["access_token"] == "an-access-token"


async def test_cb_16_nor_over_ipv6(home: Path) -> None:
    async with launched(home, "--redirect-uri", "http://[::1]:0/callback") as (scene, launch):
        assert (await send(MALLORY, scene, launch)).status == 403
        assert (await send(PERSON, scene, launch)).status == 303


async def test_cb_16_root_and_the_person_are_no_strangers(home: Path) -> None:
    """CB-16: a forwarded port, or a browser in a container, may be root's."""
    async with launched(home) as (scene, launch):
        assert (await send(0, scene, launch)).status == 303
        assert (
            await send(PERSON, scene, scene.callback.request(scene.callback.answer()))
        ).status == 303


async def test_cb_16_a_race_for_the_launch_address_is_won_by_nobody_else(home: Path) -> None:
    """CB-16: eight at once, the person's browser among them; six times."""
    for _ in range(6):
        async with launched(home) as (scene, launch):
            *strangers, mine = await asyncio.gather(
                *(
                    send(MALLORY, scene, launch, way)
                    for way in (*WAYS, *WAYS)
                    if way != "half-closed"
                ),
                send(PERSON, scene, launch),
            )
            assert {reply.status for reply in strangers} == {403}
            assert mine.status == 303
            callback = scene.callback
            redirect = await send(PERSON, scene, callback.request(callback.answer()))
            await send(PERSON, scene, callback.request(redirect.header("location") or ""))
            assert (await scene.command.outcome()).exit_code == 0
