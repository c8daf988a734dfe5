"""The words for what a status says, at the edges of each class."""

from __future__ import annotations

import pytest

from ...support.samples import reply


@pytest.mark.parametrize(
    ("status", "predicates"),
    [
        (101, set()),
        (200, {"is_ok", "is_success"}),
        (299, {"is_success"}),
        (300, {"is_redirect"}),
        (399, {"is_redirect"}),
        (400, {"is_error"}),
        (429, {"is_error", "is_busy"}),
        (499, {"is_error"}),
        (500, {"is_error", "is_busy"}),
        (599, {"is_error", "is_busy"}),
    ],
)
def test_a_status_belongs_to_its_class(status: int, predicates: set[str]) -> None:
    answer = reply({}, status=status)
    asked = ("is_ok", "is_success", "is_redirect", "is_error", "is_busy")
    assert {name for name in asked if getattr(answer, name)} == predicates
