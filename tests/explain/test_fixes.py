"""
A fix is data: each command in one can be typed, in the catalogue, the pitfalls and wherever an
error is raised.
"""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import explain
from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.console import Console
from loopback_auth.cli.main import COMMANDS
from loopback_auth.explain.fix import rendered
from loopback_auth.explain.pitfalls import entries, pitfall_files

from ..support.package_source import MODULES, name_of, tree_of
from ..support.rows import each
from .pitfalls_table import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUES = {
    **FACTS,
    "profile": "work",
    "command": "login",
    "topic": "troubleshooting",
    "subject": "ci@acme.example",
    "option": "--json",
    "name": "state",
    "other": "work",
    "new": "home",
    "source": "--scope",
    "every": "[::]:3000",
    "way": "--device",
    "target": "ssh://box/work",
    "system": "azure-keyvault",
    "near": "invalid-grant",
    "granted": "openid api",
    "form": "https://YOUR-DOMAIN.okta.com",
    "flow": "jwt-bearer",
    "project": "--project",
    "provider": "salesforce",
    "port": "8765",
    "ide": "zed",
    "timeout": "2h",
    "variable": "API_TOKEN",
    "file": "/home/me/a shop/.loopback-auth.toml",
    "ca_bundle": "/etc/ssl/ca bundle.pem",
    "issuer": "https://id.example.com/a b",
    "login_url": "https://acme.my.salesforce.com",
    "audience": "https://api.example.com",
    "named": "https://id.example.com/it's",
    "own": "https://MYDOMAIN.my.salesforce.com",
    "registered": "http://localhost:1717/OauthRedirect",
    "fixed_redirect_uri": "http://127.0.0.1:8765/callback",
}
"""A value for each place in a command."""


def by_data() -> Iterator[tuple[str, str]]:
    for code, entry in explain._catalogue().items():  # noqa: SLF001 - the texts, not yet filled
        yield code, entry["fix"]
    for file in pitfall_files():
        for code, entry in entries(file).items():
            yield f"{file}: {code}", entry["fix"]


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the texts of a syntax tree that are no docstrings; a value in one is `{...}`."""
    within = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    } | {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in within:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (
                part.value if isinstance(part, ast.Constant) else "{profile}"
                for part in node.values
            )
            yield node.lineno, "".join(map(str, parts))


def by_source() -> Iterator[tuple[str, str]]:
    for path in MODULES:
        for line, text in texts(tree_of(path)):
            if "`loopback-auth" in text:
                yield f"{name_of(path)}:{line}", text


FIXES = {**dict(by_data()), **dict(by_source())}


@cache
def parser_of(name: str) -> Parser:
    parser = Parser(Console(), prog=f"loopback-auth {name}")
    import_module(f"loopback_auth.cli.commands.{name.replace('-', '_')}").arguments(parser)
    return parser


def type_it(command: str) -> None:
    """Take *command* through the parser of this program, as a shell would hand it over."""
    # What stands behind a < is the shell's; N is a number of the person's.
    program, *words = shlex.split(command.partition(" < ")[0].replace("--port N", "--port 1717"))
    assert program == "loopback-auth"
    if words in (["--help"], ["--version"]):
        return
    name, *arguments = words
    assert name in COMMANDS, command
    if "--help" not in arguments:
        parser_of(name).parse_args(arguments)


@pytest.mark.parametrize("knows", ["a profile", "none", "one of an odd name", "flags"])
def test_cl_11_each_command_of_a_fix_can_be_typed(knows: str) -> None:
    """CL-11: with the profile in it where one is known, with what was just given, and without."""
    each(lambda where: can_be_typed(where, knows), FIXES)


def can_be_typed(where: str, knows: str) -> None:
    facts: dict[str, Any] = {
        "a profile": VALUES,
        "none": {name: value for name, value in VALUES.items() if name != "profile"},
        "one of an odd name": {**VALUES, "profile": "it's mine"},
        "flags": {
            **VALUES,
            "flags": (("--issuer", "https://a b"), ("--port", "1"), ("--port", "2")),
        },
    }[knows]
    for command in FIXES[where].split("`")[1::2]:
        if not command.startswith("loopback-auth"):
            continue
        assert set(re.findall(r"\{(\w+)\}", command)) <= {*VALUES}, "put a value into the table"
        typed = rendered(f"`{command}`", facts)
        type_it(typed)
        if (
            knows == "flags"
            and command.startswith("loopback-auth login ")
            and "--help" not in command
        ):
            assert ("--issuer 'https://a b'" in typed) != bool(
                re.search("--(issuer|provider|authorization-endpoint) ", command)
            )


def test_a_commands_end_is_seen() -> None:
    """In print nothing stands around a command: a mark, a bracket or the end shows its end."""
    each(ends_are_seen, FIXES)


def ends_are_seen(where: str) -> None:
    pieces = FIXES[where].split("`")
    assert len(pieces) % 2, "a backtick is missing"
    for command in pieces[1::2]:
        assert shlex.split(command), "empty, or (ValueError) a quote of it is on the other side"
    assert all(re.match(r"[;,:.)]|$| \(", after) for after in pieces[2::2]), FIXES[where]


def takes_profile(name: str) -> bool:
    return "--profile NAME" in parser_of(name).format_help()


def test_cl_11_a_command_names_the_profile() -> None:
    """CL-11: where one can be named, or what is typed is about another one."""
    each(names_the_profile, FIXES)


def names_the_profile(where: str) -> None:
    for command in FIXES[where].split("`")[1::2]:
        name = command.removeprefix("loopback-auth ").split()[0]
        names_none = re.search(
            r" (?:explain|path|create|--help|--list|--all|NAME|PROFILE)\b", command
        )
        if name in COMMANDS and not names_none and takes_profile(name):
            assert re.search(r"\{(profile|other)\}", command)


def test_no_command_stands_outside_of_backticks() -> None:
    each(none_outside_of_backticks, FIXES)


def none_outside_of_backticks(where: str) -> None:
    for piece in FIXES[where].split("`")[::2]:
        assert not re.search(r"loopback-auth (?:[a-z-]+ )?(?:\{profile\}|--)", piece), piece
        assert not re.search(rf"loopback-auth (?:{'|'.join(COMMANDS)})\b", piece), piece


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_fix_is_a_constant_and_its_values_are_facts(path: Path) -> None:
    """A value in an f-string would be taken for a part of the text, and be quoted for no shell."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.keyword) and node.arg == "fix":
            for part in ast.walk(node.value):
                is_value = isinstance(part, ast.FormattedValue) and not (
                    isinstance(part.value, ast.Name) and part.value.id.isupper()
                )
                assert not is_value, f"{name_of(path)}:{node.value.lineno}"
                is_command = isinstance(part, ast.Constant) and str(part.value).count("`") % 2
                assert not is_command, f"{name_of(path)}:{node.value.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_who_raises_gives_each_value_of_its_fix(path: Path) -> None:
    """Only the profile and the flags are added on the way."""
    for node in ast.walk(tree_of(path)):
        given = {each.arg for each in node.keywords} if isinstance(node, ast.Call) else set()
        if "fix" not in given or None in given:
            continue
        (fix,) = (each.value for each in node.keywords if each.arg == "fix")
        parts = [part.value for part in ast.walk(fix) if isinstance(part, ast.Constant)]
        wanted = {name for text in parts for name in re.findall(r"\{(\w+)\}", str(text))}
        by_rendering = isinstance(fix, ast.Call)
        assert by_rendering or wanted <= {*given, "profile"}, f"{name_of(path)}:{node.lineno}"


