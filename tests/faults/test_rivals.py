"""
RF-01, RF-02, RF-09: many at once, with the real command: one refresh, and nobody's
sign-in lost.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import HttpTransport, from_settings, login as library_login
from loopback_auth.edge.files.lock_holder import holder_of
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.testing import AuthorizationServer, Browser, Client
from loopback_auth.testing.http import faults

from ..support.children import posix, start
from ..support.command import COMMAND, environment, login, token_file
from ..support.strace import Ended, outcome, run
from .scene import TOKEN, expired, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.stopwatch import Stopwatch
    from .scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.alone, posix]


@pytest.fixture
def strict() -> Iterator[AuthorizationServer]:
    """A server that revokes everything when a refresh token comes a second time."""
    with AuthorizationServer.running(clients=(Client(client_id="public"),)) as running:
        yield running


def begin(command: tuple[str, ...], home: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd="/",
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def all_at_once(count: int, at: Scene) -> list[Ended]:
    return [outcome(process) for process in [begin(TOKEN, at.home) for _ in range(count)]]


# --- RF-01


def test_rf_01_twelve_processes_make_one_refresh_a_round(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """
    RF-01: five rounds at a server that is slow, rotates and forgives nothing: the family of tokens
    lives on.
    """
    at = scene(strict, tmp_path / "home")
    strict.faults.token = faults.late(2.5)
    for count in range(1, 6):
        ended = all_at_once(12, at)
        assert all(at.is_handed_out(each) for each in ended), ended
        assert len(strict.seen("token")) == count
        FileStore(str(at.home)).save("default", expired(at.stored))
    assert strict.registry.is_alive(strict.registry.refresh_tokens[at.stored["refresh_token"]])


def test_rf_01_sixty_four_processes_make_one_refresh(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """RF-01: and all get its token."""
    at = scene(strict, tmp_path / "home")
    ended = all_at_once(64, at)
    assert all(at.is_handed_out(each) for each in ended), ended
    assert len(strict.seen("token")) == 1
    assert at.leftovers == []


# --- RF-02

LOCK = """
with FileStore(sys.argv[1]).locked("default"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def at(strict: AuthorizationServer, tmp_path: Path) -> Scene:
    return scene(strict, tmp_path / "home")


@pytest.fixture
def holder(at: Scene) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the profile's lock."""
    with start(LOCK, at.home) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_rf_02_the_lock_goes_with_a_holder_that_is_killed(
    at: Scene, holder: subprocess.Popen[str], stopwatch: Stopwatch
) -> None:
    """RF-02: the next goes on within 5 s, and nothing is left to be cleared away by hand."""
    waiting = begin(TOKEN, at.home)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    began = stopwatch.seconds
    holder.kill()
    assert at.is_handed_out(outcome(waiting))
    assert stopwatch.seconds - began < 5


def test_rf_02_a_holder_that_stands_still_holds_up_nobody_with_a_good_token(
    at: Scene, holder: subprocess.Popen[str], stopwatch: Stopwatch
) -> None:
    """
    RF-02: Ctrl-Z in one window; the others go on until their token expires, and may be interrupted
    while they wait.
    """
    holder.send_signal(signal.SIGSTOP)
    good = {**at.document, "expires_at": "2099-01-01T00:00:00Z"}
    path = at.home / "tokens" / "good.json"
    path.write_text(
        (at.home / "tokens" / "default.json")
        .read_text()
        .replace(at.document["expires_at"], good["expires_at"])
    )
    path.chmod(0o600)
    path.replace(at.home / "tokens" / "default.json")
    began = stopwatch.seconds
    assert run(TOKEN, at.home).stdout.strip() == at.document["access_token"]
    assert run((*COMMAND, "status"), at.home).status == 0
    assert stopwatch.seconds - began < 2

    waiting = begin((*TOKEN, "--refresh"), at.home)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    waiting.send_signal(signal.SIGINT)
    began = stopwatch.seconds
    ended = outcome(waiting)
    assert (ended.status, ended.stdout) == (130, ""), ended
    assert stopwatch.seconds - began < 2
    assert at.requests == 0


# --- RF-09


def sign_in_flags(server: AuthorizationServer) -> tuple[str, ...]:
    scope = ("--scope", "openid offline_access")
    return ("--issuer", server.issuer, "--client-id", "public", *scope, "--no-browser")


async def sign_in(server: AuthorizationServer, home: Path, profile: str) -> dict[str, Any]:
    """Sign in as ada; give the tokens that are stored when the command has ended."""
    async with login(profile, *sign_in_flags(server), home=home) as command:
        url = await command.open_page()
        await asyncio.to_thread(Browser().visit, url)
        ended = await command.outcome()
    assert ended.exit_code == 0, ended
    return token_file(home, profile)


def grant_of(server: AuthorizationServer, document: dict[str, Any]) -> object:
    """Tell which sign-in the tokens of *document* came of: one, and it lives."""
    access = server.registry.access_tokens[document["access_token"]]
    refresh = server.registry.refresh_tokens[document["refresh_token"]]
    assert access.grant is refresh.grant
    assert server.registry.is_alive(refresh)
    assert refresh.replaced_at is None
    return access.grant


async def test_rf_09_two_sign_ins_to_one_profile_at_once(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """
    RF-09: each redeems its own code; what is stored is one of them, whole. (Two commands would
    share one sign-in.)
    """
    store, transport = FileStore(str(tmp_path)), HttpTransport()
    profile = from_settings(
        "work", issuer=strict.issuer, client_id="public", scope="openid offline_access"
    )
    sign_ins = (
        library_login(profile, store=store, transport=transport, browser=Browser().visit)
        for _ in range(2)
    )
    await asyncio.gather(*sign_ins)
    grants = {id(token.grant): token.grant for token in strict.registry.refresh_tokens.values()}
    assert len(grants) == 2
    assert len(strict.seen("token")) == 2
    assert grant_of(strict, token_file(tmp_path, "work")) in grants.values()


async def test_rf_09_eight_sign_ins_to_different_profiles_all_survive(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """RF-09: each profile has the tokens of its own sign-in."""
    names = [f"profile-{number}" for number in range(8)]
    documents = await asyncio.gather(*(sign_in(strict, tmp_path, name) for name in names))
    assert documents == [token_file(tmp_path, name) for name in names]
    assert len({id(grant_of(strict, document)) for document in documents}) == 8


async def test_rf_09_a_sign_in_that_ends_during_a_refresh_is_not_overwritten(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """RF-09: its save waits until the refresh of the older sign-in is stored."""
    at = scene(strict, tmp_path / "home")
    old = grant_of(strict, at.document)
    async with login(*sign_in_flags(strict), home=at.home) as command:
        url = await command.open_page()
        strict.faults.token = faults.late(1.5).once()
        refresh = asyncio.create_task(asyncio.to_thread(run, TOKEN, at.home))
        await asyncio.to_thread(strict.wait_for, "token")
        assert (await asyncio.to_thread(Browser().visit, url)).status == 200
        assert (await command.outcome()).exit_code == 0
    assert (await refresh).status == 0
    assert grant_of(strict, at.stored) is not old


def holder_pid(at: Scene) -> int:
    """
    Return which process has the lock: the command, or one of its own that finishes its
    refresh.
    """
    holder = holder_of([str(at.home / "tokens" / "default.lock")])
    assert holder
    return holder.pid


async def test_rf_09_a_finished_sign_in_waits_as_long_as_a_refresh_may_take_and_says_so(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """RF-09: longer than a save takes; who is waited for is told."""
    at = scene(strict, tmp_path / "home")
    old = grant_of(strict, at.document)
    async with login(*sign_in_flags(strict), home=at.home) as command:
        url = await command.open_page()
        strict.faults.token = faults.late(11).once()
        refresh = begin(TOKEN, at.home)
        await asyncio.to_thread(strict.wait_for, "token")
        pid = holder_pid(at)
        visit = asyncio.create_task(asyncio.to_thread(Browser().visit, url))
        warning = await command.event("warning")
        assert (await visit).status == 200
        ended = await command.outcome()
    assert ended.exit_code == 0
    assert warning["code"] == "store-busy"
    assert f"another process ({pid}) has held" in warning["message"]
    assert outcome(refresh).status == 0
    assert [request.form["grant_type"] for request in strict.seen("token")] == [
        ["refresh_token"],
        ["authorization_code"],
    ]
    assert grant_of(strict, at.stored) is not old


async def test_rf_09_a_refresh_that_stands_still_holds_up_no_sign_in_and_ends_none(
    strict: AuthorizationServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """
    RF-09: Ctrl-Z, a sign-in from its begin to its end, fg: the sign-in is the newer truth, for the
    one that stood still as well.
    """
    at = scene(strict, tmp_path / "home")
    strict.faults.token = faults.late(1).once()
    stopped = begin(TOKEN, at.home)
    await asyncio.to_thread(strict.wait_for, "token")
    # The command, and the process that finishes its refresh.
    pids = {stopped.pid, holder_pid(at)}
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    began = stopwatch.seconds
    stored = await sign_in(strict, at.home, "default")
    assert stopwatch.seconds - began < 8
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert at.is_handed_out(outcome(stopped))
    assert at.stored == stored
    assert strict.seen("revoke") == []
    # Nobody stands in the way of the next one.
    FileStore(str(at.home)).save("default", expired(at.stored))
    assert at.is_handed_out(run(TOKEN, at.home))
    assert at.is_whole


async def test_rf_09_a_sign_out_during_a_sign_in_that_took_over_removes_nothing_new(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """
    RF-09: a logout that was stopped while the server revoked, and goes on when somebody else is
    signed in.
    """
    at = scene(strict, tmp_path / "home")
    strict.faults.revoke = faults.late(1).once()
    stopped = begin((*COMMAND, "logout"), at.home)
    await asyncio.to_thread(strict.wait_for, "revoke")
    stopped.send_signal(signal.SIGSTOP)
    stored = await sign_in(strict, at.home, "default")
    stopped.send_signal(signal.SIGCONT)
    ended = outcome(stopped)
    assert (ended.status, ended.stderr.splitlines()[0]) == (
        1,
        "error[store-changed]: the stored tokens of the profile default have changed",
    )
    assert at.stored == stored


def test_rf_01_a_lock_file_that_is_removed_during_a_refresh_makes_no_second_one(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """RF-01: whoever comes next waits for the one that is on its way, and finds its tokens."""
    at = scene(strict, tmp_path / "home")
    strict.faults.token = faults.late(2).once()
    first = begin(TOKEN, at.home)
    strict.wait_for("token")
    (at.home / "tokens" / "default.lock").unlink()
    others = [begin(TOKEN, at.home) for _ in range(3)]
    ended = [outcome(process) for process in (first, *others)]
    assert all(at.is_handed_out(each) for each in ended), ended
    assert len(strict.seen("token")) == 1


async def test_rf_09_a_sign_in_racing_a_refresh_wins(
    strict: AuthorizationServer, tmp_path: Path
) -> None:
    """
    RF-09: twenty rounds, each first by turns: what is stored in the end is of the new sign-in,
    never of the old one.
    """

    async def race(number: int) -> None:
        at = scene(strict, tmp_path / f"home-{number}")
        old = grant_of(strict, at.document)
        refresh = lambda: asyncio.to_thread(run, TOKEN, at.home)  # noqa: E731 - it is started later
        signing_in = lambda: sign_in(strict, at.home, "default")  # noqa: E731 - as above
        first, second = (refresh, signing_in) if number % 2 else (signing_in, refresh)
        ended = await asyncio.gather(first(), second())
        assert all(each.status == 0 for each in ended if isinstance(each, Ended)), ended
        assert grant_of(strict, at.stored) is not old
        assert at.leftovers == []

    for number in range(0, 20, 2):
        # The one whose answer is late meets the other at another step each time.
        strict.faults.token = faults.late(0.02 * number)
        await asyncio.gather(race(number), race(number + 1))
