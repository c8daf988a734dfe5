"""`push`: the secret goes to the vendor's program, and nowhere else."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.export.push.target import targets

from ..support.canary import watched
from ..support.command import COMMAND, TIMEOUT_S, environment, run
from ..support.recording import Recorder, recorder
from ..support.stored import stored
from .test_project_terminal import in_clone
from .test_terminal import pexpect

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.scripted_server import ScriptedServer

TOKEN = "canary-refresh-token-5Aep861"
NAME = "LOOPBACK_AUTH_REFRESH_TOKEN"
KEY = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stands in for programs of POSIX")


def signed_in(home: Path, server: ScriptedServer, **members: Any) -> None:
    stored(home, server, **{"lasts_s": 3000, "refresh_token": TOKEN, **members})


def path_with(tool: Recorder) -> dict[str, str]:
    return {"PATH": str(tool.path.parent)}


PROGRAMS = [
    ("github", "gh"),
    ("gitlab", "glab"),
    ("vault", "vault"),
    ("openbao", "bao"),
    ("kubernetes", "kubectl"),
    ("aws-secretsmanager", "aws"),
    ("azure-keyvault", "az"),
    ("gcp-secretmanager", "gcloud"),
]


@pytest.mark.parametrize(("target", "program"), PROGRAMS)
async def test_the_program_gets_the_secret_and_nobody_else_does(
    server: ScriptedServer, tmp_path: Path, *, target: str, program: str
) -> None:
    """CL-06: on standard input or in a file of mode 0600, not in an argument or a variable."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    signed_in(home, server)
    tool = recorder(tmp_path / "bin", program)
    into = ["--into", "acme"] if target == "azure-keyvault" else []
    # What the program records is its own affair; what it saw of other processes is not.
    allowed = [f"bin/{program}.jsonl", "home/profiles/*", "home/tokens/*"]
    with watched(TOKEN, tmp_path, allowed=allowed) as canary:
        outcome = await run("push", target, *into, home=home, more=path_with(tool))
        canary.check_text(outcome.stdout + outcome.stderr)
        for call in tool.calls:
            canary.check_text(str(call["argv"]), "the recorded arguments")
            canary.check_text(str(call["environ"]), "the recorded environment")
            canary.check_text(call["processes"], "a process that was seen")
    assert outcome.exit_code == 0, outcome
    asked, sent = tool.calls
    assert asked["stdin"] == ""
    files = list(sent["files"].values())
    assert TOKEN in sent["stdin"] + "".join(file["text"] for file in files)
    assert all(file["mode"] == "0o600" for file in files)
    assert "sha256:" in outcome.stderr


async def test_a_client_secret_goes_with_the_refresh_token_and_the_result_is_a_document(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(
        tmp_path, server, client={"client_id": "the-client", "client_secret_env": "APP_SECRET"}
    )
    tool = recorder(tmp_path / "bin", "gh")
    more = {**path_with(tool), "APP_SECRET": "canary-client-secret", "LOOPBACK_AUTH_TOKEN": "at"}
    outcome = await run("push", "github", "--json", home=tmp_path, more=more)
    assert [each["name"] for each in outcome.document["sent"]] == [
        NAME,
        "LOOPBACK_AUTH_CLIENT_SECRET",
    ]
    assert [call["stdin"] for call in tool.calls] == ["", TOKEN, "canary-client-secret"]
    for call in tool.calls:
        assert not {"APP_SECRET", "LOOPBACK_AUTH_TOKEN"} & set(call["environ"])
        # kubectl may ask us for its own token.
        assert call["environ"]["LOOPBACK_AUTH_HOME"] == str(tmp_path)


async def test_a_dry_run_shows_what_would_run_and_runs_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "bin", "glab")
    outcome = await run(
        "push", "gitlab", "--group", "a b", "--dry-run", home=tmp_path, more=path_with(tool)
    )
    first, second = outcome.stdout.splitlines()
    assert first.startswith(f"glab variable update {NAME} --raw --masked --group 'a b'    # on")
    assert second.startswith(f"glab variable set {NAME}")
    assert (TOKEN in outcome.stdout, tool.calls) == (False, [])
    described = await run("push", "gitlab", "--dry-run", "--json", home=tmp_path)
    assert described.document["would_run"][0]["by"] == "stdin"


async def test_what_is_not_there_yet_is_created(server: ScriptedServer, tmp_path: Path) -> None:
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "bin", "glab", answers={"variable update": ("404 Not Found", 1)})
    outcome = await run("push", "gitlab", home=tmp_path, more=path_with(tool))
    assert outcome.exit_code == 0
    assert [(call["argv"][1], call["stdin"]) for call in tool.calls[1:]] == [
        ("update", TOKEN),
        ("set", TOKEN),
    ]


