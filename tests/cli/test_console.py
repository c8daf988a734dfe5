"""Whether there is somebody to ask."""

from __future__ import annotations

import io

import pytest

from loopback_auth.cli.console import Console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("option", ["", "--json", "-q", "--quiet", "--no-input"])
def test_a_person_is_asked_unless_an_option_forbids_it(option: str) -> None:
    console = Console([option], stdin=Terminal(), stdout=Terminal(), stderr=Terminal())
    assert console.interactive
    assert console.may_ask == (not option)


@pytest.mark.parametrize("stdin", [None, io.StringIO()])
def test_nobody_is_asked_without_a_terminal(stdin: io.StringIO | None) -> None:
    assert not Console(stdin=stdin, stderr=Terminal()).may_ask
    assert not Console(stdin=Terminal(), stderr=stdin).may_ask


def test_at_a_dumb_terminal_is_a_person_and_nothing_is_redrawn() -> None:
    console = Console(stdin=Terminal(), stderr=Terminal(), environ={"TERM": "dumb"})
    assert console.may_ask
    assert not console.terminal
