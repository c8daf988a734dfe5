"""
Running a story: a coroutine whose first part needs no event loop yet.

asyncio takes as long to import as everything a sign-in does before its address is on the screen. A
coroutine needs a loop only when it first waits; so `run` starts it without one, and brings asyncio
in when the story says `await entered()`.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from types import coroutine

from .interrupts import awaitable, interrupts_deferred, signals_heard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Coroutine, Generator, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")


@coroutine
def entered() -> Generator[None, None, None]:
    """
    Wait for the event loop to be there; in one that runs already, let the others have a turn (as
    `asyncio.sleep(0)`).
    """
    yield


async def awaited(answer: Awaitable[T] | T) -> T:
    """Return the *answer* of a caller's function, which may be async or not."""
    if hasattr(answer, "__await__"):
        result: T = await answer
        return result
    return answer


async def paused(seconds: float) -> None:
    """
    Wait; in a running event loop the others go on meanwhile, and before there is one nobody else is
    there.
    """
    if _is_running():
        await sys.modules["asyncio"].sleep(seconds)
    else:
        time.sleep(seconds)  # noqa: ASYNC251 - no loop is there to hold up


async def readable(descriptor: int) -> None:
    """Wait until *descriptor* can be read, or has come to its end; as `paused`, and for POSIX."""
    if not _is_running():
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


def _is_running() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - the public one raises


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run *story* to its end in this thread, which must have no event loop running."""
    try:
        story.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    with interrupts_deferred() as interruption:
        import asyncio

        async def rest() -> T:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None  # noqa: S101 - this is a coroutine that asyncio runs
            interruption.calls(lambda: loop.call_soon_threadsafe(task.cancel))
            with _woken_by_signals(loop):
                rest_of_it: T = await _Begun(story)
                return rest_of_it

        return asyncio.run(rest())


@contextmanager
def _woken_by_signals(loop: AbstractEventLoop) -> Iterator[None]:
    """
    Have a signal end the loop's sleep.

    One that comes just before the sleep, or to another thread, would be heard only when something
    else wakes the loop.
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


class _Begun:
    """
    The rest of a coroutine that has been started; Python awaits only fresh ones, and
    any iterator.
    """

    def __init__(self, story: Coroutine[Any, Any, T]) -> None:
        self._story = story
        self.send = story.send
        self.throw = story.throw
        self.close = story.close

    def __await__(self) -> Generator[Any, Any, Any]:
        # An iterator with send, throw and close is all that await asks for.
        steps: object = self
        return steps  # type: ignore[return-value]  # it has what the protocol of await uses

    def __iter__(self) -> _Begun:
        return self

    def __next__(self) -> Any:
        return self._story.send(None)
