"""
What an explanation tells people to type works when it is typed: the command, its options, and
nothing that belongs to the sentence.
"""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.console import Console
from loopback_auth.cli.main import COMMANDS
from loopback_auth.explain import codes, explanation
from loopback_auth.explain.pitfalls import entries, pitfall_for
from loopback_auth.explain.report import Paste

from .pitfalls_table import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXES = {
    **{code: explanation(code, **FACTS).fix for code in codes()},
    **{
        f"salesforce/{code}": told.fix
        for code in entries("salesforce")
        if (told := pitfall_for(Paste(kind="code", error=code), pitfalls="salesforce", facts=FACTS))
    },
}


def commands_in(fix: str) -> Iterator[str]:
    """
    Give each command of *fix*, which ends where its clause does: at a mark, a bracket
    or the end.
    """
    # An error's fix is shown as one line.
    fix = " ".join(fix.split())
    for place in re.finditer(r"\bloopback-auth (?=[a-z])", fix):
        words: list[str] = []
        for word in re.finditer(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""", fix[place.end() :]):
            if word[0].startswith("("):
                break
            bare = re.sub(r"[;,:.)]+$", "", word[0])
            words.append(bare)
            if bare != word[0]:
                break
        yield " ".join(words)


@pytest.mark.parametrize("code", FIXES)
def test_a_command_in_a_fix_works_when_it_is_typed(code: str) -> None:
    for command in commands_in(FIXES[code]):
        name, *arguments = shlex.split(command.replace("--port N", "--port 1717"))
        assert name in COMMANDS, f"{command}: {FIXES[code]}"
        parser = Parser(Console())
        import_module(f"loopback_auth.cli.commands.{name}").arguments(parser)
        if "--help" not in arguments:
            parser.parse_args(arguments)


def test_a_command_ends_with_its_clause() -> None:
    fix = "a: loopback-auth login work --scope 'a b; c' (now), then loopback-auth status; loopback-auth token"
    assert list(commands_in(fix)) == ["login work --scope 'a b; c'", "status", "token"]
