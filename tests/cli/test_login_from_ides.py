"""The tasks that `init --ide` writes, run as the IDEs run them, and read as they read them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from loopback_auth.export.ide import jetbrains, vscode, zed
from loopback_auth.testing import AuthorizationServer, Client

from ..support.command import COMMAND, environment, token_file
from ..support.shell import shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

TIMEOUT_S = 20
VISITS = """#!/bin/sh
exec {python} -c 'import sys; from loopback_auth.testing import Browser
Browser().visit(sys.argv[1])' "$1"
"""
# What is in the environment of a task of VS Code, connected to a machine by SSH.
VSCODE = {
    "TERM": "xterm-256color",
    "TERM_PROGRAM": "vscode",
    "TERM_PROGRAM_VERSION": "1.105.0",
    "VSCODE_IPC_HOOK_CLI": "/run/user/1000/vscode-ipc-1.sock",
    "VSCODE_GIT_IPC_HANDLE": "/run/user/1000/vscode-git-1.sock",
    "COLORTERM": "truecolor",
    "SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22",
}
MISTAKE = "[profiles.work]\nissuer = 'https://id.example.com'\nclient_ids = 'app'\n"


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="app"),)) as running:
        yield running


def configure(home: Path, text: str) -> None:
    home.chmod(0o700)
    (home / "config.toml").write_text(text)
    (home / "config.toml").chmod(0o600)


def browser(folder: Path, name: str) -> Path:
    """Return a program that signs in, as the helper of a remote editor or a desktop's opener."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(VISITS.format(python=sys.executable))
    program.chmod(0o755)
    return program


class Monitor:
    """Follows a background task by its patterns, and finds problems, as VS Code documents it."""

    def __init__(self, task: dict[str, Any]) -> None:
        matcher = task["problemMatcher"]
        self._pattern = matcher["pattern"]
        self._background = matcher.get("background", {})
        self.is_active = self._background.get("activeOnStart", False)
        self.changes: list[str] = []
        self.problems: list[dict[str, str]] = []

    def read(self, output: str) -> None:
        """Read what the terminal showed, a line whenever one has ended."""
        for line in output.split("\n")[:-1]:
            # What is left in the line once all has been drawn.
            self._line(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip("\r").split("\r")[-1])

    def _line(self, line: str) -> None:
        if re.search(self._background.get("beginsPattern", "$."), line):
            self.changes.append("begins")
            self.is_active = True
        if re.search(self._background.get("endsPattern", "$."), line):
            self.changes.append("ends")
            self.is_active = False
        if found := re.search(self._pattern["regexp"], line):
            names = ("code", "file", "line", "column", "severity", "message")
            self.problems.append({name: found[self._pattern[name]] for name in names})


def vscode_tasks() -> dict[str, dict[str, Any]]:
    (file,) = vscode.files("work", ())
    return {task["label"]: task for task in json.loads(file.text)["tasks"]}


def run_task(task: dict[str, Any], home: Path, columns: int = 80, **more: str) -> tuple[str, int]:
    """Run a task in the terminal that VS Code makes for it; return its output and exit status."""
    assert task["command"] == "loopback-auth"
    terminal = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], *task["args"]],
        env={**environment(home), **VSCODE, **more},
        timeout=TIMEOUT_S,
        encoding="utf-8",
        dimensions=(10, columns),
    )
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before, terminal.exitstatus


