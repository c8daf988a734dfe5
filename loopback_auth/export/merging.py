"""Values written into a file that is there: its other values, its order and its comments stay."""

from __future__ import annotations

import json
import re

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
    if base.startswith(".env"):
        return ".env"
    kind = next((kind for kind in KINDS if base.endswith(kind)), None)
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
    except ValueError as error:
        raise UsageError(
            f"{name} cannot be read as {kind[1:]}: {error}",
            cause="Nothing of it was changed.",
            fix="correct the file, or name another one with --output",
        ) from None


def _json(text: str, values: Mapping[str, str]) -> str:
    document = json.loads(text) if text.strip() else {}
    for name, value in values.items():
        _set(document, name.split("."), value, dict)
    indent = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    # Numbers and escapes of others may be spelled otherwise afterwards; their values are the same.
    ends = "\n" if text.endswith("\n") or not text else ""
    return json.dumps(document, indent=indent[1] if indent else 2, ensure_ascii=False) + ends


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


def _dotenv(text: str, values: Mapping[str, str]) -> str:
    lines = text.splitlines()
    for name, value in values.items():
        line = dotenv(name, value)
        found = [
            index
            for index, old in enumerate(lines)
            if re.match(rf"\s*(?:export\s+)?{re.escape(name)}\s*=", old)
        ]
        for index in found:
            kept = re.match(r"\s*(?:export\s+)?", lines[index])
            lines[index] = (kept[0] if kept else "") + line
        if not found:
            lines.append(line)
    return "\n".join(lines) + "\n"


_MERGE = {".json": _json, ".toml": _toml, ".env": _dotenv}
