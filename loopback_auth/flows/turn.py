"""Waiting for a profile's lock in a story: whoever refreshes or signs out has it alone."""

from __future__ import annotations

from ..edge.clock import running_s
from ..edge.event_loop import paused
from ..errors import StoreBusy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

    from ..edge.store import FileStore, Hold

TURN_S = 180.0
"""How long to wait for another process that refreshes: as long as that may take, its last try included."""

_LOOK_S = 0.02


async def turn(profile: str, store: FileStore, stack: ExitStack, *, within_s: float = TURN_S) -> Hold:
    """Take the lock of *profile* until *stack* ends; a wait costs nobody an event loop. Raises `StoreBusy` after *within_s*."""
    deadline = running_s() + within_s
    while True:
        try:
            return stack.enter_context(store.locked(profile, patience_s=0))
        except StoreBusy as busy:
            if running_s() > deadline:
                raise StoreBusy(
                    f"another process has held the profile {profile} for {within_s:g} s",
                    path=busy.facts["path"],
                ) from None
        await paused(_LOOK_S)
