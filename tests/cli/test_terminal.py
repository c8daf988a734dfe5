"""On a real terminal: what is drawn, what is asked, and what an answer does."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client, User, faults
from loopback_auth.testing.salesforce import USER, App, Salesforce

from ..support.command import COMMAND, environment, token_file
from ..support.sockets import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

SECRET = "typed, and never shown"


def on_a_terminal(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None, columns: int = 600
) -> pexpect.spawn:
    variables = {
        **environment(home),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "BROWSER": "",
        **(more or {}),
    }
    words = [*COMMAND, *arguments]
    return pexpect.spawn(
        words[0], words[1:], env=variables, timeout=20, encoding="utf-8", dimensions=(40, columns)
    )


def sign_in_on(terminal: pexpect.spawn, browser: Browser | None = None) -> None:
    terminal.expect(r"(http://[a-z0-9.]+:\d+/\S*authorize\?\S+)")
    address = terminal.match[1]
    terminal.expect(r"Waiting for your browser\.\.\. \d:\d\d left")
    threading.Thread(target=(browser or Browser()).visit, args=(address,), daemon=True).start()


def test_a_secret_is_asked_for_unseen_and_the_profile_offered(tmp_path: Path) -> None:
    """
    The secret comes from a prompt that echoes nothing; afterwards the settings are offered for
    config.toml, never the secret.
    """
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(
        "# mine\n\n[profiles.other]\nprovider = 'github' # kept\n"
    )
    client_id = f"3MVG9{'x' * 80}"
    clients = (Client(client_id=client_id, client_secret=SECRET),)
    with AuthorizationServer.running(clients=clients) as server:
        terminal = on_a_terminal(
            tmp_path,
            "login",
            "work",
            "--issuer",
            server.issuer,
            "--client-id",
            client_id,
            "--client-secret-prompt",
            columns=80,
        )
        terminal.expect("Client secret: ")
        terminal.sendline(SECRET)
        sign_in_on(terminal)
        terminal.expect(r"Signed in as ada at 127\.0\.0\.1\.")
        terminal.expect(r"Write that\? \[y/N\] ")
        assert SECRET not in terminal.before
        # No line of it is broken, so that it can be copied.
        assert f'\r\nclient_id = "{client_id}"\r\n' in terminal.before
        terminal.sendline("y")
        terminal.expect(pexpect.EOF)
        terminal.close()

    assert terminal.exitstatus == 0
    written = (tmp_path / "config.toml").read_text()
    assert written.startswith("# mine\n\n[profiles.other]\nprovider = 'github' # kept\n")
    assert f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "{client_id}"\n' in written
    assert SECRET not in written
    assert token_file(tmp_path, "work")["client"]["client_secret"] == SECRET


def test_what_the_provider_says_already_is_not_offered_for_config_toml(tmp_path: Path) -> None:
    port = str(free_port())
    app = App(callback_urls=(f"http://localhost:{port}/OauthRedirect",), require_secret_web=False)
    with Salesforce.running(apps=[app]) as salesforce:
        where = ("--login-url", salesforce.login_url, "--client-id", app.client_id, "--port", port)
        terminal = on_a_terminal(tmp_path, "login", "sf", "--provider", "salesforce", *where)
        sign_in_on(terminal, Browser(username=USER.username, password=USER.password))
        terminal.expect(r"\[profiles\.sf\]\r\n(.*?)Write that\? ")
    names = [line.partition(" = ")[0] for line in terminal.match[1].splitlines()]
    assert sorted(filter(None, names)) == ["client_id", "login_url", "port", "provider"]
    terminal.close(force=True)


def test_in_the_demo_enter_shows_the_address(tmp_path: Path) -> None:
    """As it is said to do there, too, where a newcomer meets it first."""
    terminal = on_a_terminal(tmp_path, "demo", more={"BROWSER": "/bin/true"})
    terminal.expect(r"Press Enter to see the address\.")
    terminal.expect(r"Waiting for your browser\.\.\. \d:\d\d left")
    terminal.sendline("")
    terminal.expect(r"\nhttp://127\.0\.0\.1:\d+/authorize\?\S+")
    assert "Nothing has come back yet" not in terminal.before
    terminal.sendcontrol("c")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_ctrl_c_at_the_prompt_for_the_secret_is_the_persons_no_3(tmp_path: Path) -> None:
    terminal = on_a_terminal(
        tmp_path, "login", "--provider", "github", "--client-id", "x", "--client-secret-prompt"
    )
    terminal.expect("Client secret: ")
    terminal.sendcontrol("c")
    terminal.expect(r"Cancelled\.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus in (3, 130)


def test_a_token_on_a_terminal_comes_with_a_word_of_warning_cl_05(tmp_path: Path) -> None:
    """
    CL-05: printed to a terminal, a token is preceded by one line that says what it is; piped, by
    nothing.
    """
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    (folder / "default.json").write_text(
        '{"version": 1, "access_token": "the-token", "token_type": "Bearer"}'
    )
    terminal = on_a_terminal(tmp_path, "token")
    terminal.expect(pexpect.EOF)
    assert terminal.before.splitlines() == [
        "This is a secret: whoever has it can act as you until it expires.",
        "the-token",
    ]
    terminal.close()
    quiet = on_a_terminal(tmp_path, "token", "-q")
    quiet.expect(pexpect.EOF)
    assert quiet.before.splitlines() == ["the-token"]
    quiet.close()


USERS = (
    User(username="ada", password="a", subject="1"),
    User(username="bob", password="b", subject="2"),
)


def sign_in_as(name: str, terminal: pexpect.spawn) -> None:
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    browser = Browser(username=name, password=name[0])
    threading.Thread(target=browser.visit, args=(terminal.match[1],), daemon=True).start()


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("answer", "exit_code", "signed_in"),
    [("y\n", 0, "bob"), ("n\n", 2, "ada"), ("\n", 2, "ada"), ("\x03", 130, "ada")],
)
def test_id_06_another_account_is_asked_about(
    tmp_path: Path, *, answer: str, exit_code: int, signed_in: str
) -> None:
    """
    ID-06: only a yes replaces the account that the profile holds; else the new tokens are given
    back.
    """
    with AuthorizationServer.running(clients=(Client(client_id="app"),), users=USERS) as server:
        words = ("login", "work", "--issuer", server.issuer, "--client-id", "app")
        first = on_a_terminal(tmp_path, *words, "--no-input")
        sign_in_as("ada", first)
        first.expect(pexpect.EOF)

        second = on_a_terminal(tmp_path, *words)
        sign_in_as("bob", second)
        second.expect(r"This profile holds ada, and bob signed in\. Replace it\? \[y/N\] ")
        second.send(answer)
        if exit_code == 0:
            second.expect(r"Write that\? \[y/N\] ")
            second.sendline("n")
        second.expect(pexpect.EOF)
        second.close()
        given_back = len(server.seen("revoke"))

    assert (second.exitstatus, token_file(tmp_path, "work")["identity"]["name"]) == (
        exit_code,
        signed_in,
    )
    assert given_back == (0 if exit_code == 0 else 1)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("flags", "exit_code", "signed_in"), [((), 2, "ada"), (("--switch-account",), 0, "bob")]
)
def test_id_06_where_nobody_can_be_asked_a_flag_decides(
    tmp_path: Path, *, flags: tuple[str, ...], exit_code: int, signed_in: str
) -> None:
    """ID-06: without it the account stays, and the error names it."""
    with AuthorizationServer.running(clients=(Client(client_id="app"),), users=USERS) as server:
        words = ("login", "work", "--issuer", server.issuer, "--client-id", "app", "--no-input")
        for name, more in (("ada", ()), ("bob", flags)):
            terminal = on_a_terminal(tmp_path, *words, *more)
            sign_in_as(name, terminal)
            terminal.expect(pexpect.EOF)
            terminal.close()
    assert (terminal.exitstatus, token_file(tmp_path, "work")["identity"]["name"]) == (
        exit_code,
        signed_in,
    )
    assert exit_code == 0 or "--switch-account" in terminal.before


def test_cl_03_a_servers_words_cannot_draw_on_the_terminal(tmp_path: Path) -> None:
    """CL-03: where we draw ourselves, all that comes through is what we drew."""
    hostile = "\x1b[2J\x1b]0;owned\x07 red \u202e\u200b\x9b1m\rSigned in as root."
    with AuthorizationServer.running() as server:
        server.faults["authorize"] = faults.members(
            code=None, error="invalid_scope", error_description=hostile
        )
        terminal = on_a_terminal(
            tmp_path, "login", "--issuer", server.issuer, "--client-id", "demo"
        )
        sign_in_on(terminal)
        terminal.expect(pexpect.EOF)
        terminal.close()

    printed = terminal.before
    assert terminal.exitstatus == 7
    assert " red " in printed
    found = [
        mark for mark in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\u200b", "\x9b") if mark in printed
    ]
    assert found == []
    assert "\rSigned in as root" not in printed


def test_the_time_that_is_left_stays_on_one_line_of_a_narrow_terminal(tmp_path: Path) -> None:
    with AuthorizationServer.running() as server:
        flags = ("--issuer", server.issuer, "--client-id", "demo")
        terminal = on_a_terminal(tmp_path, "login", *flags, columns=40)
        terminal.expect("Waiting for your browser")
        terminal.expect_exact("\r\x1b[2KWaiting for your browser")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.close()

    assert re.match(r"\.\.\. \d:\d\d left\r", terminal.before)
    assert "Ctrl-C cancels" not in terminal.before


ASKING = [
    ("explain", "an empty line:"),
    ("import work", "Refresh token"),
    ("deliver", "The address"),
    ("login work --provider github --client-id c --client-secret-prompt", "Client secret:"),
]


@pytest.mark.parametrize(("words", "question"), ASKING)
def test_ctrl_c_at_the_first_question_changes_nothing_and_is_no_error(
    words: str, question: str, tmp_path: Path
) -> None:
    terminal = on_a_terminal(tmp_path, *words.split())
    terminal.expect(question)
    terminal.sendintr()
    terminal.expect(r"\nCancelled\. Nothing changed\.")
    assert "error[" not in terminal.read()


def test_the_doctor_says_once_what_to_do_about_what_fails_several_checks(tmp_path: Path) -> None:
    flags = ("--issuer", "https://id.example.invalid", "--client-id", "c")
    shown = on_a_terminal(tmp_path, "doctor", "work", *flags).read()
    assert shown.count("the name id.example.invalid is not known") > 1
    assert shown.count("cause: A typing error in the address") == 1


def test_the_end_of_an_examination_is_wrapped_by_what_is_seen_of_it(tmp_path: Path) -> None:
    with AuthorizationServer.running(clients=[Client(client_id="c")]) as server:
        words = ("doctor", "work", "--issuer", server.issuer, "--client-id", "c")
        terminal = on_a_terminal(tmp_path, *words, more={"NO_COLOR": ""}, columns=40)
        assert re.search(r"All checks passed\. Next:(\x1b\[0m)?\r\n    loopback", terminal.read())
