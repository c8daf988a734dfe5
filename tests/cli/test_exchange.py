"""
`login --manual` and `exchange`: a sign-in whose redirect URI is not on this machine, finished by a
paste.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import stat
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pexpect
import pytest

from loopback_auth.testing import Browser
from loopback_auth.testing.salesforce import APP, SUCCESS_URL, USER, Salesforce

from ..support.command import (
    COMMAND,
    Outcome,
    environment,
    no_token_file,
    run,
    token_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running() as running:
        yield running


async def begin(salesforce: Salesforce, home: Path, *more: str) -> str:
    """
    Begin as the tutorial has it: with the landing page that shows nothing. Give the address to
    open.
    """
    (home / "secret").write_text(APP.client_secret)
    began = await run(
        "login",
        "--manual",
        "--json",
        *(
            "--provider",
            "salesforce",
            "--login-url",
            salesforce.login_url,
            "--client-id",
            APP.client_id,
        ),
        *("--client-secret-file", str(home / "secret"), "--redirect-uri", SUCCESS_URL, *more),
        home=home,
    )
    assert began.exit_code == 0, began.stderr
    url: str = began.document["url"]
    return url


async def answer_to(url: str) -> str:
    """
    Sign in and allow; give the address where the browser ends, which is on no machine
    of ours.
    """
    browser = Browser(username=USER.username, password=USER.password)
    page = await asyncio.to_thread(browser.visit, url)
    assert page.url.startswith(SUCCESS_URL + "?code="), page
    return page.url


async def exchange(pasted: str, home: Path, *words: str) -> Outcome:
    return await run("exchange", *words, home=home, stdin=pasted)


def pending(home: Path) -> list[Path]:
    return list((home / "pending").glob("*.json"))


FORMS = {
    "the whole address": lambda url: url,
    "quoted and broken over lines": lambda url: f' "{url[:90]}\r\n  {url[90:]}"\n',
    "without its scheme": lambda url: url.partition("://")[2],
    "without its scheme, quoted and broken over lines": lambda url: (
        f"<{url[8:90]}\r\n  {url[90:]}>"
    ),
    "without its host": lambda url: url.partition(".com")[2],
    "in curly quotes": lambda url: f"\u201c{url}\u201d",
    "after a byte order mark": lambda url: f"\ufeff{url}\u200b\n",
    "in a sentence": lambda url: f"I ended at {url}, and now?",
    "as Markdown": lambda url: f"`{url}`",
    "its query": lambda url: url.partition("?")[2],
    "the code with %3D": lambda url: quote(parse_qs(urlsplit(url).query)["code"][0], safe=""),
    "the code with =": lambda url: parse_qs(urlsplit(url).query)["code"][0] + "\n",
}


@pytest.mark.parametrize("form", FORMS)
async def test_ar_09_whatever_form_the_answer_has_it_finishes_the_sign_in(
    salesforce: Salesforce, tmp_path: Path, form: str
) -> None:
    """AR-09: `%3D` is `=`, and neither is to be taken away."""
    url = await answer_to(await begin(salesforce, tmp_path))
    if os.name == "posix":
        assert [stat.S_IMODE(file.stat().st_mode) for file in pending(tmp_path)] == [0o600]
    ended = await exchange(FORMS[form](url), tmp_path)
    assert (ended.exit_code, pending(tmp_path)) == (0, []), ended.stderr
    assert "Signed in as ada@acme.example" in ended.stderr
    tokens = token_file(tmp_path)
    assert tokens["extra"]["instance_url"] == salesforce.my_domain()
    assert parse_qs(urlsplit(url).query)["code"][0] not in ended.stdout + ended.stderr


NOT_OURS = {
    "nothing": lambda _: "  \n",
    "a sentence": lambda _: "this is no code at all",
    "a code and something else": lambda url: parse_qs(urlsplit(url).query)["code"][0] + " copied",
    "quotes with nothing in them": lambda _: "\u201c\u201d",
    "wrong state": lambda url: url[:-4] + "AAAA",
    "no state": lambda url: url.partition("&state")[0],
    "another host": lambda url: url.replace("login.salesforce.com", "login.example.com"),
    "plain http": lambda url: url.replace("https:", "http:"),
    "another port": lambda url: url.replace("salesforce.com/", "salesforce.com:8443/"),
    "another path": lambda url: url.replace("/success", "/Success"),
    "two codes": lambda url: url + "&code=x",
    "two states": lambda url: url + "&state=x",
    "a forged error": lambda _: f"{SUCCESS_URL}?error=access_denied",
}


async def test_ar_09_what_is_not_the_answer_is_reported_and_the_sign_in_stays_pending(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """
    AR-09: the same verdicts as the callback server's; after all of them the true answer still
    counts.
    """
    url = await answer_to(await begin(salesforce, tmp_path))
    for name, forged in NOT_OURS.items():
        ended = await exchange(forged(url), tmp_path)
        assert ended.exit_code == 2, (name, ended.stderr)
        assert "loopback-auth exchange" in ended.stderr
        assert len(pending(tmp_path)) == 1
    assert (no_token_file(tmp_path), salesforce.seen("token")) == (True, [])
    assert (await exchange(url, tmp_path)).exit_code == 0


async def test_the_servers_error_ends_it_in_the_words_of_its_pitfall(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    state = parse_qs(urlsplit(await begin(salesforce, tmp_path)).query)["state"][0]
    printed = (
        "error=OAUTH_APP_BLOCKED&"
        f"error_description=this%20app%20is%20blocked%20by%20admin&state={state}"
    )
    ended = await exchange(f"{SUCCESS_URL}?{printed}", tmp_path)
    assert (ended.exit_code, pending(tmp_path)) == (7, [])
    assert "Connected Apps OAuth Usage" in ended.stderr


async def test_a_code_without_its_end_is_the_tutorials_invalid_grant(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """Whoever takes %3D off, as the tutorial says, is told that it belongs to the code."""
    url = await answer_to(await begin(salesforce, tmp_path))
    ended = await exchange(url.replace("%3D", ""), tmp_path)
    assert (ended.exit_code, no_token_file(tmp_path)) == (7, True)
    assert "invalid authorization code" in ended.stderr
    assert "with %3D or =, it is read right" in ended.stderr


async def test_a_code_that_another_client_used_is_the_tutorials_other_invalid_grant(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """Postman was quicker: the code is called expired a second after it came."""
    url = await answer_to(await begin(salesforce, tmp_path))
    salesforce.state.codes[parse_qs(urlsplit(url).query)["code"][0]].used = True
    ended = await exchange(url, tmp_path)
    assert (ended.exit_code, no_token_file(tmp_path)) == (7, True)
    assert "expired authorization code" in ended.stderr
    assert "A code works once" in ended.stderr


async def test_a_code_is_sent_once_whatever_becomes_of_it(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """A refused code is no longer pending: it may be used up."""
    url = await answer_to(await begin(salesforce, tmp_path))
    ended = await exchange(url.replace("code=", "code=x"), tmp_path)
    assert (ended.exit_code, len(salesforce.seen("token")), pending(tmp_path)) == (7, 1, [])
    assert "%3D" in ended.stderr
    again = await exchange(url, tmp_path)
    assert (again.exit_code, "client-id ID --manual\n" in again.stderr) == (4, True)


async def test_ar_09_a_code_without_its_state_uses_nothing_up(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """
    AR-09, TX-01: anything might be pasted for one; each is sent once, and the true answer still
    counts.
    """
    url = await answer_to(await begin(salesforce, tmp_path))
    for _ in range(2):
        ended = await exchange("aPrxNotTheCode", tmp_path)
        assert len(pending(tmp_path)) == 1
        assert "loopback-auth exchange default" in ended.stderr
    assert (ended.exit_code, len(salesforce.seen("token"))) == (2, 1)
    assert "was sent already" in ended.stderr
    assert "aPrxNotTheCode" not in pending(tmp_path)[0].read_text()
    code = parse_qs(urlsplit(url).query)["code"][0]
    assert (await exchange(code, tmp_path)).exit_code == 0
    assert (len(salesforce.seen("token")), pending(tmp_path)) == (2, [])


async def test_an_address_for_any_port_has_one_that_a_relay_can_listen_on(tmp_path: Path) -> None:
    """RFC 8252 section 7.3: the server takes any; 0 is none that a browser goes to."""
    where = (
        "--authorization-endpoint=http://127.0.0.1:9/a",
        "--token-endpoint=http://127.0.0.1:9/t",
    )
    words = ("login", "--manual", "--json", "--client-id", "c", *where)
    begun = [(await run(*words, home=tmp_path)).document for _ in range(3)]
    ports = [urlsplit(each["redirect_uri"]).port or 0 for each in begun]
    assert all(port in range(20000, 32768) for port in ports)
    assert len(set(ports)) > 1
    assert begun[0]["next_step"] == "loopback-auth exchange default"


async def test_too_old_and_never_begun_are_reported(salesforce: Salesforce, tmp_path: Path) -> None:
    ended = await exchange("code=x&state=y", tmp_path)
    assert (ended.exit_code, "error[nothing-pending]" in ended.stderr) == (4, True)
    await begin(salesforce, tmp_path)
    (file,) = pending(tmp_path)
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "until": document["until"] - 901}))
    ended = await exchange("code=x&state=y", tmp_path)
    assert (ended.exit_code, "too old" in ended.stderr, pending(tmp_path)) == (4, True, [])


@pytest.mark.parametrize("until", [None, 0], ids=["in time", "too late"])
async def test_cl_11_what_begins_it_anew_has_the_flags_of_the_first_half(
    until: int | None, tmp_path: Path
) -> None:
    """CL-11: the first half stored nothing that a sign-in could know them from."""
    server = (
        "--authorization-endpoint=http://127.0.0.1:9/a",
        "--token-endpoint=http://127.0.0.1:9/t",
    )
    begun = ("login", "work", *server, "--client-id", "c", "--param", "audience=a b", "--manual")
    assert (await run(*begun, home=tmp_path)).exit_code == 0
    (file,) = pending(tmp_path)
    if until is not None:
        file.write_text(json.dumps({**json.loads(file.read_text()), "until": until}))
    ended = await exchange("http://127.0.0.1:1/?code=x&state=y", tmp_path, "work")
    command = ended.stderr.split("loopback-auth ")[-1].strip()
    assert command.startswith("login work --manual"), ended.stderr
    again = await run(*shlex.split(command), home=tmp_path)
    assert again.exit_code == 0, again.stderr
    assert "audience=a+b" in again.stdout


async def test_two_profiles_are_pending_side_by_side(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    first = await answer_to(await begin(salesforce, tmp_path, "-p", "first"))
    second = await answer_to(await begin(salesforce, tmp_path, "-p", "second"))
    assert (await exchange(first, tmp_path, "second")).exit_code == 2
    assert (await exchange(second, tmp_path, "second")).exit_code == 0
    assert (await exchange(first, tmp_path, "first")).exit_code == 0


async def test_an_answer_in_argv_is_refused(tmp_path: Path) -> None:
    """AR-09: the shell's history and the process list are no place for a code."""
    ended = await run("exchange", f"{SUCCESS_URL}?code=aPrxCanary", home=tmp_path)
    assert (ended.exit_code, "history" in ended.stderr, "aPrxCanary" in ended.stderr) == (
        2,
        True,
        False,
    )


