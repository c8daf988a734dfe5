"""JSON as RFC 8259 has it: without duplicate names, NaN or bottomless nesting."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

NESTING = 64
"""
The deepest nesting of an answer. Real ones have five levels, and Python writes less deeply nested
JSON than it reads.
"""


def strict_json(octets: bytes) -> Any:
    """
    Return the value of the JSON text *octets*.

    Raises:
        ValueError: It is no JSON of RFC 8259, or Python could not write it again.
    """
    try:
        value = json.loads(
            octets, object_pairs_hook=_unique, parse_constant=_no_constants, parse_float=_finite
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if is_nested_too_deep(value):
        raise ValueError("nested too deep")
    return value


def is_nested_too_deep(value: Any) -> bool:
    """Return whether *value* has more than `NESTING` levels of arrays and objects."""
    level = [value]
    for _ in range(NESTING):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return False
    return True


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _no_constants(name: str) -> NoReturn:
    raise ValueError(name)
