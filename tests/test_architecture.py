"""
The shape of the house, read from its imports: floors, what each may use, and where a secret may be
opened.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth import errors, explain

from .support.command import run_here
from .support.package_source import (
    MEASURES,
    MODULES,
    PACKAGE,
    imports,
    module_of,
    name_of,
    room_of,
    tree_of,
)
from .support.projects import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How many findings there may be, beside those in EXCEPTIONS.
CEILINGS = {
    "circles": 0,
    "arrows up": 0,
    "folders of more than 14 modules": 0,
    "functions of more than 40 lines": 0,
    "functions of more than 8 parameters": 0,
    "modules of more than 300 lines": 0,
    "lines of more than 100 columns": 0,
    "identifiers in dialect": 0,
    "6 lines or more written twice": 0,
    "suppressions (noqa)": 40,
}

# What stays, and why.
EXCEPTIONS = {
    "folders of more than 14 modules": {
        "cli/commands": "one file a command, and nothing else",
    },
    "6 lines or more written twice": {
        "edge/callback/page.html ~ testing/http/page.html": (
            "the head of two pages, one of them of a server that people test against"
        ),
        "flows/tokens/access_token.py ~ flows/tokens/refresh.py": (
            "a protocol, and the function that fills it"
        ),
    },
}

PURE = {"oauth", "export", "errors", "explain"}
IMPURE = {
    "aiohttp",
    "asyncio",
    "os",
    "socket",
    "subprocess",
    "threading",
    "time",
    "webbrowser",
    "random",
}

# Where a secret becomes text: on its way into a request, a file, the browser or the user's standard
# output.
REVEALS = {
    "cli/background/parent.py",
    "cli/commands/demo.py",
    "edge/callback/tls/own.py",
    "edge/files/client_secrets.py",
    "edge/http/streaming.py",
    "edge/callback/session.py",
    "edge/http/client.py",
    "cli/commands/env.py",
    "cli/commands/exec.py",
    "cli/commands/id_token.py",
    "export/credential_helper/protocol.py",
    "export/__init__.py",
    "export/program/members.py",
    "export/program/postman.py",
    "export/push/target.py",
    "edge/process/fed_program.py",
    "flows/tokens/check.py",
    "cli/commands/relay.py",
    "flows/login/manual.py",
    "flows/relay/box.py",
    "flows/login/completion/redemption.py",
    "oauth/authorize/request.py",
    "oauth/jose/signing.py",
    "oauth/authorize/code_credentials.py",
    "oauth/credential.py",
    "oauth/jose/id_token.py",
    "oauth/jose/jwt.py",
    "oauth/authorize/pasted.py",
    "oauth/authorize/pkce.py",
    "oauth/client_authentication.py",
    "oauth/http/messages.py",
}


@pytest.mark.parametrize("measure", MEASURES)
def test_the_counts_stay_below_their_ceilings(measure: str) -> None:
    excused = EXCEPTIONS.get(measure, {})
    found = MEASURES[measure]()
    counted = [finding for finding in found if finding not in excused]
    print(f"{len(counted)} {measure}")  # noqa: T201 - pytest -rP shows the counts
    assert len(counted) <= CEILINGS[measure], counted
    assert set(excused) <= set(found), "an exception that is none any more"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_own_imports_are_relative_and_the_pure_floors_do_no_io(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        # __main__ is run by path as well, where nothing is relative.
        if isinstance(node, ast.ImportFrom) and name_of(path) != "__main__.py":
            assert not (node.level == 0 and (node.module or "").startswith("loopback_auth")), (
                f"{name_of(path)}:{node.lineno}"
            )
    used = {module.split(".")[0] for module, *_ in imports(path)}
    if room_of(module_of(path)) in PURE:
        assert not used & IMPURE, name_of(path)


def test_no_command_imports_another() -> None:
    """What two of them share is a view, a prompt or a flow."""
    commands = "loopback_auth.cli.commands."
    found = [
        (name_of(path), module)
        for path in MODULES
        if module_of(path).startswith(commands)
        for module, name, _ in imports(path)
        if f"{module}.{name}".startswith(commands)
    ]
    assert found == []


def test_the_random_module_is_imported_nowhere_aq_01() -> None:
    """
    AQ-01: state, verifier and nonce come from `secrets`; nothing here can reach for the other
    generator.
    """
    assert [
        name_of(path) for path in MODULES if any(module == "random" for module, *_ in imports(path))
    ] == []


def test_secrets_are_revealed_in_a_short_list_of_files() -> None:
    found = {name_of(path) for path in MODULES if ".reveal()" in path.read_text("utf-8")} - {
        "oauth/secret.py"
    }
    assert found == REVEALS


def test_no_file_is_looked_for_beside_a_module() -> None:
    """In a zipapp there is no such folder: data files come from `resources`."""
    users = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name | ast.Attribute) and "__file__" in ast.unparse(node)
    ]
    assert users == []


def test_only_read_makes_an_authorization_response() -> None:
    """The exchange takes an AuthorizationResponse; whoever could make one could skip the checks."""
    makers = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AuthorizationResponse"
    ]
    assert makers == ["oauth/authorize/request.py"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_dangerous_is_called_st_06_sc_05(path: Path) -> None:
    """
    ST-06, SC-05: no shell, no pickle, no eval, no unverified TLS, no redirect followed
    by default.
    """
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        where = f"{name_of(path)}:{node.lineno}"
        assert called not in {"eval", "exec", "os.system", "os.popen", "yaml.load"}, where
        assert keywords.get("shell") != "True", where
        assert keywords.get("verify") != "False", where
        assert keywords.get("ssl") != "False", where
        assert keywords.get("trust_env") in (None, "False"), where
        if called.endswith("session.request"):
            assert keywords.get("allow_redirects") == "False", where
        if called == "print":
            pytest.fail(f"{where} prints; the console does that")
    assert not {module.split(".")[0] for module, *_ in imports(path)} & {
        "pickle",
        "marshal",
        "shelve",
        "webbrowser",
    }


def every_error(
    kind: type[errors.LoopbackAuthError] = errors.LoopbackAuthError,
) -> Iterator[type[errors.LoopbackAuthError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__name__ in errors.__all__:
            yield from every_error(below)


@pytest.mark.parametrize(
    "kind", sorted(every_error(), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_every_error_is_in_the_tree_and_explained(kind: type[errors.LoopbackAuthError]) -> None:
    assert kind.__name__ in (errors.__doc__ or ""), "draw it in the docstring"
    assert kind.code in explain.codes(), "explain it in the catalogue"


def test_error_codes_are_kebab_case_and_unlike_each_other() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower().replace("_", "-") for code in codes)


LIGHT = {
    "token": ["token"],
    "--help": ["--help"],
    "--version": ["--version"],
    "login --help": ["login", "--help"],
}
HEAVY = {"aiohttp", "asyncio", "rich", "joserfc", "tomlkit", "filelock", "yarl"}

NOT_FOR_TOKEN = {
    "locale",
    "dataclasses",
    "fnmatch",
    "hashlib",
    "socket",
    "ssl",
    "threading",
    "tomllib",
    "typing",
    "loopback_auth.edge.files.file_lock",
    "loopback_auth.edge.store.profile_lock",
    "loopback_auth.errors.machine",
    "loopback_auth.errors.sign_in",
    "loopback_auth.errors.usage",
    "loopback_auth.notices",
    "loopback_auth.oauth",
}
"""What a token that is good has no use for; each of our modules is a percent of the command."""


def trusted_project(home: Path) -> str:
    """Make *home* a repository with a project file that is trusted; return its profile's name."""
    text = "[profiles.team]\nissuer = 'https://a.test'\nclient_id = 'c'\n"
    repository(home, text)
    document = run_here("trust", str(home), "--json", home=home).document
    name: str = document["profiles"]["team"]["profile"]
    return name


