"""JSON objects read as far as possible, for answers that may hold the only copy of a token."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder, detect_encoding

from .strict_json import is_nested_too_deep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNREADABLE_VALUES = 100
"""The most unreadable values of one text; each costs a walk through its rest."""

# Some servers put the object into an array.
_BEGINNING = re.compile(r"[\s\[]*\{")
_NAME = re.compile(r'[\s,]*(?=")')
_COLON = re.compile(r"\s*:\s*")
_END = re.compile(r"\s*[,}]")
# Possessive, and ended by the end of the text as well: an unclosed string is walked over once.
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|[\[\]{},]', re.DOTALL)


def read_members(octets: bytes) -> dict[str, Any]:
    """
    Return the readable members of the JSON object at the beginning of *octets*.

    Of a name that occurs twice, the last counts. NaN, infinities and numbers that are too long
    become `None`; a value that is malformed, cut off or nested too deep is left out.
    """
    text = octets.decode(detect_encoding(octets), "replace")
    members: dict[str, Any] = {}
    unreadable = 0
    begin = _BEGINNING.match(text)
    at = begin.end() if begin else len(text)
    while unreadable < UNREADABLE_VALUES and (name_at := _NAME.match(text, at)):
        try:
            name, at = _DECODER.raw_decode(text, name_at.end())
        except JSONDecodeError:
            break
        colon = _COLON.match(text, at)
        if not colon:
            break
        value, at = _value(text, colon.end())
        if value is _UNREADABLE:
            unreadable += 1
        else:
            members[name] = value
    return members


_UNREADABLE = object()


def _value(text: str, begin: int) -> tuple[Any, int]:
    """Return the value at *begin* of *text*, or `_UNREADABLE`, and where what follows it begins."""
    try:
        value, end = _DECODER.raw_decode(text, begin)
    except (JSONDecodeError, RecursionError):
        return _UNREADABLE, _end(text, begin)
    # A number at the end of the text may be cut off; a string cannot, since it was closed.
    if is_nested_too_deep(value) or not (isinstance(value, str) or _END.match(text, end)):
        value = _UNREADABLE
    return value, _end(text, end)


def _end(text: str, begin: int) -> int:
    """Return where the value at *begin* ends: at the next comma or bracket outside of it."""
    depth = 0
    for mark in _BRACKET.finditer(text, begin):
        if mark[0] in ("[", "{"):
            depth += 1
        elif depth == 0 and mark[0] in (",", "]", "}"):
            return mark.start()
        elif mark[0] in ("]", "}"):
            depth -= 1
    return len(text)


def _number(text: str) -> float | None:
    try:
        number = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        # Python reads no integer of more than some thousand digits.
        return None
    return None if number in (float("inf"), float("-inf")) else number


_DECODER = JSONDecoder(
    strict=False, parse_float=_number, parse_int=_number, parse_constant=lambda _: None
)
