"""
A request that is finished whatever becomes of its caller: the answer may hold the only refresh
token that works.

The work is a task of its own, which no cancel scope, time limit or shutdown of the loop finds. A
second task, the guard, waits for it, so that the loop does not end first. Callers wait for the
guard, and may leave at any time.
"""

from __future__ import annotations

from ...edge.process.event_loop import event_loop_started
from ...oauth.http.messages import Delivery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Coroutine
    from contextlib import ExitStack
    from typing import Any, TypeVar

    from ...oauth.http.messages import FormPost, Get, HttpReply
    from ...oauth.http.transport import Transport

    T = TypeVar("T")

_guards: set[Task[Any]] = set()
"""The tasks that wait for a request; the loop itself keeps only weak references."""


def is_under_way() -> bool:
    """Return whether a request is on its way, whether or not its caller still waits."""
    return bool(_guards)


class InFlight:
    """
    A transport that knows whether its request can still be cancelled.

    *waiting* is called when the event loop should end, and has to wait for the answer.
    """

    def __init__(self, transport: Transport, *, waiting: Callable[[], None] = lambda: None) -> None:
        self._transport = transport
        self._waiting = waiting
        self.delivery = Delivery()
        self._is_asking = False
        self.is_awaited = True
        self._task: Task[Any]

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        """Send *message*, which has our `delivery`."""
        self.delivery.is_connecting = False
        self._is_asking = True
        try:
            return await self._transport(message)
        finally:
            self._is_asking = False
            if not self.is_awaited:
                # This takes effect at the task's next wait: when the tokens are stored, or before
                # another try.
                self._task.cancel()

    @property
    def is_sent(self) -> bool:
        """Whether the server may have the request, and its answer is not here yet."""
        return self._is_asking and not self.delivery.is_connecting

    async def finish(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        held: ExitStack,
        *,
        within_s: float | None = None,
    ) -> T | None:
        """
        Return what *work* returns, or `None` if that takes longer than *within_s*.

        *held* is taken over, and closed after *work*. When the caller leaves, by cancellation or
        after *within_s*, *work* is cancelled, unless its request was sent: then it ends when the
        answer has been dealt with.
        """
        await event_loop_started()
        import asyncio

        guard = self._start(work(), held.pop_all())
        try:
            await asyncio.wait({guard}, timeout=within_s)
        except asyncio.CancelledError:
            await self._leave(guard)
            raise
        if not guard.done():
            await self._leave(guard)
            return None
        return guard.result()

    def _start(self, work: Coroutine[Any, Any, T], held: ExitStack) -> Task[T]:
        import asyncio

        loop = asyncio.get_running_loop()
        self._task = asyncio.Task(work, loop=loop)
        self._task.add_done_callback(lambda _: held.close())
        # Whoever cancels all tasks, as asyncio.run does at its end, gets the guard.
        asyncio._unregister_task(self._task)  # noqa: SLF001 - documented, under "Extending"
        guard = asyncio.Task(self._ended(), loop=loop)
        _guards.add(guard)
        guard.add_done_callback(_forget)
        return guard

    async def _ended(self) -> Any:
        """Wait for the end of the task; a cancellation only asks it to end soon."""
        import asyncio

        while not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError:
                if self.is_sent:
                    self._waiting()
                self._give_up()
        return self._task.result()

    async def _leave(self, guard: Task[Any]) -> None:
        import asyncio

        self._give_up()
        if not self.is_sent:
            # It ends at once.
            await asyncio.wait({guard})

    def _give_up(self) -> None:
        self.is_awaited = False
        if not self.is_sent:
            self._task.cancel()


def _forget(guard: Task[Any]) -> None:
    _guards.discard(guard)
    if not guard.cancelled():
        # Retrieved here, or asyncio would print it where nobody waits any more.
        guard.exception()
