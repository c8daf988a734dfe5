"""CL-03: text from outside, made fit to print."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, strategies as st

from loopback_auth.oauth.text import SHOWN_CHARACTERS, one_line

ATTACKS = {
    "escape sequence": "\x1b[31mred\x1b[0m",
    "title sequence": "\x1b]0;owned\x07",
    "C1 CSI": "\x9b31mred",
    "newlines": "one\r\ntwo\nthree\x0bfour\x0cfive\x85six\u2028seven\u2029eight",
    "backspaces": "password\x08\x08\x08",
    "NUL and DEL": "a\x00b\x7fc",
    "bidi override": "safe\u202egnp.exe\u202c",
    "bidi isolate": "a\u2066b\u2069c",
    "zero width": "pay\u200bpal\u200d\u2060\ufeff.com",
    "soft hyphen": "exam\u00adple",
    "private use": "a\ue000b",
    "lone surrogate": "a\ud800b",
    "tag characters": "a\U000e0041b",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_cl_03_nothing_that_moves_a_cursor_or_hides_itself_is_left(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
    assert "  " not in shown


@pytest.mark.parametrize(
    "text", ["plain words", "José Müller", "東京 署名", "🙂 ok", "<b>not our job</b>"]
)
def test_cl_03_text_that_people_write_is_shown_as_it_is(text: str) -> None:
    assert one_line(text) == text


def test_cl_03_a_long_text_is_cut_and_says_so() -> None:
    for text in ("x" * 5000, "ü" * 5000, "a\n" * 5000):
        shown = one_line(text)
        assert len(shown) <= SHOWN_CHARACTERS
        assert shown.endswith("...")


def test_cl_03_megabytes_cost_no_time() -> None:
    begun = time.process_time()
    one_line("\u202e" * 10_000_000)
    one_line(" " * 10_000_000)
    assert time.process_time() - begun < 0.5


@given(st.text(), st.integers(min_value=4, max_value=400))
def test_cl_03_any_text_becomes_one_printable_line_of_bounded_length(text: str, limit: int) -> None:
    shown = one_line(text, limit=limit)
    assert len(shown) <= limit
    assert shown.isprintable()
    assert one_line(shown, limit=limit) == shown