async def test_a_program_that_is_not_there_or_not_signed_in_gets_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    missing = await run(
        "push", "github", "--json", home=tmp_path, more={"PATH": str(tmp_path / "bin")}
    )
    assert (missing.exit_code, missing.error["code"]) == (127, "command-not-run")
    assert "https://cli.github.com" in missing.error["fix"]
    tool = recorder(tmp_path / "bin", "gh", answers={"auth token": ("no oauth token found", 1)})
    outcome = await run("push", "github", "--json", home=tmp_path, more=path_with(tool))
    assert (outcome.exit_code, outcome.error["code"]) == (7, "push-failed")
    assert "no oauth token found" in outcome.error["message"]
    assert "gh auth login" in outcome.error["fix"]
    assert [call["stdin"] for call in tool.calls] == [""]


async def test_a_program_in_the_working_directory_is_none(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that was cloned may hold a gh of its own."""
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "clone", "gh")
    monkeypatch.chdir(tmp_path / "clone")
    outcome = await run("push", "github", home=tmp_path, more={"PATH": ".:"})
    assert (outcome.exit_code, tool.calls) == (127, [])


async def test_a_program_that_fails_says_why_without_the_secret(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "bin", "gh", answers={"secret set": (f"HTTP 403: {TOKEN}", 1)})
    outcome = await run("push", "github", "--json", home=tmp_path, more=path_with(tool))
    assert "HTTP 403: (the secret)" in outcome.error["message"]
    assert (outcome.exit_code, "Nothing was sent" in outcome.error["cause"]) == (7, True)


async def test_a_program_that_fails_without_a_word_has_its_status_shown(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "bin", "tool", answers={"": ("", 3)})
    words = ("push", "command", "default", "--json", "--", str(tool.path))
    outcome = await run(*words, home=tmp_path)
    assert "did not take the refresh token (exit status 3)" in outcome.error["message"]


async def test_what_was_sent_before_a_failure_is_said(
    server: ScriptedServer, tmp_path: Path
) -> None:
    client = {"client_id": "the-client", "client_secret": "canary-client-secret"}
    signed_in(tmp_path, server, client=client)
    answers = {"secret set LOOPBACK_AUTH_CLIENT": ("HTTP 403", 1)}
    tool = recorder(tmp_path / "bin", "gh", answers=answers)
    outcome = await run("push", "github", "--json", home=tmp_path, more=path_with(tool))
    assert "Sent before it: the refresh token" in outcome.error["cause"]


@pytest.mark.parametrize(
    ("rotates", "code"), [(True, "refresh-token-rotates"), (False, "grant-shared")]
)
async def test_who_shares_a_grant_is_offered_one_of_its_own(
    server: ScriptedServer, tmp_path: Path, *, rotates: bool, code: str
) -> None:
    where = {f"{name}_endpoint": server.url(f"/{name}") for name in ("authorization", "token")}
    signed_in(tmp_path, server, settings=where, **({"rotates": True} if rotates else {}))
    outcome = await run("push", "github", "--dry-run", "--json", home=tmp_path)
    (warning,) = outcome.events_named("warning")
    assert warning["code"] == code
    typed = warning["message"].partition("a sign-in of its own: loopback-auth ")[2]
    assert typed.startswith("login ci ")
    # All that it takes is in it: what comes next is the server.
    outcome = await run(*shlex.split(typed), "--manual", "--json", home=tmp_path)
    assert outcome.exit_code == 0, typed
    assert outcome.document["url"].startswith(f"{server.origin}/authorization?")


async def test_a_profile_without_a_refresh_token_has_nothing_to_push(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server, refresh_token=None)
    outcome = await run("push", "github", "--json", home=tmp_path)
    assert (outcome.exit_code, "offline_access" in outcome.error["fix"]) == (2, True)


async def test_a_command_of_your_own_gets_it_on_standard_input(
    server: ScriptedServer, tmp_path: Path
) -> None:
    signed_in(tmp_path, server)
    tool = recorder(tmp_path / "bin", "tool")
    words = ("push", "command", "--", "tool", "import", "{name}")
    outcome = await run(*words, home=tmp_path, more=path_with(tool))
    assert outcome.exit_code == 0
    (call,) = tool.calls
    assert (call["argv"], call["stdin"]) == (["import", NAME], TOKEN)
    absent = await run("push", "command", "--", "no-such-tool", home=tmp_path, more=path_with(tool))
    assert absent.exit_code == 127


@pytest.mark.parametrize(
    "words",
    [
        ("push",),
        ("push", "command"),
        ("push", "github", "--", "gh"),
        ("push", "github", "--prefix", "prod-x"),
        ("push", "nowhere"),
    ],
)
async def test_a_command_line_that_means_nothing_is_refused(
    server: ScriptedServer, tmp_path: Path, words: tuple[str, ...]
) -> None:
    signed_in(tmp_path, server)
    outcome = await run(*words, home=tmp_path)
    assert (outcome.exit_code, "fix:" in outcome.stderr) == (2, True)


async def test_the_targets_are_listed(tmp_path: Path) -> None:
    outcome = await run("push", "--list", home=tmp_path)
    assert [line.split()[0] for line in outcome.stdout.splitlines()][:2] == ["github", "gitlab"]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["github", "aws-secretsmanager"])
def test_a_signal_ends_the_program_too_and_leaves_no_file(
    server: ScriptedServer, tmp_path: Path, *, target: str
) -> None:
    """CL-07."""
    signed_in(tmp_path, server)
    for folder in ("bin", "tmp"):
        (tmp_path / folder).mkdir()
    pid, tool = tmp_path / "pid", tmp_path / "bin" / targets()[target].program
    tool.write_text(f"#!/bin/sh\ncase $1 in secret*) echo $$ > {pid}; exec sleep 60;; esac\n")
    tool.chmod(0o755)
    more = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "TMPDIR": str(tmp_path / "tmp")}
    command = [*COMMAND, "push", target]
    with subprocess.Popen(
        command, env=environment(tmp_path, more), stderr=subprocess.DEVNULL
    ) as process:
        while not (pid.exists() and pid.read_text()):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 128 + signal.SIGTERM
    assert list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    path.write_text(KEY)
    path.chmod(0o600)
    return path


async def test_of_a_machine_the_key_is_sent_and_no_grant_is_shared(
    server: ScriptedServer, tmp_path: Path, key_file: Path
) -> None:
    """The key stays in its file; a secret beside it, of private_key_jwt's none, would go, too."""
    grant = {"flow": "jwt-bearer", "subject": "ada", "key_file": str(key_file)}
    signed_in(tmp_path, server, refresh_token=None, grant=grant)
    tool = recorder(tmp_path / "bin", "gh")
    outcome = await run("push", "github", "--json", home=tmp_path, more=path_with(tool))
    assert (outcome.exit_code, outcome.events_named("warning")) == (0, [])
    assert [each["name"] for each in outcome.document["sent"]] == ["LOOPBACK_AUTH_KEY"]
    assert tool.calls[-1]["stdin"] == KEY


async def test_of_a_client_the_secret_is_sent_and_a_key_in_a_variable_is_withheld(
    server: ScriptedServer, tmp_path: Path
) -> None:
    client = {"client_id": "the-client", "client_secret": "canary-client-secret"}
    signed_in(
        tmp_path, server, refresh_token=None, client=client, grant={"flow": "client-credentials"}
    )
    tool = recorder(tmp_path / "bin", "glab")
    outcome = await run("push", "gitlab", home=tmp_path, more=path_with(tool))
    assert (outcome.exit_code, tool.calls[-1]["stdin"]) == (0, "canary-client-secret")
    grant = {"flow": "client-credentials", "key_env": "APP_KEY"}
    signed_in(tmp_path, server, refresh_token=None, grant=grant)
    more = {**path_with(tool), "APP_KEY": KEY}
    assert (await run("push", "gitlab", home=tmp_path, more=more)).exit_code == 0
    assert (tool.calls[-1]["stdin"], "APP_KEY" in tool.calls[-1]["environ"]) == (KEY, False)


async def test_a_workload_has_nothing_to_push(server: ScriptedServer, tmp_path: Path) -> None:
    grant = {"flow": "token-exchange", "subject_token": "github"}
    signed_in(tmp_path, server, refresh_token=None, grant=grant)
    outcome = await run("push", "github", "--json", home=tmp_path)
    assert (outcome.exit_code, "help ci" in outcome.error["fix"]) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 3)])
def test_a_person_is_asked_before_a_refresh_token_that_rotates_is_in_two_places(
    server: ScriptedServer, tmp_path: Path, *, answer: str, status: int
) -> None:
    signed_in(tmp_path, server, rotates=True)
    tool = recorder(tmp_path / "bin", "gh")
    with in_clone(tmp_path, tmp_path, "push", "github", more=path_with(tool)) as terminal:
        terminal.expect(r"Send it all the same\? \[y/N\] ")
        terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        terminal.close()
    assert (terminal.exitstatus, len(tool.calls)) == (status, 1 if status else 2)
