"""The quick reader of plain TOML says what tomllib says, or nothing."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, strategies as st

from loopback_auth.edge.files.plain_toml import parse_plain

WRITTEN_BY_PEOPLE = [
    "",
    "# nothing but a comment",
    'default_profile = "work"\n',
    "\tdefault_profile\t=\t'work'  # the one\r\n\r\n[profiles.work]\r\nclient_id = \"x\"\r\n",
    (
        '[profiles."a@b"]\nport = [1717, 0]\n'
        "scope = [ \"openid\", 'api' ] # both\nstrict_scope = true\n"
    ),
    "[profiles.a]\nport = 1717\n[profiles.a.parameters]\nprompt = 'login # now'\n",
    "version = 1\n[profiles]\n[profiles.a]\n",
    'title = "ü # no comment"\n',
    "[[rules]]\ndir = '~/work'\nprofile = 'a'\n\n[[ rules ]] # two\nprofile = 'b'\n[c]\nd = 1\n",
]

LEFT_TO_TOMLLIB = {
    "a dot in a name": "[profiles.'a.b']",
    "an escape": 'a = "\\u0061"',
    "an empty string": 'default_profile = ""',
    "a string of many lines": 'a = """\nb = "c"\n"""',
    "a literal of many lines": "a = '''\nb = 'c'\n'''",
    "a list of many lines": "a = [\n  1,\n]",
    "a comma at the end": "a = [1, ]",
    "a table in a line": "a = { b = 1 }",
    "a table in a list of tables": "[[a]]\n[a.b]",
    "a list of tables in a table": "[[a.b]]\nc = 1",
    "a list, and then tables in it": "a = [1]\n[[a]]",
    "tables in a list, and then a table": "[[a]]\n[a]",
    "a dotted key": "a.b = 1",
    "a key twice": "a = 1\na = 2",
    "a table twice": "[a]\n[a]",
    "a table after its tables": "[a.b]\n[a]",
    "a key that is a table": "[a]\nb = 1\n[a.b]",
    "a number with a zero before it": "a = 01",
    "a number with a sign": "a = -1",
    "a long number": f"a = {'1' * 5000}",
    "a float": "a = 1.0",
    "a date": "a = 2026-01-01",
    "a byte order mark": "\ufeffa = 1",
    "a carriage return alone": "a = 1\rb = 2",
    "a control character": 'a = "\x00"',
    "a line break of Unicode": "a = '\u2028'",
    "two values": 'a = "b" "c"',
    "no value": "a =",
    "no key": "= 1",
    "no end": '[a\nb = "c',
}


@pytest.mark.parametrize("text", WRITTEN_BY_PEOPLE)
def test_what_people_write_needs_no_tomllib(text: str) -> None:
    assert parse_plain(text) == tomllib.loads(text)


@pytest.mark.parametrize("text", LEFT_TO_TOMLLIB.values(), ids=LEFT_TO_TOMLLIB)
def test_whatever_is_not_plain_is_left_to_tomllib(text: str) -> None:
    assert parse_plain(text) is None


PIECES = (
    *(
        "default_profile",
        "profiles",
        "a",
        "b",
        "é",
        '"a"',
        "'a b'",
        '"x.y"',
        '""',
        "''",
        '"""',
        "'''",
    ),
    *(
        "=",
        "=",
        " ",
        "\t",
        "[",
        "]",
        ".",
        ",",
        "#",
        "{",
        "}",
        "\\",
        '"',
        "'",
        "+",
        "_",
        "\xa0",
        "\ufeff",
    ),
    *("0", "1", "01", "1717", "1.5", "true", "false", "2026-01-01", "\n", "\n", "\r\n", "\r"),
    *(
        "[profiles.a]\n",
        "[profiles.a.parameters]\n",
        'a = "b"\n',
        "b = [1, 2] # c\n",
        "[[a]]\n",
        "c = 'd'\n",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_it_never_says_anything_else_than_tomllib(text: str) -> None:
    """Made of what TOML is made of, so that many examples are nearly right."""
    plain = parse_plain(text)
    # By repr, since True == 1 and the order of the keys is the file's.
    assert plain is None or repr(plain) == repr(tomllib.loads(text))
