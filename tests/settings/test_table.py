"""Every setting is one row; options, variables and the help page know the same ones."""

from __future__ import annotations

import re

import pytest

from loopback_auth.cli.arguments import Parser
from loopback_auth.cli.commands import login
from loopback_auth.cli.console import Console
from loopback_auth.resources import read
from loopback_auth.settings.kinds import (
    CLIENT_ID,
    DURATION,
    FLAG,
    HOSTS,
    ISSUER,
    PORTS,
    REDIRECT_URIS,
    STORAGE,
    TABLE,
    TEXT,
    TEXTS,
    WORD,
    WORDS,
    Kind,
    duration_text,
    seconds,
)
from loopback_auth.settings.resolve import from_environment
from loopback_auth.settings.table import ALIASES, SECRETS, SETTINGS

TEXT_OF = {
    **dict.fromkeys((TEXT, WORD, CLIENT_ID, ISSUER), ("a", "a")),
    **dict.fromkeys((TEXTS, REDIRECT_URIS, WORDS), ("a b", ("a", "b"))),
    HOSTS: ("A.example. b.example", ("a.example", "b.example")),
    PORTS: ("1717, 1718", (1717, 1718)),
    TABLE: ("a=1&a=2&b=3", {"a": ("1", "2"), "b": "3"}),
    DURATION: ("5m", 300.0),
    FLAG: ("true", True),
    STORAGE: ("keyring", "keyring"),
}
"""For each kind, the text of an environment variable and what it means."""


@pytest.mark.parametrize("name", SETTINGS)
def test_each_is_on_the_help_page(name: str) -> None:
    rows = [line for line in read("help/config.md").decode().splitlines() if line.startswith("| ")]
    assert any(f"`{name}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("name", [name for name, row in SETTINGS.items() if row.option])
def test_each_with_an_option_is_one_of_login(name: str) -> None:
    parser = Parser(Console(), prog="login")
    login.arguments(parser)
    action = parser._option_string_actions[SETTINGS[name].flag]  # noqa: SLF001 - argparse has no other way
    assert action.dest == name


@pytest.mark.parametrize("name", [*SETTINGS, *ALIASES])
def test_each_comes_from_the_environment(name: str) -> None:
    variable, setting = f"LOOPBACK_AUTH_{name.upper()}", SETTINGS[ALIASES.get(name, name)]
    text, value = TEXT_OF[setting.kind]
    found = from_environment({variable: text})
    if setting.name == "client_secret":
        assert found == {"client_secret_env": (variable, variable)}
    else:
        assert found == {setting.name: (value, variable)}


def test_a_secret_is_neither_remembered_nor_shown() -> None:
    assert not any(SETTINGS[name].is_remembered for name in SECRETS)
    assert not SETTINGS["client_secret"].is_shown
    assert not SETTINGS["client_secret_env"].is_shown


@pytest.mark.parametrize("text", ["90s", "5m", "15m", "2h", "24h"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert duration_text(seconds(text)) == text
    assert SETTINGS["timeout"].kind.written(seconds(text)) == text


@pytest.mark.parametrize("kind", TEXT_OF, ids=str)
@pytest.mark.parametrize("value", [None, [None], -1, float("nan"), b"a"], ids=repr)
def test_what_is_of_no_kind_is_refused_without_being_shown(kind: Kind, value: object) -> None:
    with pytest.raises(ValueError, match=re.escape(str(kind))) as refused:
        kind.check(value)
    assert str(refused.value) == str(kind)
