"""Files of the user's own, with the sign-in filled in where they say `{access_token}`."""

from __future__ import annotations

import json
import re

from ..errors import UsageError, ValueUnquotable
from .environment.dotenv import dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD = re.compile(r"\{([a-z][a-z_]*(?:\.[A-Za-z_][\w-]*)?)\}")
_JSON = frozenset({".json", ".yaml", ".yml", ".toml"})
_INI = frozenset({".ini", ".cfg", ".conf", ".properties"})
_NEVER_IN_INI = frozenset("\n\r;#%")


def fill_template(text: str, *, name: str, fields: Mapping[str, str]) -> str:
    """
    Return *text*, the content of the file *name*, with each `{field}` filled in.

    The kind of file, which its name says, decides how a value is quoted. In JSON, YAML and TOML it
    is within double quotes, those of the file or its own.

    Raises:
        UsageError: The sign-in has no such field.
        ValueUnquotable: The file cannot carry the value.
    """
    kind = _kind(name)

    def filled(found: re.Match[str]) -> str:
        value = fields.get(found[1])
        if value is None:
            raise UsageError(
                f"the sign-in has no {found[1]}, which {name} asks for",
                cause=f"It has: {', '.join(sorted(fields))}.",
                fix="name one of these fields between braces",
            )
        line = text[: found.start()].rpartition("\n")[2]
        return _quoted(found[1], value, kind, line)

    return _FIELD.sub(filled, text)


def _kind(name: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".template")
    suffix = "." + base.rpartition(".")[2]
    if base == ".env" or base.startswith(".env.") or suffix == ".env":
        return "dotenv"
    return "json" if suffix in _JSON else "ini" if suffix in _INI else "text"


def _is_within_quotes(before: str) -> bool:
    """Return whether what follows *before* on its line is within double quotes."""
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1


def _quoted(field: str, value: str, kind: str, before: str) -> str:
    """Return *value* as it stands behind *before*, the beginning of its line."""
    is_within = _is_within_quotes(before)
    if kind == "json":
        whole = json.dumps(value, ensure_ascii=False)
        if is_within:
            return whole[1:-1]
        # At the beginning of a value; else within one that has other quotes, or none.
        if before.rstrip()[-1:] in ("", ":", "=", ",", "[", "{", "-"):
            return whole
        return _bare(field, value)
    if kind == "dotenv":
        line = dotenv(field, value).partition("=")[2]
        return _bare(field, value) if line != value and is_within else line
    if not value.isprintable() or (kind == "ini" and set(value) & _NEVER_IN_INI):
        raise _refused(field)
    return value


def _bare(field: str, value: str) -> str:
    """Return *value* if it means the same within quotes of any kind, and without."""
    if re.fullmatch(r"[A-Za-z0-9_./+=~!-]+", value) is None:
        raise _refused(field)
    return value


def _refused(field: str) -> ValueUnquotable:
    return ValueUnquotable(
        f"the file cannot carry the value of {field} at that place",
        cause="It has characters that mean something else there.",
        fix="write the field alone, or between double quotes",
        form="template",
    )
