"""Files of the person's own: templates and files that are there, whose other values stay."""

from __future__ import annotations

import configparser
import json
import tomllib

import pytest

from loopback_auth.errors import UsageError, ValueUnquotable
from loopback_auth.export.merging import merged
from loopback_auth.export.template import fill_template

FIELDS = {"access_token": 'a"b\\c', "extra.instance_url": "https://acme.example", "scope": "x y"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '{"t": "{access_token}", "u": {scope}}', {"t": 'a"b\\c', "u": "x y"}),
        ("a.json.template", '{"t": "Bearer {scope}"}', {"t": "Bearer x y"}),
    ],
)
def test_json_says_the_very_value(name: str, text: str, expected: object) -> None:
    assert json.loads(fill_template(text, name=name, fields=FIELDS)) == expected


def test_toml_and_ini_say_the_very_value() -> None:
    toml = fill_template('t = {access_token}\nu = "{scope}"\n', name="a.toml", fields=FIELDS)
    assert tomllib.loads(toml) == {"t": 'a"b\\c', "u": "x y"}
    ini = configparser.ConfigParser()
    ini.read_string(fill_template("[a]\nt = {extra.instance_url}\n", name="a.ini", fields=FIELDS))
    assert ini["a"]["t"] == "https://acme.example"


def test_dotenv_has_its_own_quotes() -> None:
    assert fill_template("T={scope}\n", name=".env", fields=FIELDS) == "T='x y'\n"
    with pytest.raises(ValueUnquotable):
        fill_template('T="{scope}"\n', name=".env.local", fields=FIELDS)


@pytest.mark.parametrize("value", ["a\nb", "a;b", "a%b", "a#b"])
def test_ini_refuses_what_its_readers_take_differently(value: str) -> None:
    with pytest.raises(ValueUnquotable):
        fill_template("t = {scope}", name="a.ini", fields={"scope": value})


def test_a_field_that_is_not_there_is_an_error_and_other_braces_are_text() -> None:
    with pytest.raises(UsageError, match="nothing_such"):
        fill_template("{nothing_such}", name="a.txt", fields=FIELDS)
    assert fill_template("{} {A} {1} ${X}", name="a.txt", fields=FIELDS) == "{} {A} {1} ${X}"


MERGED: list[tuple[str, str, dict[str, str], str]] = [
    (
        "a.json",
        '{\n    "b": 1,\n    "auth": {"user": "ann"}\n}\n',
        {"auth.token": "t"},
        '{\n    "b": 1,\n    "auth": {\n        "user": "ann",\n        "token": "t"\n    }\n}\n',
    ),
    ("a.json", "", {"token": "t"}, '{\n  "token": "t"\n}\n'),
    (
        "a.toml",
        "# mine\nb = 1  # one\n[auth]\nuser = 'ann'\ntoken = 'old'  # ours\n",
        {"auth.token": "t"},
        "# mine\nb = 1  # one\n[auth]\nuser = 'ann'\ntoken = \"t\"  # ours\n",
    ),
    (
        ".env",
        "# mine\nexport TOKEN=old\nOTHER='x'\n",
        {"TOKEN": "t", "NEW": "a b"},
        "# mine\nexport TOKEN=t\nOTHER='x'\nNEW='a b'\n",
    ),
    ("a.json", '{"b": 1.10}', {"a": "t"}, '{"b": 1.1, "a": "t"}'),
    ("a.json", '{\r\n  "b": 1\r\n}', {"b": "t"}, '{\r\n  "b": "t"\r\n}'),
    (".env.json", "{}", {"a": "t"}, '{"a": "t"}'),
    (".env.local", "A=1\r\nT=x # ours\r\n", {"T": "t"}, "A=1\r\nT=t # ours\r\n"),
    (".env", "A='x\u2028y\x0cz'", {"T": "t"}, "A='x\u2028y\x0cz'\nT=t\n"),
    (".env", 'K="1\nT=no\n2"\nT="a\nb"\nU=it\'s\n', {"T": "t"}, 'K="1\nT=no\n2"\nT=t\nU=it\'s\n'),
]


@pytest.mark.parametrize(("name", "text", "values", "expected"), MERGED)
def test_the_rest_of_a_file_stays(
    name: str, text: str, values: dict[str, str], expected: str
) -> None:
    assert merged(text, values, name=name) == expected


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("a.json", "{", {"a": "t"}),
        ("a.json", "[]", {"a": "t"}),
        ("a.json", '{"a": {"b": 1}}', {"a": "t"}),
        ("a.json", '{"a": 1}', {"a.b": "t"}),
        ("a.toml", "a = ", {"a": "t"}),
        ("a.xml", "<a/>", {"a": "t"}),
        (".envrc", "use nix", {"a": "t"}),
        (".env", "", {"a b": "t"}),
        ("a.json", '{"b": 1, "b": 2}', {"a": "t"}),
        ("a.json", '{"b": 1e400}', {"a": "t"}),
        ("a.json", '{"b": 12345678901234567890.123}', {"a": "t"}),
        ("a.json", "[" * 100_000, {"a": "t"}),
    ],
)
def test_a_file_that_is_something_else_is_refused(
    name: str, text: str, values: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        merged(text, values, name=name)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "t: Bearer {scope}", "t: Bearer plain"),
        ("a.yaml", "t: '{scope}'", "t: 'plain'"),
        ("a.yaml", "- {scope}", '- "plain"'),
        ("a.toml", "t = '{scope}'", "t = 'plain'"),
    ],
)
def test_within_other_quotes_a_plain_value_stands_as_it_is(
    name: str, text: str, expected: str
) -> None:
    assert fill_template(text, name=name, fields={"scope": "plain"}) == expected


@pytest.mark.parametrize("text", ["t: Bearer {scope}", "t: '{scope}'"])
@pytest.mark.parametrize("value", ["it's", "a: b", "a #b", "a\\b", 'a"b', ""])
def test_within_other_quotes_no_other_value_is_written(text: str, value: str) -> None:
    with pytest.raises(ValueUnquotable):
        fill_template(text, name="a.yaml", fields={"scope": value})
