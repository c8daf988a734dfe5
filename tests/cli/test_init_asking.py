"""`init` on a terminal: it asks again after a wrong answer, and stopped, it leaves no file."""

from __future__ import annotations

import io
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from loopback_auth.settings.config_toml import load_config

from ..support.scripted_server import hang
from ..support.sockets import free_port
from ..support.stored import write_config
from .test_init import BEFORE
from .test_init_issuer import WELL_KNOWN, config, server
from .test_terminal import on_a_terminal, pexpect

CANARY = "canary-secret"

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..support.scripted_server import ScriptedServer

__all__ = ["server"]


def answer(terminal: pexpect.spawn, answers: Iterable[tuple[str, str]]) -> None:
    """Give each answer when its question comes."""
    for question, text in answers:
        terminal.expect(question)
        terminal.sendline(text)


def test_each_wrong_answer_is_said_and_asked_for_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    port, usual = str(free_port()), r"\[http://127\.0\.0\.1:8765/callback\]"
    terminal = on_a_terminal(tmp_path, "init", "-p", "work")
    terminal.expect("Nothing is saved before the last answer; Ctrl-C stops")
    answer(
        terminal,
        [
            ("Kind of server .*, or the address of your company's login: ", "nowhere"),
            ("Try again: there is no provider 'nowhere'.*login: ", "http://id.example.com"),
            ("Try again: the issuer must begin with https://.*login: ", f"{server.origin}/"),
            (r"that is used.*1\. Register a client.*Client ID \(from the steps above\): ", ""),
            ("Try again: the client ID is missing.*Client ID .*: ", "Client ID my-cli"),
            ("Try again: the client ID contains a space.*Client ID .*: ", " my-cli "),
            (r"Client secret \(not shown, or empty\): ", "my-cli"),
            (r"Try again: that is the client ID.*or empty\): ", ""),
            (r"Scopes \[openid email offline_access\]: ", ""),
            (rf"Callback of the app, or its port {usual}: ", "99999"),
            (rf"'99999' is not a port.*its port {usual}: ", "http://id.example.com/cb"),
            (rf"Try again: cannot listen on .*its port {usual}: ", port),
            (r"Address of your API, .* \(empty: none\): ", "http://api.example.com"),
            (
                r"Try again: the API's address must begin with https://.*none\): ",
                "api.example.com/v1",
            ),
        ],
    )
    terminal.expect("All checks passed. Next:\r\n    loopback-auth login work\r\n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    settings = load_config(str(tmp_path)).profile("work")
    assert {name: value for name, (value, _) in settings.items()} == {
        "issuer": server.origin,
        "client_id": "my-cli",
        "port": (int(port),),
        "api_base": "https://api.example.com/v1",
    }


@pytest.mark.parametrize(
    ("words", "missing"),
    [(("okta",), "the issuer"), (("--issuer", "{origin}", "--port", "0"), "the client ID")],
    ids=["issuer", "client ID"],
)
def test_a_question_left_empty_ends_with_a_way_to_give_the_answer(
    server: ScriptedServer, tmp_path: Path, words: tuple[str, ...], missing: str
) -> None:
    given = [word.replace("{origin}", server.origin) for word in words]
    terminal = on_a_terminal(tmp_path, "init", *given, "--scope", "openid")
    for _ in range(3):
        answer(terminal, [(": $", "")])
    terminal.expect(f"error.usage.: {missing} is missing")
    terminal.expect(r"Run it again, or give the answers as options:\s+loopback-auth init --help")


def test_port_0_is_an_answer_too(server: ScriptedServer, tmp_path: Path) -> None:
    terminal = on_a_terminal(tmp_path, "init", "--issuer", server.origin, "--no-doctor")
    answer(terminal, [("Client ID .*: ", "x"), ("secret .*: ", ""), ("Scopes .*: ", "")])
    answer(terminal, [("Callback of the app, .*: ", "0")])
    terminal.expect(r"exactly so: http://127\.0\.0\.1/callback \(any port\)\r\n")
    answer(terminal, [("API, .*: ", "")])
    terminal.expect(pexpect.EOF)
    assert load_config(str(tmp_path)).profile("default")["port"][0] == (0,)


def test_what_the_server_calls_itself_is_offered_and_a_narrow_terminal_has_whole_lines(
    server: ScriptedServer, tmp_path: Path
) -> None:
    terminal = on_a_terminal(tmp_path, "init", "-p", "w", more={"NO_COLOR": ""}, columns=40)
    answer(
        terminal,
        [
            ("login: ", f"{server.origin}/authorize"),
            (rf"calls itself\s+{server.origin}.*\[{server.origin}\]: ", ""),
            ("Client ID .*: ", "my-cli"),
            ("secret .*: ", ""),
            ("Scopes .*: ", ""),
            (r"Callback .*\]: ", str(free_port())),
            (r"none\): ", ""),
        ],
    )
    terminal.expect(r"✓ \S*All checks passed\. Next:\S*\r\n    loopback-auth login w\r\n")


REFUSED_FIRST = [
    ("github --session-timeout 2h", "no session timeouts to choose from"),
    ("salesforce --session-timeout 20m", "'20m' is not a session timeout of Salesforce"),
    ("okta --login-url https://id.example.com", "--login-url has no use here"),
    ("gitlab --client-id 'a b'", "the client ID contains a space"),
    ("microsoft --api-base http://api.example.com", "must begin with https://"),
    ("salesforce --redirect-uri https://id.example.com/", "cannot listen on the redirect URI"),
    ("salesforce --ca-bundle nowhere.pem", "the CA bundle .*nowhere.pem cannot be used"),
    ("salesforce --subject ada", "--subject has no use here"),
    ("salesforce --flow jwt-bearer --project", "a repository holds no key"),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("words", "message"), REFUSED_FIRST)
def test_a_wrong_option_is_refused_before_the_first_question(
    tmp_path: Path, words: str, message: str
) -> None:
    write_config(tmp_path, BEFORE)
    terminal = on_a_terminal(tmp_path, "init", "-p", "acme", *shlex.split(words))
    shown = terminal.read()
    assert re.search(rf"error\[[a-z-]+\]: .*{message}", shown)
    assert "Replace it?" not in shown
    assert config(tmp_path) == BEFORE


SEVERAL = "Try again: several lines came at once, and none was taken"


def test_of_lines_that_are_pasted_at_once_none_answers_the_next_question(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Only the first is shown: the next may be the secret, wherever it was pasted."""
    terminal = on_a_terminal(tmp_path, "init", "work", "--issuer", server.origin, "--no-doctor")
    terminal.logfile_read = shown = io.StringIO()
    answer(
        terminal,
        [
            ("Client ID .*: ", f"my-cli\n{CANARY}"),
            (f"{SEVERAL}.*Client ID .*: ", f"Client ID\nmy-cli\nClient secret\n{CANARY}\nScopes"),
            (f"{SEVERAL}.*Client ID .*: ", "\n my-cli\n\n"),
            ("Client secret .*: ", f"my-cli\n{CANARY}"),
            (f"{SEVERAL}.*Client secret .*: ", CANARY),
            ("Scopes .*: ", ""),
            ("Callback .*: ", f"\n{CANARY}"),
            ("Try again: that is the client secret.*Callback .*: ", ""),
            ("API, .*: ", ""),
        ],
    )
    terminal.expect(pexpect.EOF)
    terminal.close()
    settings = load_config(str(tmp_path)).profile("work")
    assert settings["client_id"][0] == "my-cli"
    assert (tmp_path / "client-secrets" / "work").read_text() == CANARY
    assert CANARY not in config(tmp_path)
    assert CANARY not in shown.getvalue()


def test_a_client_id_is_typed_with_the_keys_that_take_it_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    terminal = on_a_terminal(tmp_path, "init", "work", "--issuer", server.origin, "--no-doctor")
    terminal.expect("Client ID .*: ")
    for keys in ("wrong\x15", "two words\x17\x17", "my-clii", "\x7f", "\x1b[D", "\n"):
        terminal.send(keys)
    answer(terminal, [("secret .*: ", ""), ("Scopes", ""), ("Callback", ""), ("API", "")])
    terminal.expect(pexpect.EOF)
    assert load_config(str(tmp_path)).profile("work")["client_id"][0] == "my-cli"


def test_the_third_wrong_answer_ends_it(tmp_path: Path) -> None:
    terminal = on_a_terminal(tmp_path, "init", "salesforce")
    why = "Try again: the address is missing.*Since Spring '26 an External Client App"
    answer(
        terminal,
        [
            (r"My Domain \(acme, as in acme\.my\.salesforce\.com\): ", ""),
            (f"{why}.*My Domain .*: ", "na139.salesforce.com"),
            (
                "Try again: na139.* is not a host to sign in at.*My Domain .*: ",
                "http://acme.my.salesforce.com",
            ),
        ],
    )
    terminal.expect(r"error\[url-refused\]: login_url must begin with https://")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (terminal.exitstatus, config(tmp_path)) == (2, "")


ANSWERS = [
    ("Kind of server", "{origin}"),
    ("Client ID", "my-cli"),
    ("Client secret", "s3cret"),
    ("Scopes", ""),
    ("Callback of the app", ""),
    ("Address of your API", ""),
]


def test_ctrl_c_while_the_server_is_asked_changes_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers[WELL_KNOWN] = hang
    terminal = on_a_terminal(tmp_path, "init", "work", "--issuer", server.origin)
    terminal.expect("Ctrl-C stops")
    server.wait_for(WELL_KNOWN)
    terminal.sendintr()
    terminal.expect(r"Cancelled\. Nothing changed\.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (terminal.exitstatus, config(tmp_path)) == (130, "")


@pytest.mark.slow_cases
@pytest.mark.parametrize("number", range(len(ANSWERS)))
@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_stopped_at_any_question_it_leaves_nothing_behind(
    server: ScriptedServer, tmp_path: Path, number: int, key: str
) -> None:
    terminal = on_a_terminal(tmp_path, "init", "-p", "work")
    for question, text in ANSWERS[:number]:
        terminal.expect(question + ".*: ")
        terminal.sendline(text.replace("{origin}", server.origin))
    terminal.expect(ANSWERS[number][0] + ".*: ")
    terminal.send(key)
    terminal.expect(r"\r\nCancelled\. Nothing changed\.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 3
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
