"""
RF-05: an object is read as far as it can be, in little time, and what comes out of it can be
stored.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from loopback_auth.oauth.http.lenient_json import UNREADABLE_VALUES, read_members
from loopback_auth.oauth.http.strict_json import NESTING

READ: dict[str, tuple[bytes, dict[str, Any]]] = {
    "nothing": (b"", {}),
    "blanks": (b" \r\n", {}),
    "an empty object": (b"{}", {}),
    "text": (b"access_token", {}),
    "a page": (b'<html><script>x = {"access_token": "a"}', {}),
    "a string": (b'"access_token"', {}),
    "an array": (b'["a"]', {}),
    "an object in an array": (b' [ {"a": 1} ]', {"a": 1}),
    "the last of two counts": (b'{"a": "x", "b": 1, "a": "y"}', {"a": "y", "b": 1}),
    "NaN and infinities": (
        b'{"a": NaN, "b": [1, -Infinity], "c": 1e999, "d": -1e999}',
        {"a": None, "b": [1, None], "c": None, "d": None},
    ),
    "numbers": (
        b'{"a": 0, "b": -1, "c": 1.5, "d": 12345678901234567890}',
        {"a": 0, "b": -1, "c": 1.5, "d": 12345678901234567890},
    ),
    "a long number": (b'{"a": ' + b"9" * 5000 + b', "b": 1}', {"a": None, "b": 1}),
    "deep": (b'{"a": ' + b"[" * 70 + b"]" * 70 + b', "b": 1}', {"b": 1}),
    "deep beyond Python": (b'{"a": ' + b"[" * 99_999 + b"]" * 99_999 + b', "b": 1}', {"b": 1}),
    "brackets in a string, beside depth": (
        b'{"a": ["]", ' + b"[" * 99_999 + b"]" * 99_999 + b'], "b": 1}',
        {"b": 1},
    ),
    "cut in a name": (b'{"a": "x", "b', {"a": "x"}),
    "cut before the colon": (b'{"a": "x", "b"', {"a": "x"}),
    "cut before the value": (b'{"a": "x", "b": ', {"a": "x"}),
    "cut in a string": (b'{"a": "x", "b": "y', {"a": "x"}),
    "cut behind a backslash": (b'{"a": "x", "b": "y\\', {"a": "x"}),
    "cut in an escape": (b'{"a": "x", "b": "y\\u00', {"a": "x"}),
    "cut behind a string": (b'{"a": "x", "b": "y"', {"a": "x", "b": "y"}),
    "cut in a number": (b'{"a": "x", "b": 36', {"a": "x"}),
    "cut in an object": (b'{"a": "x", "b": {"c": 1', {"a": "x"}),
    "cut in a word": (b'{"a": "x", "b": tru', {"a": "x"}),
    "a value that is none": (
        b'{"a": undefined, "b": 2026-01-02T12:00Z, "c": \'x\', "d": "y"}',
        {"d": "y"},
    ),
    "commas": (b'{,"a": 1,, "b": 2,}', {"a": 1, "b": 2}),
    "something behind a string": (b'{"a": "x" /* no */, "b": 1}', {"a": "x", "b": 1}),
    "line breaks in a string": (b'{"a": "x\ny"}', {"a": "x\ny"}),
    "not UTF-8": (b'{"a": "\xff", "b": 1}', {"a": "\ufffd", "b": 1}),
    "names that are none": (b'{a: 1, "b": 2}', {}),
}


@pytest.mark.parametrize(("octets", "members"), READ.values(), ids=READ)
def test_rf_05_what_can_be_read_is_read(octets: bytes, members: dict[str, Any]) -> None:
    assert read_members(octets) == members


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(), VALUES, max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_rf_05_a_good_object_is_read_as_it_is(members: dict[str, Any], encoding: str) -> None:
    assert read_members(json.dumps(members).encode(encoding)) == members


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=6), st.data())
def test_rf_05_of_a_cut_object_no_half_of_a_string_is_read(
    members: dict[str, str], data: st.DataObject
) -> None:
    octets = json.dumps(members, ensure_ascii=False).encode()
    read = read_members(octets[: data.draw(st.integers(0, len(octets)))])
    assert read.items() <= members.items()


@given(st.binary(max_size=200))
def test_rf_05_no_octets_raise_and_all_that_is_read_can_be_written(octets: bytes) -> None:
    for text in (octets, b'{"a": ' + octets, b'{"a": [' + octets + b', "b": "' + octets + b'"}'):
        json.dumps(read_members(text), allow_nan=False)


HOSTILE = {
    "quotes that nobody closes": b'{"a": [' + b'\\"' * 500_000,
    "backslashes": b'{"a": "' + b"\\" * 1_000_000,
    "values that are none": b"{" + b'"b":x,' * 160_000,
    "brackets that open": b'{"a":' + b"[" * 1_000_000,
    "brackets that close": b'{"a":' + b"]" * 1_000_000,
    "commas": b"{" + b"," * 1_000_000,
    "objects": b'{"a":' * 200_000,
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE)
def test_tx_06_a_mib_of_anything_is_walked_through_once(octets: bytes) -> None:
    """TX-06: squared, each of them takes minutes."""
    assert read_members(octets) == {}


def test_rf_05_how_deep_and_how_broken_a_text_may_be() -> None:
    fits = b'{"a": ' + b"[" * (NESTING - 1) + b"]" * (NESTING - 1) + b"}"
    assert "a" in read_members(fits)
    broken = b'{"a": x, ' * UNREADABLE_VALUES
    assert read_members(b"{" + b'"a": x, ' * (UNREADABLE_VALUES - 1) + b'"b": 1}') == {"b": 1}
    assert read_members(b"{" + broken[1:] + b'"b": 1}') == {}
