"""The README is true: its commands run, its programs run, its help is the program's."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import socket
import sys
import tomllib
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import loopback_auth
from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.console import Console
from loopback_auth.cli.main import COMMANDS
from loopback_auth.edge.project.repository import ProjectText
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.project_file import read_project
from loopback_auth.testing import AuthorizationServer, Browser, Client
from loopback_auth.testing.salesforce import ORG, Salesforce

from .cli.test_machine import ADA, PIPELINE, pem
from .export.ide.test_shapes import TASK, differences
from .support.command import COMMAND, environment, login_here, run, run_process
from .support.projects import repository
from .support.recording import recorder
from .support.scripted_server import ScriptedServer, json_answer
from .support.sockets import free_port
from .support.stored import jwt, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "loopback_auth" / "help").glob("*.md")),
]


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="my-cli"),)) as running:
        yield running


@pytest.mark.slow
async def test_the_commands_run_one_after_the_other(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    (session,) = blocks("console")
    for line in session.splitlines():
        words = shlex.split(
            line.removeprefix("$ loopback-auth ").replace("https://id.example.com", server.issuer)
        )
        if words[0] == "login" and "--if-needed" not in words:
            async with login_here(*words[1:], home=tmp_path) as sign_in:
                await asyncio.to_thread(Browser().visit, await sign_in.open_page())
                outcome = await sign_in.outcome()
        else:
            outcome = await run(*words, home=tmp_path)
        assert outcome.exit_code == 0, (line, outcome)


async def test_the_help_is_the_programs(tmp_path: Path) -> None:
    for block in blocks("text"):
        command, _, printed = block.partition("\n")
        outcome = await run(*shlex.split(command.removeprefix("$ loopback-auth ")), home=tmp_path)
        lines, shown = outcome.stdout.rstrip().splitlines(), printed.rstrip().splitlines()
        assert [line for line in lines if line in shown] == shown
        # A new command need not be shown there at once.
        assert [
            line for line in lines if line not in shown and line.split()[0] not in COMMANDS
        ] == []


def words_of(document: Path) -> str:
    """Give a document without the output that it shows."""
    return re.sub(
        r"^```text\n.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )


def commands_in(text: str) -> Iterator[list[str]]:
    """
    Give the words of each command line of ours in a document: indented, in a block, or between
    backticks.
    """
    for line in re.findall(
        (
            r"^(?:    |\$ )(?:export )?(loopback-auth .*)$|`(loopback-auth "
            r"[^`]+)`|^(loopback-auth .*)$"
        ),
        text.replace("\\\n", " "),
        re.MULTILINE,
    ):
        found = next(part for part in line if part)
        # What follows is another program's, or a file's.
        words = list(
            takewhile(
                lambda word: word not in ("|", "<", ">", ">>", "&&"),
                shlex.split(found, comments=True),
            )
        )
        yield words[1:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_line_in_the_documents_can_be_parsed(document: Path) -> None:
    for words in commands_in(words_of(document)):
        if words[0] in ("COMMAND", "--help"):
            continue
        assert words[0] in COMMANDS, words
        parser = Parser(Console(), prog=words[0])
        module = words[0].replace("-", "_")
        import_module(f"loopback_auth.cli.commands.{module}").arguments(parser)
        parser.parse_args(words[1:])


async def test_a_team_gets_the_project_file_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.partition("## Share it with your team")[2].partition("\n## ")[0]
    (commands,), (shown,) = blocks("sh", section), blocks("toml", section)
    path = repository(tmp_path / "clone", None)
    monkeypatch.chdir(path.parent)
    for words in commands_in(commands):
        outcome = await run(*words, "--no-doctor", home=tmp_path)
        assert outcome.exit_code == 0, outcome
    written = path.read_text("utf-8")
    assert tomllib.loads(written) == tomllib.loads(shown)
    path.write_text(shown, "utf-8")
    assert (await run("trust", "--json", home=tmp_path)).document["hosts"] == [
        "acme.my.salesforce.com"
    ]


def test_the_project_file_and_the_rules_of_the_help_are_taken() -> None:
    text = (ROOT / "loopback_auth" / "help" / "team.md").read_text("utf-8")
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    commands = ("loopback-auth", "  --")
    shown = "\n".join(line for line in lines if not line.startswith(commands))
    project, rules = shown.split("[[rules]]", 1)
    found = ProjectText("/clone/.loopback-auth.toml", project)
    assert read_project(found, "id").profiles == ["acme", "staging"]
    assert len(parse_config("config.toml", f"[[rules]]{rules}").rules) == 2


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_configuration_shown_is_one_that_is_taken(document: Path) -> None:
    for text in blocks("toml", document.read_text("utf-8")):
        # A provider's file, which test_contributing.py adds.
        if not text.startswith("# loopback_auth/providers/"):
            assert parse_config("config.toml", text).profiles


def test_the_indented_configuration_of_the_help_is_one_that_is_taken() -> None:
    text = (ROOT / "loopback_auth" / "help" / "config.md").read_text("utf-8")
    indented = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    assert parse_config("config.toml", indented).profiles == ["dev", "corp", "plain"]
    provider = (ROOT / "loopback_auth" / "help" / "providers.md").read_text("utf-8")
    assert tomllib.loads(
        "\n".join(line[4:] for line in provider.splitlines() if line.startswith("    "))
    )["title"]


def library_example(server: AuthorizationServer, home: Path) -> str:
    """Return the program, with the addresses that are there."""
    return (
        blocks("python")[0]
        .replace("https://id.example.com", server.issuer)
        .replace("~/.my-app", str(home))
    )


def stand_in_browser(folder: Path) -> Path:
    """Return a program that visits the address that it is given."""
    browser = folder / "browser"
    visit = "import sys; from loopback_auth.testing import Browser; Browser().visit(sys.argv[1])"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{visit}" "$1"\n')
    browser.chmod(0o755)
    return browser


async def signed_in(process: asyncio.subprocess.Process, *, visit: bool = False) -> None:
    """Check what the program prints; with *visit* somebody opens the address that it shows."""
    assert process.stdout is not None
    words, _, url = (await process.stdout.readline()).decode().strip().rpartition(" ")
    assert (words, url[:7]) == ("Sign in at", "http://")
    if visit:
        await asyncio.to_thread(Browser().visit, url)
    stdout, _ = await process.communicate()
    who, tokens = stdout.decode().splitlines()
    assert (process.returncode, who) == (0, "Signed in as ada")
    assert tokens.startswith("TokenSet(access_token=Secret(...), token_type='Bearer'")
    # Else the comment that speaks of refreshing would be wrong.
    assert "refresh_token=Secret(...)" in tokens


@pytest.mark.parametrize("has_browser", [True, False])
async def test_the_library_example_runs_with_and_without_a_browser(
    server: AuthorizationServer, tmp_path: Path, *, has_browser: bool
) -> None:
    browser = {"BROWSER": str(stand_in_browser(tmp_path))} if has_browser else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", library_example(server, tmp_path)),
        env={**browser, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    await signed_in(process, visit=not has_browser)


@pytest.mark.slow
@pytest.mark.parametrize("last_line", ["asyncio.run(main())", "await main()"])
async def test_the_library_example_runs_in_ipython(
    server: AuthorizationServer, tmp_path: Path, last_line: str
) -> None:
    """As printed, and as a notebook has it, whose event loop runs already."""
    program = library_example(server, tmp_path).replace("asyncio.run(main())", last_line)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "IPython", "--quick", "--colors=nocolor", "-c", program),
        env={
            "BROWSER": str(stand_in_browser(tmp_path)),
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        },
        stdout=asyncio.subprocess.PIPE,
    )
    await signed_in(process)


async def test_the_examples_have_the_types_that_they_say(tmp_path: Path) -> None:
    paths = [tmp_path / "example.py", tmp_path / "test_example.py"]
    for path, program in zip(paths, blocks("python"), strict=True):
        path.write_text(program)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mypy", "--strict", *map(str, paths)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    assert process.returncode == 0, stdout.decode()


def section(title: str) -> str:
    """Give one section, without its title."""
    found = re.search(rf"^## {title}\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


async def test_the_ide_tasks_are_written_and_can_be_depended_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    lines = blocks("sh", section("IDE tasks"))[0].splitlines()
    for words in (shlex.split(line, comments=True)[1:] for line in lines):
        outcome = await run(*words, home=tmp_path)
        assert outcome.exit_code == 0, (words, outcome)
        assert bool(outcome.stdout) == ("--write" not in words)
    (task,) = map(json.loads, blocks("json", section("IDE tasks")))
    assert differences(task, TASK) == []
    tasks = json.loads((project / ".vscode" / "tasks.json").read_text("utf-8"))["tasks"]
    assert set(task["dependsOn"]) <= {each["label"] for each in tasks}


async def test_a_key_gets_into_ci_and_a_job_gets_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, job = blocks("sh", section("CI in two commands"))
    (profile,) = blocks("toml", section("CI in two commands"))
    with Salesforce.running(apps=[PIPELINE], orgs=[ORG], users=[ADA]) as salesforce:
        for shown, there in (
            ("https://acme.my.salesforce.com", salesforce.my_domain(ORG)),
            ("3MVG9...", PIPELINE.client_id),
            ("ci@acme.example", ADA.username),
        ):
            profile = profile.replace(shown, there)
        clone = repository(tmp_path / "clone", profile).parent
        monkeypatch.chdir(clone)
        (clone / "server.key").write_text(pem())
        (clone / "server.key").chmod(0o600)
        gh = recorder(tmp_path / "bin", "gh")
        path = {"PATH": str(gh.path.parent)}
        for words in (["trust", ".loopback-auth.toml"], *commands_in(here)):
            outcome = await run(*words, home=tmp_path / "laptop", more=path)
            assert outcome.exit_code == 0, (words, outcome)
        secret = gh.calls[-1]["stdin"]
        assert (gh.calls[-1]["argv"][-1], secret) == ("LOOPBACK_AUTH_KEY", pem())
        more = {"LOOPBACK_AUTH_KEY": secret}
        trust, (*execute, _) = commands_in(job)
        assert (await run(*trust, home=tmp_path / "job", more=more)).exit_code == 0
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, *execute, "printenv", "SALESFORCE_ACCESS_TOKEN"),
            env=environment(tmp_path / "job", more),
            stdout=asyncio.subprocess.PIPE,
        )
        stdout, _ = await process.communicate()
    assert (process.returncode, stdout.decode()[:3]) == (0, "00D")


def lines_for_agents() -> list[list[str]]:
    lines = blocks("sh", section("Agents and scripts"))[0].splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.mark.slow
async def test_an_agent_can_do_what_is_shown(server: AuthorizationServer, tmp_path: Path) -> None:
    sign_in, _, token, execute, api = lines_for_agents()
    where = f'issuer = "{server.issuer}"\nclient_id = "my-cli"\napi_base = "{server.issuer}"\n'
    write_config(tmp_path, f"[profiles.work]\n{where}")
    async with login_here(*sign_in[1:-1], home=tmp_path) as waiting:
        shown = await waiting.event("open_page")
        assert waiting.first_event == shown
        await asyncio.to_thread(Browser().visit, shown["url"])
        assert (await waiting.outcome()).exit_code == 0
    for words in (token, execute, api):
        await run("logout", "work", home=tmp_path)
        own = [*words[: words.index("--")], "--", "true"] if "--" in words else words
        own = ["/userinfo" if word == "/me" else word for word in own]
        more = {"BROWSER": str(stand_in_browser(tmp_path))}
        ended = await run_process(*own, home=tmp_path, more=more)
        assert ended.exit_code == 0, (words, ended)
    assert json.loads(ended.stdout)["sub"]


async def test_an_agent_can_show_a_code_as_is_shown(tmp_path: Path) -> None:
    _, device, *_ = lines_for_agents()
    with ScriptedServer() as scripted:
        ends = {"authorization": "/a", "token": "/token", "device_authorization": "/device"}
        lines = [f'{name}_endpoint = "{scripted.url(path)}"' for name, path in ends.items()]
        write_config(tmp_path, "\n".join(["[profiles.work]", 'client_id = "my-cli"', *lines]))
        code = {"device_code": "d", "user_code": "AB-CD", "verification_uri": scripted.url("/")}
        scripted.answers["/device"] = json_answer({**code, "interval": 1})
        scripted.answers["/token"] = json_answer({"access_token": "at", "token_type": "Bearer"})
        async with login_here(*device[1:-1], home=tmp_path) as waiting:
            shown = await waiting.event("enter_code")
            assert waiting.first_event == shown
            assert shown["user_code"] == "AB-CD"
            assert (await waiting.outcome()).exit_code == 0


async def test_the_way_over_ssh_is_printed_as_it_is_shown(tmp_path: Path) -> None:
    """With the values of the place; `tests/servers` has them typed at a real sshd."""
    block = blocks("sh", section("SSH and containers"))[0]
    on_server, forward = block.splitlines()[:2]
    more = {"SSH_CONNECTION": "198.51.100.1 50000 192.0.2.7 22", "USER": "ada"}
    port = str(free_port())
    words = shlex.split(on_server.replace("8765", port), comments=True)[2:]
    async with login_here(*words, *SOMEWHERE, home=tmp_path, more=more) as waiting:
        hint = (await waiting.event("browser_not_opened"))["hint"]
    assert hint.splitlines()[-1].strip() == forward.replace("8765", port)


async def test_the_way_into_a_container_is_printed_as_it_is_shown(tmp_path: Path) -> None:
    *_, run_it, on_it = blocks("sh", section("SSH and containers"))[0].splitlines()
    port = str(free_port())
    words = shlex.split(on_it.replace("8765", port), comments=True)[2:]
    more = {"container": "docker"}
    async with login_here(*words, *SOMEWHERE, home=tmp_path, more=more) as waiting:
        hint = (await waiting.event("browser_not_opened"))["hint"]
        with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
            pass
    published = shlex.split(run_it.replace("8765", port), comments=True)[3:5]
    assert f"docker run {' '.join(published)} ..." in hint
    assert f"loopback-auth login {' '.join(words)} " in hint


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals, no unix sockets")
async def test_a_sign_in_is_relayed_and_delivered_as_is_shown(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    from .support.relaying import Scene, agree_and_visit, ended

    relayed, delivered = (
        shlex.split(line, comments=True)
        for line in blocks("sh", section("SSH and containers"))[1].splitlines()
    )
    scene = Scene(server=server, folder=tmp_path)
    assert relayed[:2] == ["loopback-auth", "relay"]
    terminal = scene.relay(*relayed[2:])
    await asyncio.to_thread(agree_and_visit, terminal)
    assert "devbox is signed in, to its profile work" in await asyncio.to_thread(ended, terminal)
    assert (scene.box / "tokens" / "work.json").is_file()

    words = ("work", "--issuer", server.issuer, "--client-id", "my-cli", "--no-browser")
    async with login_here(*words, home=scene.box) as waiting:
        callback = await waiting.callback()
        await waiting.event("waiting")
        answer = f"{callback.redirect_uri}?error=access_denied&state={callback.state}"
        assert (await run(*delivered[1:], home=scene.box, stdin=answer)).exit_code == 0
        assert (await waiting.outcome()).exit_code == 3


SOMEWHERE = (
    *("--authorization-endpoint", "http://127.0.0.1:9/a"),
    *("--token-endpoint", "http://127.0.0.1:9/t"),
    *("--client-id", "app"),
)


@pytest.mark.slow
async def test_the_example_of_the_fixtures_passes(tmp_path: Path) -> None:
    """In a project of its own, which has the plug-in because the package is installed."""
    (tmp_path / "test_example.py").write_text(blocks("python")[1])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-W", "error"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    assert process.returncode == 0, stdout.decode()
    assert b"1 passed" in stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_topics_and_files_that_are_pointed_to_exist(document: Path) -> None:
    text = words_of(document)
    for topic in re.findall(r"loopback-auth help ([a-z-]+)", text):
        assert (ROOT / "loopback_auth" / "help" / f"{topic}.md").is_file(), topic
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_changelog_has_the_version_and_what_came_since() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert headings[1].startswith(f"[{loopback_auth.__version__}] - ")


async def test_the_job_that_is_shown_has_a_token_and_stores_no_secret(tmp_path: Path) -> None:
    (shown,) = blocks("yaml", section("CI without a stored secret"))
    variables = dict(re.findall(r"^  (LOOPBACK_AUTH_\w+): (.+)$", shown, re.MULTILINE))
    (command,) = re.findall(r"run: loopback-auth (.+)$", shown, re.MULTILINE)
    script = tmp_path / "deploy.sh"
    script.write_text('#!/bin/sh\nprintf %s "$ACCESS_TOKEN"\n')
    script.chmod(0o700)
    with ScriptedServer() as server:
        metadata = {"issuer": server.origin, "token_endpoint": server.url("/token")}
        metadata["authorization_endpoint"] = server.url("/authorize")
        server.answers["/.well-known/openid-configuration"] = json_answer(metadata)
        server.answers["/actions"] = json_answer({"value": jwt(sub="repo:acme/app")})
        answer = {"access_token": "of-the-job", "token_type": "Bearer", "expires_in": 600}
        server.answers["/token"] = json_answer(answer)
        job = {
            **variables,
            "LOOPBACK_AUTH_ISSUER": server.origin,
            "ACTIONS_ID_TOKEN_REQUEST_URL": server.url("/actions"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        }
        outcome = await run_process(*shlex.split(command), home=tmp_path, more=job)
    assert (outcome.exit_code, outcome.stdout) == (0, "of-the-job"), outcome.stderr
    assert "secret" not in shown
