"""The order in which the measured take turns."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def turns(names: list[str], rounds: int) -> Iterator[str]:
    """
    Give every name once a round, and once before, to warm up.

    Shuffled, the same way each time: with a fixed order one would always find the caches as warm as
    its neighbour left them.
    """
    order = Random(0)  # noqa: S311 - no secret
    for _ in range(rounds + 1):
        yield from order.sample(names, len(names))
