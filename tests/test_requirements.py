"""REQUIREMENTS.md and the tests name the same requirements."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
AREAS = "CB|AQ|AR|TX|TR|ID|ST|RF|RV|CL|DS|SC|RB"


def named_by_the_tests() -> set[str]:
    """Return the IDs that tests name, with the one spelling of each place: `CB-05` or `_cb_05`."""
    found: set[str] = set()
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text("utf-8")
        found |= set(re.findall(rf"\b(?:{AREAS})-\d\d\b", text))
        for name in re.findall(r"def (test_\w+)", text):
            named = re.findall(rf"_({AREAS.lower()})_(\d\d)(?=_|$)", name)
            found |= {f"{area.upper()}-{number}" for area, number in named}
    return found


def test_the_page_and_the_tests_name_the_same_requirements() -> None:
    page = set(
        re.findall(
            rf"^\| ((?:{AREAS})-\d\d) \|",
            (TESTS / "REQUIREMENTS.md").read_text("utf-8"),
            re.MULTILINE,
        )
    )

    assert named_by_the_tests() - page == set(), "say in REQUIREMENTS.md what these are"
    assert page - named_by_the_tests() == set(), "no test names these"


def test_every_id_has_one_spelling() -> None:
    """`CB-05` in text: not CB05, CB_05, cb-05 or CB-5."""
    odd = re.compile(rf"\b(?:(?:{AREAS})[_ ]?\d\d|(?:{AREAS.lower()})-\d\d?|(?:{AREAS})-\d)\b")
    found = {
        f"{path.relative_to(TESTS)}: {match[0]}"
        for path in TESTS.rglob("*.py")
        for match in odd.finditer(path.read_text("utf-8"))
        if path.name != Path(__file__).name
    }

    assert found == set()
