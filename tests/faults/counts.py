"""What a matrix of faults tried, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Counts:
    """
    The points that were tried, by what was left: the `old` credential, the `new` one, `in flight`,
    `lost`.
    """

    what: str
    left: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        counts = ", ".join(
            f"{name} {count}" for name, count in sorted(self.left.items()) if name != "lost"
        )
        return (
            f"fault matrix: {self.left.total()} points, tokens lost: {self.left['lost']} "
            f"({counts}) {self.what}"
        )
