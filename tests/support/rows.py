"""The rows of a table that wait: all at once, and each failure with the name of its row."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

Row = TypeVar("Row")


async def all_at_once(
    check: Callable[[Row], Coroutine[Any, Any, None]], rows: Iterable[Row]
) -> None:
    """Carry out *check* for all *rows* at the same time; raise what failed, each with its row."""
    table = list(rows)
    ends = await asyncio.gather(*map(check, table), return_exceptions=True)
    failures = [(row, end) for row, end in zip(table, ends, strict=True) if end is not None]
    for row, failure in failures:
        failure.add_note(f"in the row {row!r}")
    if failures:
        raise BaseExceptionGroup(
            f"{len(failures)} of {len(table)} rows", [failure for _, failure in failures]
        )


async def all_in_threads(check: Callable[[Row], None], rows: Iterable[Row]) -> None:
    """Do as `all_at_once` with a *check* that blocks."""
    await all_at_once(lambda row: asyncio.to_thread(check, row), rows)
