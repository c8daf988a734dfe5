"""TR-04: what an answer states of the expiry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loopback_auth.oauth.token.expiry import stated_expiry

from ...support.samples import NOON

EXPIRES_IN: list[tuple[object, int | None]] = [
    (3600, 3600),
    ("3600", 3600),
    ("3600 ", 3600),
    (" 3600\n", 3600),
    (3600.0, 3600),
    (3600.9, 3600),
    ("3600.0", 3600),
    ("3600.9", 3600),
    (1, 1),
    ("1", 1),
    (1.0, 1),
    (0, None),
    ("0", None),
    (0.0, None),
    (0.9, None),
    ("0.9", None),
    ("000", None),
    (-0.5, None),
    (10**9, 10**9),
    (str(10**9), 10**9),
    ("0000003600", 3600),
    (10**9 + 1, None),
    (10**30, None),
    ("1" * 20, None),
    ("0" * 20 + "60", None),
    ("9" * 100_000, None),
    (-1, None),
    ("-1", None),
    ("+60", None),
    ("60s", None),
    ("60 s", None),
    ("1 000", None),
    ("3600,5", None),
    (".5", None),
    ("5.", None),
    ("1e3", None),
    ("0x10", None),
    ("1_000", None),
    ("1" * 10 + "." + "1" * 100_000, None),
    (10**9 + 0.5, 10**9),
    ("", None),
    ("١٢٣", None),
    ("²", None),
    (1e300, None),
    (float("nan"), None),
    (float("inf"), None),
    (True, None),
    (False, None),
    (None, None),
    ([3600], None),
    ({"seconds": 3600}, None),
    ("never", None),
]


@pytest.mark.parametrize(("value", "seconds"), EXPIRES_IN, ids=lambda value: repr(value)[:24])
def test_tr_04_expires_in_is_a_plausible_number_of_seconds_or_unknown(
    value: object, seconds: int | None
) -> None:
    assert stated_expiry(value, NOON) == (
        None if seconds is None else NOON + timedelta(seconds=seconds)
    )
