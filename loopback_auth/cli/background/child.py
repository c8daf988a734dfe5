"""The child: an interpreter that refreshes a profile, and goes on when its command has ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict

from ...edge.http.tls import load_aiohttp
from ...edge.process.core_dumps import forbid_core_dumps
from ...edge.store.file_store import FileStore
from ...errors import LoopbackAuthError
from ...errors.packing import packed
from ...flows.services import Services
from ...flows.tokens.freshness import signed_in
from ...flows.tokens.in_flight import is_under_way
from ...flows.tokens.refresh import refreshed
from ...notices import Refreshed, Traced
from ...oauth.secret import Secret
from ..context import transport_for, trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...edge.store.profile_lock import LockedProfile
    from ...notices import Notice

DEADLINE_S = 600
"""For all of it: far more than a server that is slow and busy may take."""


def main(work: Mapping[str, Any], work_pipe: int, answer_pipe: int, *locks: int) -> None:
    """
    Do *work*, and write to *answer_pipe* how it goes.

    The end of *work_pipe* says that nobody waits any more. *locks* are the files of the profile's
    lock, which the command held.
    """
    if sys.platform != "win32":
        signal.alarm(DEADLINE_S)
    forbid_core_dumps()
    with suppress(asyncio.CancelledError):
        asyncio.run(_Refresher(work, work_pipe, answer_pipe, locks).run())
    os._exit(0)


class _Refresher:
    def __init__(
        self, work: Mapping[str, Any], work_pipe: int, answer_pipe: int, locks: tuple[int, ...]
    ) -> None:
        self._work = work
        self._locks = locks
        self._work_pipe = work_pipe
        self._answer_pipe = answer_pipe
        self._locked: LockedProfile | None = None

    async def run(self) -> None:
        self._tell(has_begun=True)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def hung_up() -> None:
            loop.remove_reader(self._work_pipe)
            if task is not None:
                task.cancel()

        loop.add_reader(self._work_pipe, hung_up)
        try:
            self._tell_last(document=await self._refreshed())
        except asyncio.CancelledError:
            self._tell_last()
            raise
        except LoopbackAuthError as error:
            self._tell_last(error=packed(error))
        except OSError as error:
            self._tell_last(system=[error.errno, error.strerror, error.filename])
        # The command raises it, as if it had happened there.
        except Exception:  # noqa: BLE001
            from traceback import format_exc

            self._tell_last(bug=format_exc())

    async def _refreshed(self) -> Mapping[str, Any]:
        work, document = self._work, self._work["document"]
        os.environ.update(work["environ"])
        load_aiohttp(trusting_nobody=True)
        store = FileStore(work["home"], storage=work["storage"])
        services = Services(
            store=store,
            transport=transport_for(trusted(document), self._notify, None),
            notify=self._notify,
        )
        refused = Secret(work["refused"]) if work["refused"] else None
        profile = work["profile"]
        with ExitStack() as held:
            self._locked = held.enter_context(store.inherited(profile, self._locks))
            # Before this was read, a sign-in may have taken the lock over.
            if (stored := self._locked.load()) != document:
                return signed_in(profile, stored)
            return await refreshed(
                profile, document, services, locked=self._locked, held=held, refused=refused
            )

    def _tell_last(self, **said: object) -> None:
        has_changed = self._locked is not None and self._locked.has_changed
        self._tell(**said, has_changed=has_changed, goes_on=is_under_way())

    def _notify(self, notice: Notice) -> None:
        if not self._work["is_talkative"] and isinstance(notice, (Refreshed, Traced)):
            return
        self._tell(notice=[type(notice).__name__, asdict(notice)])

    def _tell(self, **said: object) -> None:
        line = json.dumps(said, default=str).encode() + b"\n"
        # Who has left no longer listens.
        with suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._answer_pipe, line) :]
