"""
`login(browser=...)`: whatever a program gives to open the page, it delays nothing, and its failure
is a notice.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import FileStore, HttpTransport, from_settings, login
from loopback_auth.errors import AccountDiffers, LoginTimedOut, NoBrowser, UsageError
from loopback_auth.notices import BrowserNotOpened, OpenThisPage
from loopback_auth.testing import AuthorizationServer, Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.oauth.credential import Credential


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running() as running:
        yield running


async def sign_in(server: AuthorizationServer, home: Path, **options: Any) -> Credential:
    profile = from_settings("mine", issuer=server.issuer, client_id="demo", scope="openid")
    transport = HttpTransport(environ={})
    options = {"environ": {}, "timeout_s": 20, **options}
    return await login(profile, store=FileStore(home), transport=transport, **options)


# ---- functions that open the page


async def test_the_browser_of_the_test_kit_can_be_given_as_it_is(
    server: AuthorizationServer, tmp_path: Path, sign_in_browser: Browser
) -> None:
    """It visits, and waits for the last page; on the event loop that would be for ever."""
    credential = await sign_in(server, tmp_path, browser=sign_in_browser.visit)
    assert credential.identity is not None
    assert credential.identity.name == "user-ada"


async def test_an_async_function_is_awaited(server: AuthorizationServer, tmp_path: Path) -> None:
    pages = []

    async def visit(url: str) -> None:
        pages.append(await asyncio.to_thread(Browser().visit, url))

    await sign_in(server, tmp_path, browser=visit)
    assert [page.status for page in pages] == [200]


class Opens:
    """
    A callable object that is no coroutine function: what it returns is to be awaited
    all the same.
    """

    def __init__(self, visit: Any) -> None:
        self._visit = visit

    def __call__(self, url: str) -> Any:
        return self._visit(url)


async def test_an_awaitable_that_a_plain_function_returns_is_awaited_in_our_loop(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    loops = []

    async def visit(url: str) -> bool:
        loops.append(asyncio.get_running_loop())
        await asyncio.to_thread(Browser().visit, url)
        return True

    await sign_in(server, tmp_path, browser=Opens(visit))
    assert loops == [asyncio.get_running_loop()]


async def test_the_server_answers_before_the_function_is_called_and_the_loop_goes_on(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """Off the loop, in a thread with the caller's context."""
    context = contextvars.ContextVar("context", default="another")
    context.set("the caller's")
    seen: dict[str, Any] = {}
    ticks = 0

    def browser(url: str) -> None:
        seen.update(thread=threading.current_thread(), context=context.get())

        before = ticks
        time.sleep(0.2)
        seen["ticks"] = ticks - before
        Browser().visit(url)

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    await sign_in(server, tmp_path, browser=browser)
    ticking.cancel()
    assert seen["thread"] is not threading.main_thread()
    assert seen["context"] == "the caller's"
    assert seen["ticks"] > 3


