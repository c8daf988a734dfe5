"""Values written into a file that is there: its other values, its order and its comments stay."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from ..errors import UsageError
from .environment.dotenv import dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = (".json", ".toml", ".env")
"""What a file's name ends with, so that values can be written into it."""


def kind_of(name: str) -> str:
    """
    Return which of `KINDS` the file *name* is.

    Raises:
        UsageError: None of them.
    """
    base = name.replace("\\", "/").rpartition("/")[2].lower()
    kind = next((kind for kind in KINDS if base.endswith(kind)), None)
    if kind is None and base.startswith(".env."):
        kind = ".env"
    if kind is None:
        raise UsageError(
            f"values cannot be written into {name}",
            cause=f"Known are files whose names end with {', '.join(KINDS)}.",
            fix="for any other file, fill in a template: `loopback-auth export --help`",
        )
    return kind


def merged(text: str, values: Mapping[str, str], *, name: str) -> str:
    """
    Return *text*, the content of the file *name*, with *values* in it.

    A name with dots, such as `auth.token`, is a member of a table in JSON and TOML; in a .env file
    it is a variable.

    Raises:
        UsageError: *text* is no such file, or has something else where a table is wanted.
        ValueUnquotable: A .env file cannot carry a value.
    """
    kind = kind_of(name)
    try:
        return _MERGE[kind](text, values)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{name} cannot be read as {kind[1:]}: {error}",
            cause="Nothing of it was changed.",
            fix="correct the file, or name another one with --output",
        ) from None


def _json(text: str, values: Mapping[str, str]) -> str:
    document = (
        json.loads(text, object_pairs_hook=_members, parse_float=_number) if text.strip() else {}
    )
    for name, value in values.items():
        _set(document, name.split("."), value, dict)
    indent = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    is_one_line = bool(text.strip()) and "\n" not in text.strip()
    written = json.dumps(
        document,
        indent=indent[1] if indent else None if is_one_line else 2,
        ensure_ascii=False,
        allow_nan=False,
    )
    # Numbers and escapes of others may be spelled otherwise afterwards; their values are the same.
    ends = "\n" if text.endswith("\n") or not text else ""
    return (written + ends).replace("\n", _line_end(text))


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _number(text: str) -> float:
    value = float(text)
    if Decimal(repr(value)) != Decimal(text):
        raise ValueError(f"the number {text} would be changed")
    return value


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _toml(text: str, values: Mapping[str, str]) -> str:
    # Late: it is heavy, and for this kind of file alone.
    import tomlkit

    document = tomlkit.parse(text)
    for name, value in values.items():
        _set(document, name.split("."), value, tomlkit.table)
    return tomlkit.dumps(document)


def _set(table: object, steps: list[str], value: str, make: object) -> None:
    *above, last = steps
    for step in above:
        if not isinstance(table, dict):
            break
        table = table.setdefault(step, make())  # type: ignore[operator]
    if not isinstance(table, dict) or isinstance(table.get(last), dict):
        raise ValueError(f"{'.'.join(steps)} is no single value there")  # noqa: TRY004 - of a file
    table[last] = value


# A value between quotes may have several lines, which are no variables of their own.
_ENTRY = re.compile(
    r"""
    ^(?P<before>[ \t]*(?:export[ \t]+)?)(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?:'[^']*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)
    (?P<after>(?:[ \t]+\#[^\r\n]*)?[ \t]*)(?=\r?$)
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def _dotenv(text: str, values: Mapping[str, str]) -> str:
    lines = {name: dotenv(name, value) for name, value in values.items()}
    for name in lines:
        if not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
            raise ValueError(f"{name} is no name of a variable")
    found: set[str] = set()

    def entry(old: re.Match[str]) -> str:
        name = old["name"]
        if name not in lines:
            return old[0]
        found.add(name)
        return old["before"] + lines[name] + old["after"]

    end = _line_end(text)
    text = _ENTRY.sub(entry, text)
    if text and not text.endswith("\n"):
        text += end
    return text + "".join(line + end for name, line in lines.items() if name not in found)


_MERGE = {".json": _json, ".toml": _toml, ".env": _dotenv}
