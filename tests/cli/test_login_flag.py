"""`token --login`, `exec --login` and `api --login`: sign in where that is needed, then go on."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.commands.login import arguments as arguments_of_login
from loopback_auth.cli.console import Console
from loopback_auth.cli.credential.options import _LOGIN_AS_USUAL
from loopback_auth.testing import AuthorizationServer, Client, faults

from ..support.command import Outcome, no_token_file, run, run_process, token_file
from ..support.stored import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

CLI = Path(__file__).parents[2] / "loopback_auth" / "cli"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AuthorizationServer]:
    """Run a server that the default profile signs in to."""
    client = Client(client_id="my-cli")
    with AuthorizationServer.running(clients=(client,)) as running:
        write_config(
            tmp_path,
            f'[profiles.default]\nissuer = "{running.issuer}"\nclient_id = "my-cli"\n'
            f'api_base = "{running.issuer}"\n',
        )
        yield running


def browser(home: Path, **options: str) -> dict[str, str]:
    """Return the environment of somebody whose browser signs in by itself."""
    program = home / "browser"
    words = ", ".join(f"{name}='{value}'" for name, value in options.items())
    code = f"import sys; from loopback_auth.testing import Browser; Browser({words})"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}.visit(sys.argv[1])" "$1"\n')
    program.chmod(0o755)
    return {"BROWSER": str(program)}


async def asked(*arguments: str, home: Path, **options: str) -> Outcome:
    return await run(*arguments, home=home, more=browser(home, **options))


@pytest.mark.usefixtures("server")
async def test_cl_01_token_signs_in_and_stdout_is_the_token_alone(tmp_path: Path) -> None:
    ended = await asked("token", "--login", home=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == token_file(tmp_path)["access_token"] + "\n"
    assert ended.stderr.startswith("Nobody is signed in to the profile default.\n")
    assert "Signed in as ada.\n" in ended.stderr


@pytest.mark.usefixtures("server")
async def test_cl_01_with_json_stdout_is_one_document_and_stderr_events(tmp_path: Path) -> None:
    ended = await asked("token", "--login", "--json", home=tmp_path)
    assert ended.document["access_token"] == token_file(tmp_path)["access_token"]
    assert ended.events[0]["event"] == "open_page"


async def test_a_token_that_is_good_needs_no_sign_in(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    first = await asked("token", "--login", home=tmp_path)
    before = len(server.requests)
    again = await asked("token", "--login", home=tmp_path)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    assert len(server.requests) == before


@pytest.mark.parametrize("command", [("token",), ("api", "/"), ("exec", "--", "true")])
@pytest.mark.usefixtures("server")
async def test_without_the_flag_nobody_is_signed_in_and_the_fix_names_it(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    ended = await asked(*command, home=tmp_path)
    assert (ended.exit_code, ended.stdout) == (4, "")
    assert "loopback-auth token default --login" in ended.stderr
    assert no_token_file(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("options", [("token", "--login"), ("token", "--login", "--refresh")])
async def test_a_sign_in_that_the_server_ended_is_replaced(
    server: AuthorizationServer, options: tuple[str, ...], tmp_path: Path
) -> None:
    first = await asked("token", "--login", home=tmp_path)
    path = tmp_path / "tokens" / "default.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "expires_at": "2020-01-01T00:00:00Z"})
    )
    server.faults["token"] = faults.oauth_error("invalid_grant").once()
    ended = await asked(*options, home=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout not in ("", first.stdout)


async def test_api_signs_in_when_a_server_takes_neither_token(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """A server that does not say how long a token lasts says so with a 401."""
    await asked("token", "--login", home=tmp_path)
    server.faults["userinfo"] = faults.status(401).once()
    server.faults["token"] = faults.oauth_error("invalid_grant").once()
    ended = await asked("api", "/userinfo", "--login", home=tmp_path)
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["sub"]
    assert "Signed in as ada." in ended.stderr


@pytest.mark.slow
async def test_a_token_that_an_api_refused_is_replaced_by_the_next_command(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    first = await asked("token", "--login", home=tmp_path)
    server.faults["userinfo"] = faults.status(401).once()
    server.faults["token"] = faults.oauth_error("invalid_grant").once()
    assert (await asked("api", "/userinfo", home=tmp_path)).exit_code == 4
    ended = await asked("token", "--login", home=tmp_path)
    assert ended.stdout not in ("", first.stdout)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
async def test_exec_signs_in_and_becomes_the_command(tmp_path: Path) -> None:
    show = "import os; print(os.environ['ACCESS_TOKEN'])"
    words = ("exec", "--login", "--", sys.executable, "-c", show)
    ended = await run_process(*words, home=tmp_path, more=browser(tmp_path))
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == token_file(tmp_path)["access_token"] + "\n"


@pytest.mark.usefixtures("server")
async def test_a_no_ends_the_command_before_anything_is_run(tmp_path: Path) -> None:
    words = ("exec", "--login", "--", "touch", str(tmp_path / "was-run"))
    ended = await run_process(*words, home=tmp_path, more=browser(tmp_path, decision="deny"))
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert not (tmp_path / "was-run").exists()


async def test_a_profile_that_nothing_is_known_of_says_where_to_sign_in(tmp_path: Path) -> None:
    ended = await asked("token", "new", "--login", home=tmp_path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "loopback-auth init -p new" in ended.stderr
    assert "loopback-auth login new --issuer URL --client-id ID" in ended.stderr


def test_the_options_of_login_are_what_the_flag_stands_for() -> None:
    """All that the shared sign-in reads of the command line has login's own default."""
    parser = Parser(Console())
    arguments_of_login(parser)
    login = vars(parser.parse_args([]))
    read: set[str] = set()
    # `machine.py` there reads those of `init`.
    shared = set((CLI / "signing_in").glob("*.py")) - {CLI / "signing_in" / "machine.py"}
    for path in (CLI / "prompts.py", *shared):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "check_standard_input":
                continue
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("arguments"):
                read.add(node.attr)
    ours = _LOGIN_AS_USUAL
    assert ours == {name: login[name] for name in ours}
    assert read - ours.keys() <= {"no_input", "client_secret_stdin", "manual", "flow"}
