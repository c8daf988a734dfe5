"""What is pasted while `login_here` waits: on a real terminal, and through a pipe."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.cli.console import Console
from loopback_auth.cli.progress import ProgressReporter
from loopback_auth.flows.login import answer as login_answer
from loopback_auth.notices import BrowserNotOpened
from loopback_auth.testing import AuthorizationServer, Browser, Client
from loopback_auth.testing.browser import Page
from loopback_auth.testing.salesforce import APP, ORG, USER, Org, Salesforce

from ..support.callback.client import query
from ..support.command import COMMAND, environment, login_here, no_token_file, run, token_file
from ..support.sockets import free_port
from .test_exchange import exchange
from .test_terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

PORT = free_port()
CALLBACK = f"http://localhost:{PORT}/OauthRedirect"
OTHER_ORG = Org(org_id="00D000000000002AAA", name="Globex")
GRACE = replace(
    USER, username="grace@globex.example", user_id="005000000000002AAA", org_id=OTHER_ORG.org_id
)
BODY = "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration"
PAGE = (
    "We can't authorize you because of an OAuth error. For more information, "
    "contact your administrator.\n\n"
    "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during "
    "authentication. Please try again.\n"
)


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(
        apps=[replace(APP, callback_urls=(CALLBACK,), require_secret_web=False)]
    ) as running:
        yield running


def login_words(server: Salesforce, *more: str) -> tuple[str, ...]:
    client = (
        "--provider",
        "salesforce",
        "--login-url",
        server.login_url,
        "--client-id",
        APP.client_id,
    )
    return ("login", *client, "--port", str(PORT), "--no-browser", *more)


class Elsewhere(Browser):
    """A browser on another machine, where the callback leads nowhere."""

    def _open(self, navigation: Any) -> Page:
        if navigation.url.startswith(CALLBACK):
            return Page(status=0, url=navigation.url, text="no answer")
        return super()._open(navigation)


def answer_to(url: str) -> str:
    """Sign in elsewhere, and give the address that the browser ends at."""
    return Elsewhere(username=USER.username, password=USER.password).visit(url).url


def address_on(terminal: pexpect.spawn) -> str:
    terminal.expect(r"(http://localhost:\d+/services/oauth2/authorize\?\S+)")
    address: str = terminal.match[1]
    terminal.expect("Waiting for your browser")
    return address


def ended(terminal: pexpect.spawn) -> str:
    terminal.expect(pexpect.EOF)
    terminal.close()
    said: str = terminal.before
    return said


def test_ar_09_an_address_pasted_on_the_terminal_signs_in_unseen(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """AR-09: no Enter is needed, and the code is on no line of the terminal."""
    terminal = on_a_terminal(tmp_path, *login_words(salesforce))
    answer = answer_to(address_on(terminal))
    terminal.send(answer)
    terminal.expect(rf"Signed in as {USER.username}")
    terminal.expect(r"\[y/N\] ")
    before = terminal.before
    terminal.sendline("n")
    before += ended(terminal)
    assert terminal.exitstatus == 0
    assert token_file(tmp_path)["access_token"]
    assert query(answer)["code"] not in before


def test_what_is_typed_counts_when_enter_is_pressed(salesforce: Salesforce, tmp_path: Path) -> None:
    """Key by key, with one that was wrong and rubbed out."""
    terminal = on_a_terminal(tmp_path, *login_words(salesforce, "--no-preflight"))
    address_on(terminal)
    terminal.delaybeforesend = 0.02
    for key in "invalid_client_ix\x7fd\r":
        terminal.send(key)
    terminal.expect(r"error\[invalid-client-id\]: the browser was shown an error")
    assert "Consumer Key" in ended(terminal)
    assert terminal.exitstatus == 7


@pytest.mark.parametrize(
    ("text", "fix"), [(BODY, CALLBACK), (PAGE, "Connected Apps OAuth Usage")], ids=["file", "page"]
)
def test_an_error_of_the_browsers_pasted_on_the_terminal_ends_the_sign_in(
    salesforce: Salesforce, tmp_path: Path, *, text: str, fix: str
) -> None:
    terminal = on_a_terminal(tmp_path, *login_words(salesforce, "--no-preflight"))
    address_on(terminal)
    terminal.send(text)
    terminal.expect("the browser was shown an error")
    assert fix in ended(terminal)
    assert (terminal.exitstatus, no_token_file(tmp_path)) == (7, True)


def test_the_terminal_is_as_before_whatever_ends_the_wait(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """After Ctrl-C the shell echoes again."""
    words = " ".join((*COMMAND, *login_words(salesforce)))
    terminal = pexpect.spawn(
        "sh",
        ["-c", f"trap : INT; {words}; stty -a; echo over"],
        env={**environment(tmp_path), "TERM": "xterm", "BROWSER": ""},
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    address_on(terminal)
    assert not terminal.getecho()
    terminal.sendintr()
    terminal.expect(r"[^-]icanon iexten echo ")
    terminal.close()


def test_a_terminal_that_is_closed_ends_the_wait(salesforce: Salesforce, tmp_path: Path) -> None:
    """As a signal that came from somewhere else: with its own status, and in time."""
    terminal = on_a_terminal(tmp_path, *login_words(salesforce))
    address_on(terminal)
    terminal.close()
    assert (terminal.exitstatus, terminal.signalstatus) == (129, None)


def test_in_the_background_nothing_is_read_and_nothing_stops(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """The shell has the terminal; the browser's answer is taken all the same."""
    words = " ".join((*COMMAND, *login_words(salesforce)))
    terminal = pexpect.spawn(
        "bash",
        ["--norc", "-i", "-c", f"set -m; {words} & wait $!; echo ended with $?"],
        env={**environment(tmp_path), "TERM": "xterm", "BROWSER": ""},
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    url = address_on(terminal)
    Browser(username=USER.username, password=USER.password).visit(url)
    terminal.expect(r"ended with (\d+)")
    assert terminal.match[1] == "0"
    assert "Signed in as" in terminal.before
    terminal.close()


def test_after_ctrl_z_and_fg_a_paste_is_as_unseen_as_before(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """The shell has its own settings meanwhile."""
    terminal = pexpect.spawn(
        "bash",
        ["--norc", "-i"],
        env={**environment(tmp_path), "TERM": "xterm", "BROWSER": "", "PS1": "ready "},
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    terminal.expect("ready ")
    terminal.sendline(" ".join((*COMMAND, *login_words(salesforce))))
    answer = answer_to(address_on(terminal))
    terminal.sendcontrol("z")
    terminal.expect("Stopped.*ready ")
    terminal.sendline("fg")
    terminal.expect("Waiting for your browser")
    terminal.send(answer)
    terminal.expect("Signed in as")
    assert query(answer)["code"] not in terminal.before
    terminal.close()


async def test_a_pipe_is_read_line_by_line_with_paste(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """What is not the answer is told; the answer after it counts, and the pipe may stay open."""
    async with login_here(*login_words(salesforce, "--paste")[1:], home=tmp_path) as command:
        answer = await asyncio.to_thread(answer_to, await command.open_page())
        await command.paste(f"{CALLBACK}?code=x&state=another\n\n{answer}")
        outcome = await command.outcome()
    assert outcome.exit_code == 0, outcome.stderr
    assert [event["code"] for event in outcome.events_named("warning")] == ["paste-ignored"]
    assert token_file(tmp_path)["access_token"]


@pytest.mark.parametrize("way", ["--paste", "--manual"])
async def test_a_browser_of_another_org_is_reported_as_that(tmp_path: Path, way: str) -> None:
    """The key is right: the pre-flight passed. A private window is what helps."""
    local = replace(APP, callback_urls=(CALLBACK,), require_secret_web=False, distribution="local")
    with Salesforce.running(apps=[local], orgs=[ORG, OTHER_ORG], users=[USER, GRACE]) as server:
        mine, other = server.my_domain(), server.my_domain(OTHER_ORG)
        signed_in_elsewhere = Browser(username=GRACE.username, password=GRACE.password)
        await asyncio.to_thread(signed_in_elsewhere.visit, f"{other}/login")
        words = login_words(server, "--login-url", mine, way)[1:]
        if way == "--paste":
            async with login_here(*words, home=tmp_path) as command:
                page = await asyncio.to_thread(signed_in_elsewhere.visit, await command.open_page())
                await command.paste(page.text)
                outcome = await command.outcome()
        else:
            began = await run("login", *words, "--json", home=tmp_path)
            page = await asyncio.to_thread(signed_in_elsewhere.visit, began.document["url"])
            outcome = await exchange(page.text, tmp_path, "--json")
    assert "invalid_client_id" in page.text
    assert outcome.exit_code == 7
    assert outcome.error["code"] == "invalid-client-id"
    assert "session of another org" in outcome.error["cause"]
    assert "private window" in outcome.error["fix"]


async def test_a_closed_pipe_ends_nothing(salesforce: Salesforce, tmp_path: Path) -> None:
    """The browser's answer still comes."""
    async with login_here(*login_words(salesforce, "--paste")[1:], home=tmp_path) as command:
        await command.close_stdin()
        browser = Browser(username=USER.username, password=USER.password)
        await asyncio.to_thread(browser.visit, await command.open_page())
        assert (await command.outcome()).exit_code == 0


def test_cl_09_without_a_browser_it_is_said_at_once_that_one_can_paste(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """CL-09: before the wait begins, and with what reaches this machine from another one."""
    terminal = on_a_terminal(
        tmp_path, *login_words(salesforce), more={"SSH_CONNECTION": "::1 5 10.0.0.2 2222"}
    )
    terminal.expect(rf"ssh -N -L {PORT}:127.0.0.1:{PORT} -p 2222 10.0.0.2\r\n")
    terminal.expect(r"Or sign in on any computer\. .* paste that here \(unseen\)\.")
    terminal.expect("Waiting for your browser")
    terminal.sendintr()
    ended(terminal)


def test_cl_09_without_a_terminal_it_is_said_how_another_one_brings_the_answer() -> None:
    stderr = io.StringIO()
    notice = BrowserNotOpened(reason="none was found here", deliver_to="work")
    ProgressReporter(Console(stderr=stderr))(notice)
    assert "from another terminal here: loopback-auth deliver work\n" in stderr.getvalue()


@pytest.mark.slow
async def test_after_twenty_seconds_it_is_said_what_silence_means(
    salesforce: Salesforce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without a terminal `explain` is named; the same moment is an event for programs. The real twenty
    seconds are waited for on the terminal below.
    """
    assert login_answer.NOTHING_YET_S == 20
    monkeypatch.setattr(login_answer, "NOTHING_YET_S", 1)
    async with login_here(
        *login_words(salesforce, "--timeout", "2s")[1:], home=tmp_path
    ) as command:
        outcome = await command.outcome()
    (event,) = outcome.events_named("nothing_yet")
    assert (event["waited_s"], event["takes_paste"]) == (1, False)
    assert "a file called authorize" in event["hint"]
    assert outcome.exit_code == 5


@pytest.mark.slow
def test_after_twenty_seconds_a_terminal_invites_a_paste(tmp_path: Path) -> None:
    """A countdown is drawn all the while; at a server of another kind the words are general."""
    with AuthorizationServer.running(clients=(Client(client_id="app"),)) as server:
        terminal = on_a_terminal(tmp_path, "login", "--issuer", server.issuer, "--client-id", "app")
        terminal.expect(r"4:5\d left")
        terminal.expect(r"4:4\d left")
        terminal.timeout = 30
        terminal.expect("Nothing has come back yet. Some errors appear only in the browser.")
        terminal.expect("paste it here")
        terminal.expect(r"4:3\d left")
        terminal.sendintr()
        ended(terminal)
    assert terminal.exitstatus == 130


@pytest.mark.parametrize("other", ["--no-input", "--client-secret-stdin", "--manual"])
def test_paste_and_what_else_wants_standard_input_exclude_each_other(
    tmp_path: Path, *, other: str
) -> None:
    terminal = on_a_terminal(
        tmp_path, "login", "--provider", "salesforce", "--client-id", "x", "--paste", other
    )
    assert f"--paste and {other} cannot be used together" in ended(terminal)
    assert terminal.exitstatus == 2
