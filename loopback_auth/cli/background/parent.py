"""
A command's refresh, done by a child that finishes it when the command is stopped.

The command holds the lock until the child, which has inherited it, has begun; from then on it only
waits, and may end at any time. `child` is the other end. Nothing heavy is loaded here.
"""

from __future__ import annotations

import os

from ... import errors
from ...edge.process.child import Child, inheritable
from ...edge.process.clock import running_s
from ...edge.process.interrupts import remark_on_interrupt
from ...flows.tokens.freshness import is_usable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from typing import Any, NoReturn

    from ...edge.store.interface import Store
    from ...edge.store.profile_lock import LockedProfile
    from ...flows.services import Services
    from ...oauth.secret import Secret

LAST_WORD_S = 1.0
"""How long a command that is stopped waits to hear whether the refresh goes on."""

GOES_ON = (
    "A refresh had been sent. It finishes in the background,"
    " and the new tokens are saved when the answer comes."
    " The next command waits for it."
)
"""What a command that is stopped says when the child finishes its refresh."""

UNKNOWN = "A refresh may have been sent: whether the stored tokens have changed is not known."
"""What it says when the child has not said what becomes of the refresh."""


async def refreshed_by_child(
    profile: str,
    document: Mapping[str, Any],
    services: Services,
    *,
    locked: LockedProfile,
    held: ExitStack,
    refused: Secret | None,
    is_talkative: bool,
) -> Mapping[str, Any] | None:
    """
    Return *document* as a child has refreshed it; see `flows.tokens.refresh.refreshed`.

    Return `None`, with *locked* as it was, where there can be no child or there is nothing to send.
    *is_talkative* says that the command prints each step.

    Raises:
        ConnectionLost: The child has ended without a word.
        LoopbackAuthError: As `refreshed`.
    """
    if not document.get("refresh_token"):
        return None
    # Then the command may go on with the old token meanwhile, and even become another program.
    usable = is_usable(document, at=services.timestamp, refused=refused)
    secret_name = (document.get("client") or {}).get("client_secret_env")
    environ = inheritable(os.environ, withheld=[secret_name])
    try:
        child = Child(
            "loopback_auth.cli.background.child",
            files=locked.descriptors,
            environ=environ,
            orphan=usable,
        )
    except OSError:
        return None
    work = {
        "profile": profile,
        "document": document,
        "home": services.store.home,
        "storage": services.store.storage,
        "refused": refused and refused.reveal(),
        "is_talkative": is_talkative,
        "environ": {name: value for name, value in os.environ.items() if name not in environ},
    }
    return await _done(child, work, services, held)


async def _done(
    child: Child, work: Mapping[str, Any], services: Services, held: ExitStack
) -> Mapping[str, Any] | None:
    """Have *child* do *work*; close *held* when it has begun."""
    try:
        child.send(work)
        if await child.answer() is None:
            child.reap()
            return None
        held.close()
        return await _outcome(child, work["profile"], services)
    except Exception:
        raise
    except BaseException:
        # Ctrl-C, or the cancellation that it becomes where an event loop runs.
        _leave(child, work["profile"], services.store)
        raise
    finally:
        child.close()


async def _outcome(child: Child, profile: str, services: Services) -> Mapping[str, Any]:
    while (message := await child.answer()) is not None:
        if "notice" in message:
            from ... import notices

            name, members = message["notice"]
            services.notify(getattr(notices, name)(**members))
            continue
        child.reap()
        _record(message, profile, services.store)
        if "document" in message:
            document: Mapping[str, Any] = message["document"]
            return document
        _raise(message)
    services.store.record_change(profile, has_changed=None)
    raise errors.ConnectionLost(
        "the process that asked the server died",
        cause=f"It was killed, or the system had no memory for it. {UNKNOWN}",
        fix="run the same again, or: `loopback-auth token {profile}`",
        profile=profile,
    )


def _record(message: Mapping[str, Any], profile: str, store: Store) -> None:
    store.record_change(profile, has_changed=None if message["goes_on"] else message["has_changed"])


def _raise(message: Mapping[str, Any]) -> NoReturn:
    if "error" in message:
        from ...errors.packing import unpacked

        raise unpacked(message["error"])
    if "system" in message:
        raise OSError(*message["system"])
    raise RuntimeError(message["bug"])


def _leave(child: Child, profile: str, store: Store) -> None:
    """Hang up on *child*, and have the interruption say what becomes of the refresh."""
    child.hang_up()
    deadline = running_s() + LAST_WORD_S
    while (message := child.answer_within(deadline - running_s())) is not None:
        if "goes_on" in message:
            _record(message, profile, store)
            if message["goes_on"]:
                remark_on_interrupt(GOES_ON)
            return
    store.record_change(profile, has_changed=None)
    remark_on_interrupt(UNKNOWN)
