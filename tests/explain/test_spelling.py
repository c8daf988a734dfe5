"""A typo and another word are told apart."""

from __future__ import annotations

import pytest

from loopback_auth.explain.spelling import meant

KNOWN = ["invalid-grant", "invalid-target", "port-in-use", "bad-id", "usage"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("invalid-gran", "invalid-grant"),
        ("invalid-grnat", "invalid-grant"),
        ("invlaid-garnt", "invalid-grant"),
        ("imvalid-grantt", "invalid-grant"),
        ("port-in-us", "port-in-use"),
        ("bad-ids", "bad-id"),
    ],
)
def test_one_or_two_slips_are_a_typo(typed: str, code: str) -> None:
    assert meant(typed, KNOWN) == code


@pytest.mark.parametrize(
    "typed", ["invalid-login", "invalid-iss", "invalid-grants-x", "bad-key", "use", "", "x" * 80]
)
def test_another_word_is_no_typo(typed: str) -> None:
    assert meant(typed, KNOWN) is None
