"""What a member of a provider file must be."""

from __future__ import annotations

from dataclasses import fields

from ..oauth.refusal import Refusals
from .provider import Provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES = {"extends": "str", **{field.name: str(field.type) for field in fields(Provider)}}
_REFUSALS = frozenset(field.name for field in fields(Refusals))


def why_unfit_member(member: str, value: object) -> str | None:
    """Return what *value*, of *member*, should be; `None` if it is that."""
    is_fit, why = _SPECIAL.get(member) or _OF_TYPE[_TYPES[member].removesuffix(" | None")]
    return None if is_fit(value) else why


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(_is_number(each) for each in value)


def _is_table(value: object, *, repeats: bool = False) -> bool:
    texts = value.values() if isinstance(value, dict) else [None]
    return all(isinstance(each, str) or (repeats and _are_texts(each)) for each in texts)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_refusals(value: object) -> bool:
    # An empty text is in every other one.
    return isinstance(value, dict) and all(
        name in _REFUSALS and _are_texts(texts) and all(text.strip() for text in texts)
        for name, texts in value.items()
    )


def _are_details(value: object) -> bool:
    import re

    if not isinstance(value, dict):
        return False
    try:
        return all(
            where.keys() <= {"member", "pattern"}
            and isinstance(where["member"], str)
            and re.compile(where.get("pattern", "()")).groups > 0
            for where in value.values()
        )
    except (AttributeError, KeyError, TypeError, re.error):
        return False


def _are_patterns(value: object) -> bool:
    return _are_texts(value) and all(map(_is_pattern, value))  # type: ignore[call-overload]


def _is_pattern(value: object) -> bool:
    import re

    try:
        # One that fits nothing at all would hide everything.
        return isinstance(value, str) and re.compile(value).match("") is None
    except re.error:
        return False


_OF_TYPE: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "a string"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int": (_is_number, "a number above 0"),
    "tuple[int, ...]": (_are_numbers, "a list of numbers above 0"),
    "tuple[str, ...]": (_are_texts, "a list of strings"),
    "Mapping[str, str]": (_is_table, "a table of strings"),
    "Mapping[str, Any]": (lambda value: isinstance(value, dict), "a table of strings"),
    "Mapping[str, str | Sequence[str]]": (
        lambda value: _is_table(value, repeats=True),
        "a table of strings",
    ),
}
"""What a member of each type in `Provider` must be, and how that is said."""

_SPECIAL: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "details": (_are_details, "tables with a member and perhaps a pattern that has a group"),
    "client_id_pattern": (_is_pattern, "a regular expression that does not fit an empty text"),
    "issuer_pattern": (_is_pattern, "a regular expression that does not fit an empty text"),
    "secret_patterns": (
        _are_patterns,
        "a list of regular expressions that do not fit an empty text",
    ),
    "refusals": (_are_refusals, f"lists of texts: {', '.join(sorted(_REFUSALS))}"),
}
"""What these must be besides."""