async def test_what_can_never_work_is_reported_before_anybody_signs_in(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    began = await run(
        *("login", "--manual", "--provider", "salesforce", "--login-url", salesforce.login_url),
        *("--client-id", "3MVG9other", "--redirect-uri", SUCCESS_URL),
        home=tmp_path,
    )
    assert (began.exit_code, pending(tmp_path)) == (7, [])
    assert "invalid_client_id" in began.stderr


def on_a_terminal(home: Path, keys: str, *options: str) -> str:
    """Type *keys* when the answer is asked for; give the exit status and all that was shown."""
    words = [*COMMAND[1:], "exchange", *options]
    terminal = pexpect.spawn(COMMAND[0], words, env=environment(home), encoding="utf-8", timeout=20)
    if keys:
        terminal.expect("not shown")
        terminal.send(keys)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return f"{terminal.exitstatus}{terminal.before}"


@pytest.mark.slow
@pytest.mark.parametrize("octets", [0, 9_000])
async def test_ar_09_on_a_terminal_the_answer_is_not_shown(
    salesforce: Salesforce, tmp_path: Path, *, octets: int
) -> None:
    """
    AR-09, AR-06: what is pasted is echoed nowhere, and has no end at the 4,096 characters of a
    terminal's line.
    """
    url = await answer_to(await begin(salesforce, tmp_path))
    long = url.replace("?", f"?padding={'a' * octets}&")
    printed = await asyncio.to_thread(on_a_terminal, tmp_path, f"{long}\r")
    assert printed.startswith("0")
    assert "Signed in as ada@acme.example" in printed
    assert "aPrx" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
async def test_ar_09_who_leaves_the_question_open_has_the_sign_in_still_pending(
    salesforce: Salesforce, tmp_path: Path, *, keys: str
) -> None:
    """AR-09: it is the person's no (3), and what was begun can be finished."""
    url = await answer_to(await begin(salesforce, tmp_path))
    printed = await asyncio.to_thread(on_a_terminal, tmp_path, keys)
    assert printed.startswith("3")
    assert (await exchange(url, tmp_path)).exit_code == 0


@pytest.mark.slow
async def test_nobody_is_asked_for_the_answer_where_that_is_forbidden(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """--no-input asks nothing, also on a terminal."""
    await begin(salesforce, tmp_path)
    shown = await asyncio.to_thread(on_a_terminal, tmp_path, "", "--no-input")
    assert shown.startswith("2")
    assert "no answer was given" in shown
