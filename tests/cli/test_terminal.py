"""On a real terminal: what is drawn, what is asked, and what an answer does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client
from tests.servers.command import COMMAND, environment, token_file

if TYPE_CHECKING:
    from pathlib import Path

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

SECRET = "typed, and never shown"


def on_a_terminal(home: Path, *arguments: str) -> pexpect.spawn:
    variables = {**environment(home), "TERM": "xterm", "BROWSER": ""}
    words = [*COMMAND, *arguments]
    return pexpect.spawn(
        words[0], words[1:], env=variables, timeout=20, encoding="utf-8", dimensions=(40, 600)
    )


def sign_in_on(terminal: pexpect.spawn) -> None:
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    threading.Thread(target=Browser().visit, args=(terminal.match[1],), daemon=True).start()


def test_a_secret_is_asked_for_unseen_and_the_profile_offered(tmp_path: Path) -> None:
    """The secret comes from a prompt that echoes nothing; afterwards the settings are offered for config.toml, never the secret."""
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text("# mine\n\n[profiles.other]\nprovider = 'github' # kept\n")
    clients = (Client(client_id="app", client_secret=SECRET),)
    with AuthorizationServer.running(clients=clients) as server:
        terminal = on_a_terminal(
            tmp_path,
            "login",
            "work",
            "--issuer",
            server.issuer,
            "--client-id",
            "app",
            "--client-secret-prompt",
        )
        terminal.expect("Client secret: ")
        terminal.sendline(SECRET)
        sign_in_on(terminal)
        terminal.expect(r"Waiting for your browser\.\.\. \d:\d\d left")
        terminal.expect(r"Signed in as ada at 127\.0\.0\.1\.")
        terminal.expect(r"Write that\? \[y/N\] ")
        assert SECRET not in terminal.before
        terminal.sendline("y")
        terminal.expect(pexpect.EOF)
        terminal.close()

    assert terminal.exitstatus == 0
    written = (tmp_path / "config.toml").read_text()
    assert written.startswith("# mine\n\n[profiles.other]\nprovider = 'github' # kept\n")
    assert f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "app"\n' in written
    assert SECRET not in written
    assert token_file(tmp_path, "work")["client"]["client_secret"] == SECRET


def test_ctrl_c_at_the_prompt_for_the_secret_is_the_persons_no_3(tmp_path: Path) -> None:
    terminal = on_a_terminal(
        tmp_path, "login", "--provider", "github", "--client-id", "x", "--client-secret-prompt"
    )
    terminal.expect("Client secret: ")
    terminal.sendcontrol("c")
    terminal.expect(r"error\[\w+\]")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus in (3, 130)


def test_a_token_on_a_terminal_comes_with_a_word_of_warning_cl_05(tmp_path: Path) -> None:
    """CL-05: printed to a terminal, a token is preceded by one line that says what it is; piped, by nothing."""
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
