"""
The lock on what a private folder holds: flock or LockFile on a side file, freed with the process.

A lock library would load asyncio, a quarter of the time until a sign-in shows its address.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from ...errors import StoreBusy, StoreError, StoreUnsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, Self

    class Folder(Protocol):
        """What a lock needs of the `PrivateFolder` that its files are in."""

        path: str

        def open_file(self, name: str, flags: int) -> int: ...
        def make_private(self, name: str, descriptor: int) -> None: ...
        def is_still(self, name: str, descriptor: int) -> bool: ...
        def rename(self, source: str, target: str) -> None: ...
        def read(self, name: str) -> bytes | None: ...
        def remove(self, name: str) -> bool: ...
        def replace(
            self, name: str, content: bytes, *, temporary: str, last_check: Callable[[], None]
        ) -> None: ...
        def refused(self, name: str, error: OSError) -> StoreError: ...


OTHERS_S = 10.0
"""How long to try to take over what others take over at the same time."""

_LOOK_S = 0.02

_FORMER = "\0"
"""In place of a name: the guarded file that is being replaced, or was."""


class FileLock:
    """
    The lock on the side file *name* of *folder*, and on the file *guarded* that it protects.

    Either is enough to keep it: a side file may be removed at any time, and the next process would
    make another, and lock that. Where nothing is stored yet there is no guarded file; and on
    Windows none is needed, as nobody removes there what is open.
    """

    def __init__(self, folder: Folder, name: str, *, guarded: str = "") -> None:
        self._folder = folder
        self._name = name
        self._guarded = "" if sys.platform == "win32" else guarded
        self._opened: dict[str, int] = {}

    @classmethod
    def inherited(
        cls, descriptors: Sequence[int], folder: Folder, name: str, *, guarded: str = ""
    ) -> Self:
        """Return the lock that another process took, whose `descriptors` this one has inherited."""
        lock = cls(folder, name, guarded=guarded)
        lock._opened = dict(zip((name, guarded), descriptors, strict=False))
        return lock

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a child has to inherit to go on holding the lock."""
        return tuple(self._opened.values())

    def take(self, timeout_s: float, *, take_over: bool = False) -> None:
        """
        Wait *timeout_s* for the lock, and then *take_over* what another process holds.

        Whoever is dispossessed finds that its lock `is_lost` when it goes on.

        Raises:
            StoreBusy: another process holds it, and it was not to be taken over, or could not be.
        """
        deadline = time.monotonic() + timeout_s
        # Others may take it over at the same time, and clear away what they take for left behind.
        last = deadline + OTHERS_S if take_over else deadline
        while not self._try():
            moment = time.monotonic()
            if take_over and moment >= deadline and self._replace():
                return
            if moment >= last:
                raise self._busy(timeout_s)
            time.sleep(_LOOK_S)

    def is_lost(self) -> bool:
        """Tell whether neither file is the one any more that was locked."""
        names = (self._name, self._guarded)
        return not any(
            self._folder.is_still(name, self._opened[name])
            for name in names
            if name in self._opened
        )

    def guard(self, temporary: str) -> None:
        """Lock the file *temporary*, which is about to take the place of the guarded one."""
        if self._guarded:
            # The old one stays locked as well until it has been replaced.
            self._close(_FORMER)
            if self._guarded in self._opened:
                self._opened[_FORMER] = self._opened.pop(self._guarded)
            self._lock_guarded(temporary)

    def release(self) -> None:
        """Let the next one have it."""
        for name in tuple(self._opened):
            self._close(name)

    def _try(self) -> bool:
        self.release()
        is_taken = False
        try:
            is_taken = self._lock(self._name) and self._lock_guarded(self._guarded)
        except OSError as error:
            raise self._folder.refused(self._name, error) from error
        finally:
            if not is_taken:
                self.release()
        return is_taken

    def _lock(self, name: str, flags: int = os.O_CREAT) -> bool:
        opened = self._opened[name] = self._folder.open_file(name, os.O_RDWR | flags)
        self._folder.make_private(name, opened)
        # Between the opening and the locking the file may have been removed or replaced.
        return _try_lock(opened) and self._folder.is_still(name, opened)

    def _lock_guarded(self, name: str) -> bool:
        if not name:
            return True
        try:
            is_locked = self._lock(name, flags=0)
        except (OSError, StoreUnsafe):
            # There is none, or none that can be used: whoever reads it will tell.
            return True
        self._opened[self._guarded] = self._opened.pop(name)
        return is_locked

    def _replace(self) -> bool:
        """Put files of our own in place of those that another process has locked."""
        temporary = f".{self._name.removesuffix('.lock')}~{os.urandom(8).hex()}.tmp"
        # On Windows nobody replaces what another process has open.
        with suppress(OSError, StoreError):
            if self._lock(temporary, os.O_CREAT | os.O_EXCL):
                self._folder.rename(temporary, self._name)
                self._opened[self._name] = self._opened.pop(temporary)
                content = self._folder.read(self._guarded) if self._guarded else None
                if content is not None:
                    self._folder.replace(
                        self._guarded,
                        content,
                        temporary=temporary,
                        last_check=lambda: self.guard(temporary),
                    )
                return True
        self.release()
        with suppress(StoreError):
            self._folder.remove(temporary)
        return False

    def _close(self, name: str) -> None:
        # Nothing was written through it that could be lost.
        with suppress(OSError, KeyError):
            os.close(self._opened.pop(name))

    def _busy(self, timeout_s: float) -> StoreBusy:
        names = filter(None, (self._name, self._guarded))
        paths = [os.path.join(self._folder.path, name) for name in names]
        if not timeout_s:
            # Whoever only looks will look again, and looking for the holder takes longer.
            return StoreBusy(f"{paths[0]} is locked", path=paths[0])
        return held_by_another(paths, timeout_s)


def held_by_another(paths: Sequence[str], waited_s: float) -> StoreBusy:
    """
    Return the error that tells who has held the lock on one of *paths* for *waited_s*
    seconds.
    """
    from .lock_holder import holder_of

    holder = holder_of(paths)
    message = f"another process{holder or ''} has held {paths[0]} for {waited_s:g} s"
    if holder is None or not holder.is_stopped:
        return StoreBusy(message, path=paths[0], is_stopped=False)
    return StoreBusy(
        message,
        cause="It was stopped, by Ctrl-Z perhaps, while it refreshed or saved the tokens.",
        fix=f"let it go on (fg, or kill -CONT {holder.pid}) or end it (kill -KILL {holder.pid}), "
        "then run the command again",
        path=paths[0],
        is_stopped=True,
    )


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
