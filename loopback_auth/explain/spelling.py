"""Which known word a misspelled one means."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT = 10
"""A shorter word has too many neighbors at two slips."""


def meant(word: str, known: Iterable[str]) -> str | None:
    """
    Return the one of *known* that *word* misspells, or `None`.

    A slip is a letter too many, too few, another one, or two swapped: one in a short word, else
    two.
    """
    slips = 1 if len(word) < _SHORT else 2
    near = {code: _distance(word, code) for code in known if abs(len(code) - len(word)) <= slips}
    code = min(near, key=near.__getitem__, default="")
    return code if code and near[code] <= slips else None


def choice_meant(word: str, choices: Iterable[str]) -> str | None:
    """Return the one of a few *choices* that *word* misspells or is a part of, or `None`."""
    word, known = word.lower(), {choice.lower(): choice for choice in choices}
    whole = [name for name in known if word in name]
    near = whole[0] if word and len(whole) == 1 else meant(word, known)
    return known[near] if near else None


def _distance(one: str, other: str) -> int:
    """Return the slips from *one* to *other* (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        before, row, above = row, [i + 1], before
        for j, its in enumerate(other):
            slips = min(before[j] + (letter != its), before[j + 1] + 1, row[j] + 1)
            if i and j and letter == other[j - 1] and its == one[i - 1]:
                slips = min(slips, above[j - 1] + 1)
            row.append(slips)
    return row[-1]
