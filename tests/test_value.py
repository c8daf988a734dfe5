"""A value is a frozen dataclass with slots to whoever uses it."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from collections.abc import Mapping  # noqa: TC003 - a twin's annotations are looked up
from typing import Any

import pytest

from loopback_auth.value import Value, field, replace


class Twin(Value):
    """Said of both."""

    url: str = field(repr=False)
    host: str
    value: int = 3
    others: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("no host")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Said of both."""

    url: str = dataclasses.field(repr=False)
    host: str
    value: int = 3
    others: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("no host")


class Empty(Value):
    """Without members."""


BOTH: dict[str, Any] = {"value": Twin, "dataclass": Model}
GIVEN = {"url": "u", "host": "h"}


def refused(action: Any) -> str:
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        action()
    return type(caught.value).__name__


def seen(kind: Any) -> dict[str, object]:
    """Return what *kind* does, without its name."""
    one = kind(**GIVEN)
    other = kind(**GIVEN, others={"a": "b"})
    return {
        "repr": repr(other).replace(kind.__name__, ""),
        "equal": (one == kind(**GIVEN), one == other, one == GIVEN, one != kind(**GIVEN)),
        "hash": hash(kind(**GIVEN, others=())) == hash(kind(**GIVEN, others=())),
        "unhashable": refused(lambda: hash(other)),
        "factory": one.others is kind(**GIVEN).others,
        "missing": refused(lambda: kind(url="u")),
        "unknown": refused(lambda: kind(**GIVEN, more=1)),
        "positional": refused(lambda: kind("u", "h")),
        "checked": refused(lambda: kind(url="u", host="")),
        "set": refused(lambda: setattr(one, "host", "x")),
        "delete": refused(lambda: delattr(one, "host")),
        "vars": refused(lambda: vars(one)),
        "pickle": pickle.loads(pickle.dumps(other)) == other,  # noqa: S301 - our own
        "copy": (copy.copy(other) == other, copy.deepcopy(other) == other),
        "fields": [(f.name, f.type, f.repr, f.kw_only, f.init) for f in dataclasses.fields(kind)],
        "fields of one": [f.name for f in dataclasses.fields(one)],
        "is a dataclass": (dataclasses.is_dataclass(kind), dataclasses.is_dataclass(one)),
        "asdict": dataclasses.asdict(other),
        "astuple": dataclasses.astuple(other),
        "replace": dataclasses.replace(one, value=4) == kind(**GIVEN, value=4),
        "signature": str(inspect.signature(kind)),
        "slots": kind.__slots__,
        "documentation": inspect.getdoc(kind),
    }


def test_a_value_does_what_a_dataclass_does() -> None:
    assert seen(Twin) == seen(Model)


def test_a_value_with_other_members_is_checked_again() -> None:
    one = Twin(url="u", host="h")
    assert replace(one, value=4) == Twin(url="u", host="h", value=4)
    assert refused(lambda: replace(one, host="")) == "ValueError"
    assert refused(lambda: setattr(one, "other", 1)) == "FrozenInstanceError"
    if sys.version_info >= (3, 13):
        assert copy.replace(one, value=4) == Twin(url="u", host="h", value=4)


def test_values_of_two_classes_are_never_equal() -> None:
    assert Empty() == Empty()
    assert Empty() != Twin(url="u", host="h")
    assert repr(Empty()) == "Empty()"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "u"}, r"Twin\(\) is missing the keyword argument 'host'"),
        ({**GIVEN, "more": 1}, r"Twin\(\) got an unexpected keyword argument 'more'"),
    ],
)
def test_a_wrong_keyword_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Twin(**given)
