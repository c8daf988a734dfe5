"""Waiting for a profile's lock in a coroutine: only one refreshes, signs in or signs out."""

from __future__ import annotations

from contextlib import suppress

from ...edge.process.clock import running_s
from ...edge.process.event_loop import paused
from ...errors import StoreBusy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

    from ...edge.store.interface import LockedDocument, Store
    from ...seams import Notify

LOCK_TIMEOUT_S = 180.0
"""How long to wait for another process: as long as a refresh may take, its last try included."""

SILENT_WAIT_S = 1.0
"""How long a person waits before a notice says why."""

_POLL_S = 0.02


async def lock_profile(
    profile: str, store: Store, stack: ExitStack, *, within_s: float = LOCK_TIMEOUT_S
) -> LockedDocument:
    """
    Take the lock of *profile* until *stack* ends, without blocking the event loop.

    Raises:
        StoreBusy: Another process has it for longer than *within_s*.
    """
    deadline = running_s() + within_s
    while True:
        try:
            return stack.enter_context(store.locked(profile, timeout_s=0))
        except StoreBusy:
            if running_s() > deadline:
                raise store.busy(profile, within_s) from None
        await paused(_POLL_S)


async def lock_for_sign_in(
    profile: str, store: Store, stack: ExitStack, *, notify: Notify
) -> LockedDocument:
    """
    Take the lock of *profile* for a finished sign-in, which is newer than what others have to save.

    A refresh that runs is waited for as long as it may take, with a notice. Then, and at once where
    its process was stopped, the lock is taken over.
    """
    try:
        return await lock_profile(profile, store, stack, within_s=SILENT_WAIT_S)
    except StoreBusy as busy:
        reason, is_stopped = busy, busy.facts.get("is_stopped")
    with suppress(StoreBusy):
        if not is_stopped:
            from ...notices import Warned

            notify(
                Warned(code=reason.code, message=f"{reason.message}; the sign-in is saved after it")
            )
            return await lock_profile(profile, store, stack)
    return stack.enter_context(store.locked(profile, take_over=True, timeout_s=0))
