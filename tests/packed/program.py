"""
What a packed program has to do like an installed one: sign in, open the page, tell, explain, run a
command.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..support.command import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.testing import AuthorizationServer

PACKAGE = Path(__file__).parents[2] / "loopback_auth"
TIMEOUT_S = 120

_BROWSER = """#!{python}
import json, os, sys
inherited = dict(os.environ)
sys.path.insert(0, {root!r})
from loopback_auth.testing import Browser
{before}
page = Browser().visit(sys.argv[1])
page_text = {{"status": page.status, "text": page.text, "environ": inherited}}
with open({result!r} + ".new", "w") as file:
    json.dump(page_text, file)
os.replace({result!r} + ".new", {result!r})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A packed loopback-auth: the words that start it, and the folder of its files."""

    command: tuple[str, ...]
    home: Path

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*self.command, *arguments),
            cwd=self.home,
            env=environment(self.home, more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def output(self, *arguments: str, **more: str) -> str:
        done = self.run(*arguments, **more)
        assert done.returncode == 0, (arguments, done)
        assert "Traceback" not in done.stderr
        return done.stdout

    def sign_in(self, server: AuthorizationServer, *, before: str = "") -> Mapping[str, Any]:
        """
        Sign in with a browser of its own, which first runs the statement *before*.

        Returns the page it ended at (`status`, `text`) and the environment that it inherited
        (`environ`).
        """
        result, browser = self.home / "page.json", self.home / "browser"
        browser.write_text(
            _BROWSER.format(
                python=sys.executable, root=str(PACKAGE.parent), result=str(result), before=before
            )
        )
        browser.chmod(0o755)
        words = ("--issuer", server.issuer, "--client-id", "demo", "--timeout", "60s")
        self.output("login", *words, BROWSER=str(browser))
        self._wait_for(result)
        page: Mapping[str, Any] = json.loads(result.read_text("utf-8"))
        return page

    def _wait_for(self, path: Path) -> None:
        # The command ends when the last page has left; the browser's own end is its own business.
        subprocess.run(
            ["sh", "-c", 'while [ ! -e "$0" ]; do sleep 0.05; done', str(path)],
            timeout=30,
            check=True,
        )


def shows_its_texts(program: Program) -> None:
    """Check that what is read from data files is told as by the installed command."""
    installed = Program(command=COMMAND, home=program.home)
    topics = sorted(path.stem for path in (PACKAGE / "help").glob("*.md"))
    assert [line.split()[0] for line in program.output("help").splitlines()] == topics
    for words in (
        *(("help", topic) for topic in topics),
        ("explain", "invalid_grant"),
        ("explain", "INVALID_LOGIN_CREDENTIALS"),
        (
            "explain",
            "error=redirect_uri_mismatch&error_description=redirect_uri must match configuration",
        ),
        ("providers",),
        ("export", "--list"),
        ("providers", "salesforce", "--json"),
        ("login", "--provider", "nosuch"),
    ):
        result, expected = program.run(*words), installed.run(*words)
        output_text = result.stdout.replace(_folder_of(result.stdout), _folder_of(expected.stdout))
        assert (result.returncode, output_text, result.stderr) == (
            expected.returncode,
            expected.stdout,
            expected.stderr,
        )
        assert len(expected.stdout + expected.stderr) > 100, words


def _folder_of(text: str) -> str:
    """Return where the provider files are said to be, or something that is nowhere."""
    found = re.search(r'"path": "(.*)salesforce\.toml"', text)
    return found[1] if found else "\0"


def signs_in(program: Program, server: AuthorizationServer) -> Mapping[str, Any]:
    """
    Check the sign-in, its page, and what is done with its tokens; return the browser's
    environment.
    """
    page = program.sign_in(server)
    assert (page["status"], "You are signed in as" in page["text"]) == (200, True)
    token = program.output("token").strip()
    assert token
    stored = json.loads((program.home / "tokens" / "default.json").read_text("utf-8"))
    assert stored["access_token"] == token
    result = program.output("exec", "--", "env", LOOPBACK_AUTH_TEST_MARK="as it was")
    variables = dict(line.partition("=")[::2] for line in result.splitlines() if "=" in line)
    assert (variables["ACCESS_TOKEN"], variables["LOOPBACK_AUTH_TEST_MARK"]) == (token, "as it was")
    assert server.issuer in program.output("status", "--json")
    refreshed = program.output("token", "--refresh").strip()
    assert refreshed not in ("", token)
    stored = json.loads((program.home / "tokens" / "default.json").read_text("utf-8"))
    assert stored["access_token"] == refreshed
    program.output("logout")
    environ: Mapping[str, Any] = {"browser": page["environ"], "exec": variables}
    return environ


def copied_package(folder: Path) -> None:
    """Copy the package as it is installed: its modules and data files, no compiled ones."""
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = folder / "loopback_auth" / path.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
