"""Choosing cases out of a product that is too large to run: all pairs of values, or a sample."""

from __future__ import annotations

from itertools import combinations
from math import prod
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Case = dict[str, str]
Factors = "Mapping[str, Sequence[str]]"


def pairs(factors: Mapping[str, Sequence[str]]) -> Iterator[Case]:
    """
    Give cases in which every value of a factor meets every value of every other one.

    Where a value is free, the first of its factor is taken: put the cheapest there.
    """
    names = list(factors)
    open_pairs = {
        ((one, a), (other, b))
        for one, other in combinations(names, 2)
        for a in factors[one]
        for b in factors[other]
    }
    todo = sorted(open_pairs, key=lambda pair: [factors[name].index(value) for name, value in pair])
    for first in todo:
        if first not in open_pairs:
            continue
        case = dict(first)
        for name in sorted(set(names) - case.keys(), key=names.index):
            case[name] = max(
                factors[name], key=lambda value: _gain(case, name, value, names, open_pairs)
            )
        open_pairs -= _pairs_of(case, names)
        yield {name: case[name] for name in names}


def _gain(case: Case, name: str, value: str, names: list[str], open_pairs: set[object]) -> int:
    tried = {**case, name: value}
    return sum(pair in open_pairs for pair in _pairs_of(tried, names) if (name, value) in pair)


def _pairs_of(case: Case, names: list[str]) -> set[object]:
    chosen = [(name, case[name]) for name in names if name in case]
    return set(combinations(chosen, 2))


def size(factors: Mapping[str, Sequence[str]]) -> int:
    """Count the whole product."""
    return prod(len(values) for values in factors.values())


def shuffled(factors: Mapping[str, Sequence[str]], seed: int) -> Iterator[Case]:
    """Give the whole product, each case once, in an order of *seed*'s."""
    total, random = size(factors), Random(seed)  # noqa: S311 - a test's order
    # A full cycle over the next power of two, which visits each number once: the product is too
    # large for a list.
    modulus = 1 << (total - 1).bit_length()
    number, step = random.randrange(modulus), 4 * random.randrange(modulus // 4) + 1
    increment = 2 * random.randrange(modulus // 2) + 1
    for _ in range(modulus):
        number = (step * number + increment) % modulus
        if number < total:
            yield _numbered(factors, number)


def _numbered(factors: Mapping[str, Sequence[str]], number: int) -> Case:
    case = {}
    for name, values in factors.items():
        number, index = divmod(number, len(values))
        case[name] = values[index]
    return case