@pytest.mark.parametrize(
    "columns",
    [80, pytest.param(40, marks=pytest.mark.slow), pytest.param(120, marks=pytest.mark.slow)],
)
def test_a_background_task_of_vs_code_begins_and_ends_with_the_sign_in_cl_09(
    server: AuthorizationServer, tmp_path: Path, columns: int
) -> None:
    """CL-09: through the helper in `BROWSER`; the second time there is nothing to do."""
    configure(tmp_path, f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "app"\n')
    helper = browser(tmp_path / "bin", "browser.sh")
    task = vscode_tasks()["Sign in, in the background (work)"]
    for changes in (["begins", "ends"], ["ends"]):
        monitor = Monitor(task)
        assert monitor.is_active
        output, status = run_task(task, tmp_path, columns, BROWSER=str(helper))
        monitor.read(output)
        assert (status, monitor.changes, monitor.is_active) == (0, changes, False), output
        assert monitor.problems == []
    assert token_file(tmp_path, "work")["access_token"]
    output, status = run_task(vscode_tasks()["Who is signed in (work)"], tmp_path)
    assert status == 0
    assert "ada" in output


@pytest.mark.parametrize("columns", [40])
@pytest.mark.parametrize("label", ["Sign in (work)", "Sign in, in the background (work)"])
def test_a_mistake_in_a_file_is_a_problem_at_its_line(
    tmp_path: Path, label: str, columns: int
) -> None:
    configure(tmp_path, MISTAKE)
    monitor = Monitor(vscode_tasks()[label])
    output, status = run_task(vscode_tasks()[label], tmp_path, columns)
    monitor.read(output)
    assert (status, monitor.is_active) == (2, False)
    (problem,) = monitor.problems
    assert problem["file"] == str(tmp_path / "config.toml")
    assert (problem["line"], problem["column"], problem["severity"]) == ("3", "1", "error")
    assert problem["message"].startswith("unknown setting 'client_ids'")


def test_in_the_terminal_of_vs_code_a_person_sees_what_any_terminal_shows(tmp_path: Path) -> None:
    """Of what is typed at a shell there no problem matcher reads anything."""
    with shell(tmp_path, columns=40) as bash:
        bash.type("export TERM_PROGRAM=vscode NO_COLOR=1")
        shown = bash.type("loopback-auth status work")
        task = bash.type("script -qec 'loopback-auth status work' /dev/null")
    assert shown.startswith("error[sign-in-needed]: nobody is signed\n  in to the profile work\n")
    assert task.startswith("error[sign-in-needed]: nobody is signed in to the profile work\n")


def test_a_run_window_of_jetbrains_needs_no_terminal_cl_09(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    CL-09: pipes, of which stdin stays open, and the desktop's opener; nothing is drawn or asked,
    and nothing waits for the pipe.
    """
    configure(tmp_path, f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "app"\n')
    login, status = (ET.fromstring(file.text) for file in jetbrains.files("work", ()))  # noqa: S314
    assert configured(status).get("SCRIPT_TEXT") == "loopback-auth status work"
    opener = browser(tmp_path / "bin", "xdg-open")
    more = {"DISPLAY": ":0", "PYCHARM_HOSTED": "1", "PYTHONUNBUFFERED": "1"}
    for line in ("Signing in to 127.0.0.1:", "Signed in as ada already."):
        output = in_a_shell(login, tmp_path, opener, more)
        assert output.startswith(line)
        assert "\x1b" not in output
        assert "\r" not in output
        assert output.count("Waiting for your browser") == (line[:7] == "Signing")
    assert "ada" in in_a_shell(status, tmp_path, opener, more)
    doctor = {"SCRIPT_TEXT": "loopback-auth doctor work", "INTERPRETER_PATH": "/bin/sh"}
    output = in_a_shell(doctor, tmp_path, opener, more)
    assert "a JetBrains run window (" in output
    assert "): login opens a browser here" in output


@pytest.mark.slow
def test_a_task_of_zed_signs_in_and_goes_on(server: AuthorizationServer, tmp_path: Path) -> None:
    """Its second task is both commands in one line, for the shell."""
    configure(tmp_path, f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "app"\n')
    (file,) = zed.files("work", ())
    both = json.loads(file.text)[1]["command"]
    opener = browser(tmp_path / "bin", "xdg-open")
    script = {"SCRIPT_TEXT": both, "INTERPRETER_PATH": "/bin/sh"}
    output = in_a_shell(script, tmp_path, opener, {"DISPLAY": ":0", "ZED_TERM": "true"})
    assert "Signed in as ada" in output
    assert server.wait_for("token")


def configured(component: ET.Element) -> dict[str, str]:
    options = component.iter("option")
    return {each.attrib["name"]: each.attrib.get("value", "") for each in options}


def in_a_shell(
    configuration: ET.Element | dict[str, str], home: Path, opener: Path, more: dict[str, str]
) -> str:
    """Run it as the IDE does; return what it printed, once it has ended well."""
    options = configuration if isinstance(configuration, dict) else configured(configuration)
    path = [str(opener.parent), sysconfig.get_path("scripts"), os.environ["PATH"]]
    with subprocess.Popen(
        [options["INTERPRETER_PATH"], "-c", options["SCRIPT_TEXT"]],
        env={**environment(home), **more, "PATH": os.pathsep.join(path)},
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        assert process.wait(TIMEOUT_S) == 0, output
    return output
