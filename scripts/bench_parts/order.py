"""The order in which the contestants are measured."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def shuffled(names: list[str], rounds: int) -> Iterator[str]:
    """
    Yield every name once a round, and once before, to warm up.

    The order is random, and the same in each run. In a fixed order, one of them would always find
    the caches as its neighbour left them.
    """
    order = Random(0)  # noqa: S311 - no secret
    for _ in range(rounds + 1):
        yield from order.sample(names, len(names))
