"""Calling a function that may block in a thread that nothing waits for at exit."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from contextvars import copy_context
from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


async def in_thread(function: Callable[[str], Any], argument: str) -> Any:
    """
    Return what *function* returns for *argument*, called in a thread of its own.

    Neither `asyncio.run` nor the end of the program waits for the thread, as they would for that of
    `asyncio.to_thread`.

    Raises:
        RuntimeError: *function* raised `SystemExit`, or another exception that is no `Exception`.
        Exception: What *function* raised.
    """
    loop, context = asyncio.get_running_loop(), copy_context()
    ended: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def call() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = context.run(function, argument), None
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            outcome = None, error
        # The loop may be closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, *outcome)
            return
        _drop(outcome[0])

    def settle(value: Any, error: BaseException | None) -> None:
        if ended.done():
            _drop(value)
        else:
            ended.set_result((value, error))

    Thread(target=call, name="loopback-auth browser", daemon=True).start()
    value, error = await ended
    if error is not None and not isinstance(error, Exception):
        raise RuntimeError(f"{type(error).__name__}: {error}") from error
    if error is not None:
        raise error
    return value


def _drop(value: Any) -> None:
    """Close *value* if it is a coroutine, which nobody will await."""
    if inspect.iscoroutine(value):
        value.close()
