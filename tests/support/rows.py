"""
The rows of a table in one test, where each waits, or where there are hundreds of a moment's work.

All are carried out, and each failure has the name of its row.
"""

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
    _judge(table, await asyncio.gather(*map(check, table), return_exceptions=True))


async def all_in_threads(check: Callable[[Row], None], rows: Iterable[Row]) -> None:
    """Do as `all_at_once` with a *check* that blocks."""
    await all_at_once(lambda row: asyncio.to_thread(check, row), rows)


def each(check: Callable[[Row], None], rows: Iterable[Row]) -> None:
    """Carry out *check* for each of *rows*, whatever fails; then raise what did, with its row."""
    table, ends = list(rows), list[BaseException | None]()
    for row in table:
        try:
            check(row)
        except Exception as error:  # noqa: BLE001 - whatever it is
            ends.append(error)
        else:
            ends.append(None)
    _judge(table, ends)


def _judge(table: list[Row], ends: Iterable[BaseException | None]) -> None:
    assert table, "a table without rows proves nothing"
    failures = []
    for row, end in zip(table, ends, strict=True):
        if end is not None:
            end.add_note(f"in the row {row!r}")
            failures.append(end)
    if failures:
        raise BaseExceptionGroup(f"{len(failures)} of {len(table)} rows", failures)