@pytest.mark.parametrize("in_project", [False, True], ids=["", "in-a-project"])
@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT)
def test_quick_commands_load_nothing_heavy(
    arguments: list[str], tmp_path: Path, *, in_project: bool
) -> None:
    """
    A command that waits for nobody is there at once; each of these modules costs more than all of
    `token`.
    """
    tokens = tmp_path / "tokens"
    tokens.mkdir(mode=0o700)
    name = trusted_project(tmp_path) if in_project else "default"
    document = {
        "version": 1,
        "profile": name,
        "access_token": "t",
        "token_type": "Bearer",
        "expires_at": None,
    }
    (tokens / f"{name}.json").write_text(json.dumps(document))
    # As `init` and people write it.
    (tmp_path / "config.toml").write_text(
        'default_profile = "default" # mine\n\n[profiles.default]\n'
        'provider = "github"\nport = [1717]\n'
    )
    program = (
        "import sys\nfrom loopback_auth.__main__ import run_process\n"
        "try:\n    status = run_process(sys.argv[1:])\nexcept SystemExit as end:\n"
        "    status = end.code\n"
        "sys.stderr.write('LOADED ' + ' '.join(sys.modules))\nsys.exit(status)"
    )
    environment = {**os.environ, "LOOPBACK_AUTH_HOME": str(tmp_path)}
    environment.pop("COVERAGE_PROCESS_START", None)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**environment, "PYTHONPATH": str(PACKAGE.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.partition("LOADED ")[2].split())
    assert not loaded & HEAVY
    if arguments == ["token"]:
        assert done.stdout == "t\n"
        assert not loaded & NOT_FOR_TOKEN