MENTIONED = {
    f"{name_of(path)}:{line}": text
    for path in MODULES
    for line, text in texts(tree_of(path))
    if "`loopback-auth" not in text
    and re.search(rf"loopback-auth (?:{'|'.join(COMMANDS)})\b", text)
}
"""Commands that are named elsewhere: in notes, in help."""


@pytest.mark.parametrize("where", MENTIONED)
def test_a_command_that_is_named_elsewhere_can_be_typed_too(where: str) -> None:
    text = MENTIONED[where].replace("{profile}", "work").replace("{port}", "8765")
    for found in re.finditer(rf"loopback-auth (?:{'|'.join(COMMANDS)})\b[^;,:.()<\n]*", text):
        type_it(re.sub(r'["|].*', "", found[0]).strip())


def test_a_fix_is_filled_quoted_and_kept_apart_from_its_text() -> None:
    fix = (
        "Ask {host}: `loopback-auth login {profile} --scope '{scope}'`;"
        " or `loopback-auth api /x -p {profile}`"
    )
    assert rendered(fix, {"profile": "it's", "scope": "a b", "host": "`x` {profile}"}) == (
        "Ask `x` {profile}: loopback-auth login 'it'\"'\"'s' --scope 'a b';"
        " or loopback-auth api /x -p 'it'\"'\"'s'"
    )
    assert rendered(fix, {}) == (
        "Ask the server: loopback-auth login --scope SCOPE; or loopback-auth api /x"
    )


def test_on_windows_the_quotes_are_those_of_cmd_and_powershell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    fix = "`loopback-auth login {profile} --ca-bundle {path}`"
    typed = rendered(fix, {"profile": "work", "path": r"C:\Program Files\ca.pem"})
    assert typed == r'loopback-auth login work --ca-bundle "C:\Program Files\ca.pem"'
    assert rendered(fix, {"path": r"C:\ca.pem"}) == r"loopback-auth login --ca-bundle C:\ca.pem"


FLAGS = (
    *(("--provider", "acme"), ("--client-id", "c d"), ("--port", "17"), ("--strict-scope",)),
    *(("--trust-host", "a.example"), ("--param", "b=c")),
)


@pytest.mark.parametrize(
    ("fix", "kept"),
    [
        ("", "--provider acme --client-id 'c d' --port 17 --strict-scope"),
        (" --port N", "--provider acme --client-id 'c d' --strict-scope"),
        (" --issuer URL", "--client-id 'c d' --port 17 --strict-scope"),
        (
            " --trust-host HOST --param resource=URL",
            "--provider acme --client-id 'c d' --port 17 --strict-scope",
        ),
    ],
)
def test_a_sign_in_keeps_the_flags_just_given_but_those_it_replaces(fix: str, kept: str) -> None:
    facts = {"profile": "work", "flags": FLAGS}
    added = "--trust-host a.example --param b=c"
    command = f"loopback-auth login work{fix} {kept} {added}"
    assert rendered(f"`loopback-auth login {{profile}}{fix}`", facts) == command
    for other in ("status work", "login --help"):
        assert rendered(f"`loopback-auth {other}`", facts) == f"loopback-auth {other}"
