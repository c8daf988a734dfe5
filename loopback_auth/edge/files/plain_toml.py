"""
Reading the TOML that people write by hand without `tomllib`, whose import costs a fifth of `token`.

Each line is a comment, a `[table]`, or a key with a string, a whole number, true, false or a list
of them; a table may be one of several: `[[rules]]`. A file with anything else is left to tomllib.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_BLANK = " \t"
_DIGITS = 18


class _NotPlain(Exception):
    pass


def parse_plain(text: str) -> dict[str, Any] | None:
    """Return what `tomllib.loads` returns, or `None` where only that can read *text*."""
    text = text.replace("\r\n", "\n")
    # Control characters are errors nearly everywhere: tomllib decides on all that is not printable.
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return None
    document: dict[str, Any] = {}
    table, several = document, set[str]()
    try:
        for line in text.split("\n"):
            words = line.strip(_BLANK)
            if not words or words[0] == "#":
                continue
            if words.startswith("[["):
                table = _append_table(document, _key(_before_comment(words[2:], "]]")), several)
            elif words[0] == "[":
                table = _open_table(document, _before_comment(words[1:], "]"))
            else:
                key, _, value = words.partition("=")
                _add(table, _key(key), _value(value.strip(_BLANK)))
    except _NotPlain:
        return None
    return document


def _open_table(document: dict[str, Any], header: str) -> dict[str, Any]:
    *above, name = [_key(part) for part in header.split(".")]
    for part in above:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            raise _NotPlain
    table: dict[str, Any] = {}
    _add(document, name, table)
    return table


def _append_table(document: dict[str, Any], name: str, several: set[str]) -> dict[str, Any]:
    if name not in several:
        _add(document, name, [])
        several.add(name)
    table: dict[str, Any] = {}
    document[name].append(table)
    return table


def _add(table: dict[str, Any], key: str, value: Any) -> None:
    if key in table:
        raise _NotPlain
    table[key] = value


def _key(text: str) -> str:
    text = text.strip(_BLANK)
    if text and _BARE.issuperset(text):
        return text
    return _string(text)


def _value(text: str) -> Any:
    if text[:1] in ('"', "'"):
        return _string(text[0] + _before_comment(text[1:], text[0]) + text[0])
    if text[:1] == "[":
        items = _before_comment(text[1:], "]").split(",")
        return [_scalar(item.strip(_BLANK)) for item in items]
    return _scalar(text.partition("#")[0].strip(_BLANK))


def _scalar(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS and str(int(text)) == text:
        return int(text)
    return _string(text)


def _string(text: str) -> str:
    quote, inner = text[:1], text[1:-1]
    if not inner or text[-1] != quote or quote not in ('"', "'") or quote in inner:
        raise _NotPlain
    if quote == '"' and "\\" in inner:
        raise _NotPlain
    return inner


def _before_comment(text: str, end: str) -> str:
    """Return the text before the last *end*, after which only a comment may follow."""
    head, found, tail = text.rpartition(end)
    tail = tail.strip(_BLANK)
    if not found or (tail and tail[0] != "#"):
        raise _NotPlain
    return head
