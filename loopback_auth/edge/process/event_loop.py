"""
Run a coroutine whose first part needs no event loop yet.

asyncio takes as long to import as everything a sign-in does before its address is on the screen. A
coroutine needs a loop only when it first waits: so `run` starts it without one, and imports asyncio
when the coroutine says `await event_loop_started()`.
"""

from __future__ import annotations

import sys
import time
import types
from contextlib import contextmanager

from .interrupts import awaitable, interrupts_deferred, signals_heard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Coroutine, Generator, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")


@types.coroutine
def event_loop_started() -> Generator[None, None, None]:
    """
    Wait until the event loop runs (see `run`).

    In a loop that runs already, this is `asyncio.sleep(0)`.
    """
    yield


async def awaited(answer: Awaitable[T] | T) -> T:
    """Return the *answer* of a caller's function, awaited if the function is async."""
    if hasattr(answer, "__await__"):
        result: T = await answer
        return result
    return answer


async def paused(seconds: float) -> None:
    """Wait, in a running event loop or before there is one."""
    if is_running():
        await sys.modules["asyncio"].sleep(seconds)
    else:
        time.sleep(seconds)  # noqa: ASYNC251 - no loop is there to hold up


async def readable(descriptor: int) -> None:
    """
    Wait until *descriptor* can be read or has ended. POSIX only.

    As `paused`, this works in a running event loop or before there is one.
    """
    if not is_running():
        with awaitable(descriptor) as wait:
            wait()
        return
    loop = sys.modules["asyncio"].get_running_loop()
    future = loop.create_future()
    loop.add_reader(descriptor, lambda: future.done() or future.set_result(None))
    try:
        await future
    finally:
        loop.remove_reader(descriptor)


def is_running() -> bool:
    """Return whether an event loop runs in this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* to its end in this thread, which must have no running event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    with interrupts_deferred() as interruption:
        import asyncio

        async def rest() -> T:
            loop = asyncio.get_running_loop()
            if task := asyncio.current_task():
                cancel = task.cancel
                interruption.calls(lambda: loop.call_soon_threadsafe(cancel))
            with _woken_by_signals(loop):
                result: T = await _Started(coroutine)
                return result

        return asyncio.run(rest())


@contextmanager
def _woken_by_signals(loop: AbstractEventLoop) -> Iterator[None]:
    """
    Let a signal end the loop's sleep.

    Without this, a signal that arrives just before the sleep, or in another thread, is handled only
    when something else wakes the loop.
    """
    import threading

    # On Windows the loop does this itself; and only the main thread hears of signals.
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    with signals_heard() as heard:
        loop.add_reader(heard, heard.recv, 64)
        try:
            yield
        finally:
            loop.remove_reader(heard)


class _Started:
    """
    The rest of a coroutine that has been started.

    `await` takes a coroutine only before its start, but any iterator.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self.send = coroutine.send
        self.throw = coroutine.throw
        self.close = coroutine.close

    def __await__(self) -> Generator[Any, Any, Any]:
        # An iterator with send, throw and close is all that await asks for.
        steps: object = self
        return steps  # type: ignore[return-value]  # it has what the protocol of await uses

    def __iter__(self) -> _Started:
        return self

    def __next__(self) -> Any:
        return self._coroutine.send(None)
