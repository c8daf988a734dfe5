"""One sign-in for all who want one, in one event loop: the first signs in, the others wait."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import errors
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.process.flight_record import QUIET_S, REPORTED_S, FlightRecord
from loopback_auth.edge.process.single_flight import SingleFlight
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.flows.login.join import Caller, sign_in_once
from loopback_auth.flows.services import Services
from loopback_auth.notices import JoinedSignIn, OpenThisPage, Saved, Warned

from ...oauth.test_reprs import CREDENTIAL
from ...support.callback.pending_login import profile_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.oauth.credential import Credential
    from loopback_auth.settings.profile import Profile

TIMEOUT_S = 20.0
PAGE = OpenThisPage(
    url="https://id.example/authorize?state=the-state",
    redirect_uri="http://127.0.0.1:1717/callback",
    host="id.example",
    client_id="cli",
    scope="openid",
)
PROFILE = profile_of(client_id="cli", issuer="https://id.example", scope=("openid",))


class Attempt:
    """One caller: its notices, and how often and with how much time it signed in by itself."""

    def __init__(self, home: Path, *, outcome: BaseException | None = None) -> None:
        self.home = home
        self.notices: list[Notice] = []
        self.times: list[float] = []
        self.shown = asyncio.Event()
        self.joined = asyncio.Event()
        self.may_end = asyncio.Event()
        self._outcome = outcome

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)
        if isinstance(notice, JoinedSignIn):
            self.joined.set()

    async def __call__(self, services: Services, timeout_s: float) -> Credential:
        """Show the page, and end as the test says."""
        self.times.append(timeout_s)
        services.notify(PAGE)
        self.shown.set()
        await self.may_end.wait()
        if self._outcome:
            raise self._outcome
        services.store.save("default", {**CREDENTIAL.to_document(), "profile": "default"})
        services.notify(Saved(profile="default", path="here"))
        return CREDENTIAL

    async def run(
        self, profile: Profile = PROFILE, *, timeout_s: float = TIMEOUT_S, **caller: Any
    ) -> Credential:
        services = Services(
            store=FileStore(self.home), transport=HttpTransport(), notify=self.notify
        )
        return await sign_in_once(
            self, profile, services, timeout_s=timeout_s, caller=Caller(**caller)
        )

    def noticed(self, kind: type[Any]) -> list[Any]:
        return [notice for notice in self.notices if isinstance(notice, kind)]


def record(home: Path) -> dict[str, Any]:
    path = home / "signing-in" / "default.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    found: dict[str, Any] = json.loads(path.read_text())
    return found


async def test_rb_12_six_that_start_at_once_have_one_page_and_one_outcome(tmp_path: Path) -> None:
    """RB-12: in one event loop; as in six processes, which `tests/cli` starts."""
    first, *others = everybody = [Attempt(tmp_path) for _ in range(6)]
    tasks = [asyncio.create_task(attempt.run()) for attempt in everybody]
    await asyncio.gather(*(attempt.joined.wait() for attempt in others))
    during = record(tmp_path)
    first.may_end.set()
    done = await asyncio.gather(*tasks)

    assert [len(attempt.times) for attempt in everybody] == [1, 0, 0, 0, 0, 0]
    assert {each.tokens.access_token.reveal() for each in done} == {
        CREDENTIAL.tokens.access_token.reveal()
    }
    for attempt in others:
        [notice] = attempt.noticed(JoinedSignIn)
        assert (notice.page, notice.pid) == (PAGE, os.getpid())
    assert during["page"][1]["url"] == PAGE.url
    assert "the-state" not in json.dumps(record(tmp_path))


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.AuthorizationDenied("the person said no"), 3),
        (errors.AuthorizationError("refused", error="invalid_scope", known=True), 7),
        (errors.AccountDiffers("the profile default holds ada", profile="default"), 2),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
async def test_its_failure_is_that_of_all_who_wait(
    tmp_path: Path, *, error: errors.LoopbackAuthError, exit_code: int
) -> None:
    first, second = Attempt(tmp_path, outcome=error), Attempt(tmp_path)
    tasks = [asyncio.create_task(attempt.run()) for attempt in (first, second)]
    await second.joined.wait()
    first.may_end.set()
    got, other = await asyncio.gather(*tasks, return_exceptions=True)

    assert got is error
    assert isinstance(other, type(error))
    assert (other.code, other.exit_code) == (error.code, exit_code)
    assert (other.cause, other.fix) == (error.cause, error.fix)
    assert f"process {os.getpid()}, which this one waited for" in str(other)
    assert second.times == []
    assert "page" not in record(tmp_path)


async def test_what_is_wrong_with_one_process_alone_is_not_the_failure_of_the_next(
    tmp_path: Path,
) -> None:
    """A port, a file, a stream: the next one may have another, and opens a page where none was."""

    async def no_port(_: Services, __: float) -> Credential:
        await asyncio.sleep(0.05)
        raise errors.PortInUse("taken", port=1717)

    second = Attempt(tmp_path)
    second.may_end.set()
    services = Services(store=FileStore(tmp_path), transport=HttpTransport())
    first = sign_in_once(no_port, PROFILE, services, timeout_s=TIMEOUT_S, caller=Caller())
    got, done = await asyncio.gather(first, second.run(), return_exceptions=True)

    assert isinstance(got, errors.PortInUse)
    assert done is CREDENTIAL


@pytest.mark.parametrize(
    ("flags", "wants", "named"),
    [
        ({"client_id": "other"}, (), "another client_id"),
        ({"scope": ("openid", "api")}, (), "another scope"),
        ({"issuer": "https://other.example"}, (), "another issuer"),
        ({"parameters": {"prompt": "login"}}, (), "another parameters"),
        ({"storage": "keyring"}, (), "another storage"),
        ({"client_id": "x", "issuer": "y"}, (), "with another client_id, with another issuer"),
        ({}, ("--switch-account",), "without --switch-account"),
    ],
)
async def test_what_asks_for_something_else_is_not_joined(
    tmp_path: Path, *, flags: dict[str, Any], wants: tuple[str, ...], named: str
) -> None:
    given = {"client_id": "cli", "issuer": "https://id.example", "scope": ("openid",), **flags}
    first, second = Attempt(tmp_path), Attempt(tmp_path)
    task = asyncio.create_task(first.run())
    await first.shown.wait()
    with pytest.raises(errors.SignInInProgress) as refused:
        await second.run(profile_of(**given), wants=wants)
    first.may_end.set()
    await task

    assert named in str(refused.value)
    assert f"kill {os.getpid()}" in refused.value.fix
    assert (second.times, second.noticed(JoinedSignIn)) == ([], [])


async def test_another_port_or_certificate_asks_for_the_same(tmp_path: Path) -> None:
    given = {"client_id": "cli", "issuer": "https://id.example", "scope": ("openid",)}
    first, second = Attempt(tmp_path), Attempt(tmp_path)
    task = asyncio.create_task(first.run())
    await first.shown.wait()
    other = asyncio.create_task(second.run(profile_of(**given, port=(3000,), ca_bundle="/x.pem")))
    await second.joined.wait()
    first.may_end.set()
    await asyncio.gather(task, other)

    assert second.times == []


async def test_the_next_takes_over_when_the_first_is_stopped(tmp_path: Path) -> None:
    """With what is left of its own time; of three, one does, and the third joins that one."""
    first, *others = [Attempt(tmp_path) for _ in range(3)]
    task = asyncio.create_task(first.run())
    await first.shown.wait()
    tasks = [asyncio.create_task(attempt.run()) for attempt in others]
    await asyncio.gather(*(attempt.joined.wait() for attempt in others))
    task.cancel()
    await asyncio.wait(
        {asyncio.create_task(one.shown.wait()) for one in others},
        return_when=asyncio.FIRST_COMPLETED,
    )
    [leader] = [one for one in others if one.times]
    leader.may_end.set()
    await asyncio.gather(*tasks)

    assert [len(one.times) for one in others].count(1) == 1
    assert leader.times[0] < TIMEOUT_S
    assert [notice.code for notice in leader.noticed(Warned)] == ["sign-in-taken-over"]


async def test_a_first_that_was_killed_after_it_saved_is_done(tmp_path: Path) -> None:
    """Nobody signs in a second time for what is there."""
    flight = SingleFlight(str(tmp_path), "default")
    assert flight.begin()
    shown = FlightRecord.of_this_process(
        {"client_id": "cli", "issuer": "https://id.example", "scope": ["openid"]}, ()
    ).showing(PAGE)
    flight.write(shown)
    second = Attempt(tmp_path)
    task = asyncio.create_task(second.run())
    await second.joined.wait()
    FileStore(tmp_path).save("default", CREDENTIAL.to_document())
    flight.write(shown.saved(time.time()))
    flight.end()
    await task

    assert second.times == []


async def test_a_wait_ends_in_its_own_time(tmp_path: Path) -> None:
    """Exit 5, and who it was waited for; the first goes on."""
    first, second = Attempt(tmp_path), Attempt(tmp_path)
    task = asyncio.create_task(first.run())
    await first.shown.wait()
    began = time.monotonic()
    with pytest.raises(errors.LoginTimedOut, match=f"process {os.getpid()}") as ended:
        await second.run(timeout_s=0.3)
    took_s = time.monotonic() - began
    first.may_end.set()

    assert took_s < 3
    assert ended.value.exit_code == 5
    assert f"or end it (kill {os.getpid()})" in ended.value.fix
    assert await task is CREDENTIAL


@pytest.mark.parametrize(("timeout_s", "signs_in"), [(TIMEOUT_S, True), (0.4, False)])
async def test_one_whose_time_is_not_up_opens_a_page_after_one_that_timed_out(
    tmp_path: Path, *, timeout_s: float, signs_in: bool
) -> None:
    """Unless most of its time is over: then nobody would come to that page either."""
    first = Attempt(tmp_path, outcome=errors.LoginTimedOut("nobody came back"))
    second = Attempt(tmp_path)
    second.may_end.set()
    task = asyncio.create_task(first.run())
    await first.shown.wait()
    other = asyncio.create_task(second.run(timeout_s=timeout_s))
    await second.joined.wait()
    await asyncio.sleep(0 if signs_in else timeout_s / 2)
    first.may_end.set()
    ended = await asyncio.gather(task, other, return_exceptions=True)

    assert bool(second.times) is signs_in
    assert (ended[1] is CREDENTIAL) is signs_in


async def test_a_loop_of_failing_programs_opens_one_page(tmp_path: Path) -> None:
    """The failure is reported once more, with the exit status that it had."""
    denied = Attempt(tmp_path, outcome=errors.AuthorizationDenied("no"))
    denied.may_end.set()
    again = Attempt(tmp_path)
    for attempt in (denied, again, again, again):
        with pytest.raises(errors.AuthorizationDenied) as ended:
            await attempt.run()

    assert (len(denied.times), again.times) == (1, [])
    assert "a program opens no new page within 5 s" in str(ended.value)


async def test_a_person_may_try_again_at_once(tmp_path: Path) -> None:
    denied = Attempt(tmp_path, outcome=errors.AuthorizationDenied("no"))
    denied.may_end.set()
    with pytest.raises(errors.AuthorizationDenied):
        await denied.run()
    again = Attempt(tmp_path)
    again.may_end.set()

    assert await again.run(is_person=True) is CREDENTIAL


def test_a_loop_waits_for_silence_and_not_for_ever() -> None:
    """Whoever leaves 5 s between, or has tried for a minute, opens a page."""
    now, denied = time.time(), errors.AuthorizationDenied("no")
    failed = FlightRecord({"id": "x"}).failed(denied, now, has_page=True)
    assert failed.repeated(now + QUIET_S) is None
    seconds = 0.0
    while (again := failed.repeated(now + seconds)) is not None:
        failed, seconds = again, seconds + QUIET_S - 1
    assert REPORTED_S <= seconds < REPORTED_S + QUIET_S
    assert failed.repeated(now - 10) is None, "a clock that was set back"
    assert FlightRecord({}).failed(denied, now, has_page=False).repeated(now) is None


async def test_one_that_comes_when_it_is_done_does_nothing(tmp_path: Path) -> None:
    """`--if-needed` has looked before, and looks again when it is the first."""
    FileStore(tmp_path).save("default", CREDENTIAL.to_document())
    attempt = Attempt(tmp_path)
    done = await attempt.run(is_done=lambda: True)

    assert done.tokens.access_token == CREDENTIAL.tokens.access_token
    assert attempt.times == []


def with_link(home: Path) -> None:
    """Have the lock be a link that leads out of the folder."""
    folder(home)
    (home / "signing-in" / "default.lock").symlink_to(home / "elsewhere")


def with_folder(home: Path) -> None:
    """Have the record be a folder."""
    folder(home)
    (home / "signing-in" / "default.json").mkdir()


def with_file(home: Path) -> None:
    """Have the folder be a file."""
    (home / "signing-in").write_text("")


def folder(home: Path, content: str | None = None) -> None:
    home.chmod(0o700)
    (home / "signing-in").mkdir(mode=0o700)
    if content is not None:
        (home / "signing-in" / "default.json").write_text(content)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
@pytest.mark.parametrize("prepare", [with_link, with_folder, with_file])
async def test_a_sign_in_does_not_fail_for_want_of_the_folder(
    tmp_path: Path, *, prepare: Callable[[Path], None]
) -> None:
    prepare(tmp_path)
    attempt = Attempt(tmp_path)
    attempt.may_end.set()

    assert await attempt.run() is CREDENTIAL
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"page": 1}',
        '{"page": ["Secret", {}]}',
        '{"page": ["OpenThisPage", {"url": "x"}]}',
        '{"ended": "soon", "is_saved": true, "terms": {}}',
        '{"ended": 99999999999, "is_saved": true, "terms": {}}',
        '{"error": 7, "has_page": true, "ended": true}',
        "[" * 100_000,
    ],
)
async def test_a_record_that_is_none_changes_nothing(tmp_path: Path, *, content: str) -> None:
    folder(tmp_path, content)
    attempt = Attempt(tmp_path)
    attempt.may_end.set()

    assert await attempt.run() is CREDENTIAL
    assert attempt.noticed(JoinedSignIn) == []