AFTER_THE_ADDRESS = {
    "ast",
    "dataclasses",
    "datetime",
    "inspect",
    "ssl",
    "tomllib",
    "typing",
    "loopback_auth.edge.callback.session",
    "loopback_auth.edge.files.client_secrets",
    "loopback_auth.edge.http.connection",
    "loopback_auth.edge.http.proxy",
    "loopback_auth.edge.http.sending",
    "loopback_auth.edge.http.tls",
    "loopback_auth.explain",
    "loopback_auth.cli.views",
    "loopback_auth.flows.login.answer",
    "loopback_auth.flows.login.completion.redemption",
    "loopback_auth.flows.login.completion.replacement",
    "loopback_auth.flows.server.discovery",
    "loopback_auth.flows.server.retry",
    "loopback_auth.oauth.authorize.response",
    "loopback_auth.oauth.credential",
    "loopback_auth.oauth.http.messages",
    "loopback_auth.oauth.token.reply",
    "loopback_auth.providers",
}
"""What `login` loads while the person signs in, since it takes time and the address needs none."""


@pytest.mark.parametrize("browser", [["--no-browser"], []], ids=["without-browser", "browser"])
def test_a_sign_in_shows_its_address_before_it_loads_the_rest(
    browser: list[str], tmp_path: Path
) -> None:
    program = """
import os, sys
from loopback_auth.__main__ import main
class Terminal:
    def write(self, text):
        if "http://127.0.0.1:9/a?" in text:
            os.write(1, ("LOADED " + " ".join(sys.modules)).encode())
            os._exit(0)
    def __getattr__(self, name):
        return getattr(sys.__stderr__, name)
sys.stderr = Terminal()
main()
"""
    environment = {**os.environ, "LOOPBACK_AUTH_HOME": str(tmp_path), "BROWSER": "true"}
    environment.pop("COVERAGE_PROCESS_START", None)
    endpoints = [
        "--authorization-endpoint=http://127.0.0.1:9/a",
        "--token-endpoint=http://127.0.0.1:9/t",
    ]
    done = subprocess.run(
        [sys.executable, "-c", program, "login", *endpoints, "--client-id=c", *browser],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    loaded = set(done.stdout.partition("LOADED ")[2].split())
    assert "loopback_auth.flows.login.browser" in loaded, done.stderr
    assert loaded & (AFTER_THE_ADDRESS | HEAVY) == set()