def test_a_function_that_stays_until_the_window_is_closed_holds_nothing_up(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """Neither the sign-in nor the end of the program waits for `subprocess.run([browser, url])`."""
    program = f"""
import asyncio, threading, time
from loopback_auth import FileStore, HttpTransport, from_settings, login
from loopback_auth.testing import Browser

def browser(url):
    Browser().visit(url)
    time.sleep(60)

profile = from_settings("mine", issuer={server.issuer!r}, client_id="demo", scope="openid")
store, transport = FileStore({str(tmp_path)!r}), HttpTransport(environ={{}})
asyncio.run(login(profile, store=store, transport=transport, browser=browser))
print("signed in")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "signed in\n", "")


# ---- and those that do not


def fails(_: str) -> bool:
    raise FileNotFoundError(2, "No such file or directory", "firefoxx")


async def fails_later(_: str) -> bool:
    await asyncio.sleep(0)
    raise ValueError("no window")


def exits(_: str) -> bool:
    raise SystemExit(3)


def stops(_: str) -> bool:
    raise StopIteration


async def says_no(_: str) -> bool:
    return False


FAILING = {
    "says no": (lambda _: False, "opened none"),
    "says no later": (says_no, "opened none"),
    "raises": (fails, "FileNotFoundError: [Errno 2] No such file or directory: 'firefoxx'"),
    "raises later": (fails_later, "ValueError: no window"),
    "exits": (exits, "SystemExit: 3"),
    "stops": (stops, "StopIteration"),
    "takes nothing": (lambda: True, "TypeError"),
}


@pytest.mark.parametrize("case", FAILING)
async def test_a_function_that_fails_is_reported_as_no_browser_and_the_sign_in_goes_on(
    server: AuthorizationServer, tmp_path: Path, case: str
) -> None:
    browser, reason = FAILING[case]
    notices: list[Any] = []
    threads = []

    def notify(notice: Any) -> None:
        notices.append(notice)
        if isinstance(notice, BrowserNotOpened):
            (page,) = [each for each in notices if isinstance(each, OpenThisPage)]
            threads.append(threading.Thread(target=Browser().visit, args=(page.url,)))
            threads[0].start()

    await sign_in(server, tmp_path, browser=browser, notify=notify)
    threads[0].join()
    (notice,) = [each for each in notices if isinstance(each, BrowserNotOpened)]
    assert reason in notice.reason


@pytest.mark.parametrize("case", FAILING)
async def test_without_notify_nobody_would_see_the_address_and_login_ends_at_once(
    server: AuthorizationServer, tmp_path: Path, case: str
) -> None:
    """The library never prints: it says what to pass."""
    browser, reason = FAILING[case]
    began = time.monotonic()
    with pytest.raises(NoBrowser, match="no browser") as none:
        await sign_in(server, tmp_path, browser=browser, timeout_s=60)

    assert time.monotonic() - began < 30
    assert reason in str(none.value)
    words = f"{none.value} {none.value.cause} {none.value.fix}"
    assert "notify" in none.value.fix
    assert "browser" in none.value.fix
    assert "http://" not in words
    assert "state=" not in words
    if "raises" in case:
        assert isinstance(none.value.__cause__, (FileNotFoundError, ValueError))


async def test_the_address_that_a_function_was_given_is_in_no_message(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """It may be used once, and error messages end up in logs."""
    given = []

    def browser(url: str) -> None:
        given.append(url)
        raise OSError(f"cannot open {url}")

    with pytest.raises(NoBrowser, match="cannot open") as none:
        await sign_in(server, tmp_path, browser=browser)
    assert given[0].rpartition("/")[2] not in f"{none.value}{none.value.facts}"


async def test_no_browser_and_no_notify_is_refused(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    with pytest.raises(NoBrowser):
        await sign_in(server, tmp_path, browser=None)


async def test_a_computer_without_a_browser_is_reported_at_once(
    server: AuthorizationServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", str(tmp_path / "missing"))
    with pytest.raises(NoBrowser, match="none was found here"):
        await sign_in(server, tmp_path)


# ---- endings


async def test_a_function_that_returns_nothing_is_believed(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """Only `False` says that no browser was opened: most functions return nothing."""
    notices: list[Any] = []
    with pytest.raises(LoginTimedOut):
        await sign_in(
            server, tmp_path, browser=lambda _: None, notify=notices.append, timeout_s=0.3
        )
    assert not [notice for notice in notices if isinstance(notice, BrowserNotOpened)]


async def test_what_goes_wrong_after_the_answer_is_not_the_sign_ins(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    notices: list[Any] = []

    async def browser(url: str) -> None:
        await asyncio.to_thread(Browser().visit, url)
        raise ValueError("the window is gone")

    await sign_in(server, tmp_path, browser=browser, notify=notices.append)
    assert not [notice for notice in notices if isinstance(notice, BrowserNotOpened)]


@pytest.mark.parametrize("end", ["signed in", "cancelled", "timed out"])
async def test_rb_10_no_task_is_left_of_an_async_browser(
    server: AuthorizationServer, tmp_path: Path, end: str
) -> None:
    """RB-10: one that would wait for its window is cancelled, and has ended when login does."""
    ended = []
    begun = asyncio.Event()

    async def browser(url: str) -> None:
        try:
            begun.set()
            if end == "signed in":
                await asyncio.to_thread(Browser().visit, url)
            await asyncio.Event().wait()
        finally:
            ended.append(end)

    before = asyncio.all_tasks()
    signing_in = asyncio.create_task(
        sign_in(server, tmp_path, browser=browser, timeout_s=0.5 if end == "timed out" else 20)
    )
    await begun.wait()
    if end == "cancelled":
        signing_in.cancel()
    await asyncio.gather(signing_in, return_exceptions=True)
    assert ended == [end]
    assert asyncio.all_tasks() == before
    assert (signing_in.cancelled(), bool(FileStore(tmp_path).load("mine"))) == (
        end == "cancelled",
        end == "signed in",
    )


async def test_rb_10_a_coroutine_that_comes_when_the_sign_in_is_over_is_closed(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """RB-10: or Python would warn that it was never awaited."""
    release, done = threading.Event(), threading.Event()

    async def never() -> None:
        raise AssertionError("nobody awaits it")

    def browser(_: str) -> Any:
        release.wait(20)
        done.set()
        return never()

    with pytest.raises(LoginTimedOut):
        await sign_in(server, tmp_path, browser=browser, timeout_s=0.2, notify=lambda _: None)
    release.set()
    await asyncio.to_thread(done.wait, 20)
    await asyncio.sleep(0.05)


# ---- the other functions of a caller


async def test_an_async_notify_is_refused_at_once(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """Its notices would be dropped, the address to open among them."""

    async def notify(_: object) -> None:
        raise AssertionError("nobody awaits it")

    with pytest.raises(UsageError, match="notify"):
        await sign_in(server, tmp_path, browser=lambda _: None, notify=notify)


@pytest.mark.parametrize("answer", [True, False])
async def test_a_plain_function_may_decide_about_another_account(
    server: AuthorizationServer, tmp_path: Path, *, answer: bool
) -> None:
    """
    It is asked when the person has signed in already: too late to find out that it cannot be
    awaited.
    """
    asked = []

    def may_switch(held: str, new: str) -> bool:
        asked.append((held, new))
        return answer

    first = await sign_in(server, tmp_path, browser=Browser().visit)
    assert first.identity is not None
    held = dataclasses.replace(
        first, identity=dataclasses.replace(first.identity, subject="bob", name="bob")
    )
    FileStore(tmp_path).save("mine", held.to_document())
    again = sign_in(server, tmp_path, browser=Browser().visit, may_switch=may_switch)
    if answer:
        assert (await again).identity == first.identity
    else:
        with pytest.raises(AccountDiffers):
            await again
    assert asked == [("bob", "user-ada")]
