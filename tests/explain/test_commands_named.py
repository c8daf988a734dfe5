"""What an explanation tells people to type exists: the command, and each of its options."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.console import Console
from loopback_auth.cli.main import COMMANDS
from loopback_auth.explain import codes, explanation
from loopback_auth.explain.paste import Paste
from loopback_auth.explain.pitfalls import entries, pitfall_for

from .pitfalls_table import FACTS

FIXES = {
    **{code: explanation(code, **FACTS).fix for code in codes()},
    **{
        f"salesforce/{code}": told.fix
        for code in entries("salesforce")
        if (told := pitfall_for(Paste(kind="code", error=code), pitfalls="salesforce", facts=FACTS))
    },
}

# Up to the end of the sentence or clause that names it.
_COMMAND = re.compile(r"loopback-auth ([a-z]+)\b((?:(?!loopback-auth |[;,(]|\. |   | -- ).)*)")


def options_of(command: str) -> set[str]:
    parser = Parser(Console())
    import_module(f"loopback_auth.cli.{command}").arguments(parser)
    return set(parser._option_string_actions)  # noqa: SLF001 - argparse has no other list of them


@pytest.mark.parametrize("code", FIXES)
def test_a_fix_names_commands_and_options_that_exist(code: str) -> None:
    for command, rest in _COMMAND.findall(FIXES[code]):
        if command in ("again", "or", "is", "lists", "names", "tells"):
            continue
        assert command in COMMANDS, f"{command}: {FIXES[code]}"
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)) <= options_of(command), rest
