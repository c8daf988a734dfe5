"""
The lock on the files of a private folder: flock, or LockFile, on a side file.

The system frees it when the process ends. A lock library would import asyncio, which costs a
quarter of the time until a sign-in shows its address.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress

from ...errors import StoreBusy, StoreError, StoreUnsafe
from .private_folder import LOCK_TIMEOUT_S, temporary_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from .private_folder import PrivateFolder

OTHERS_S = 10.0
"""How long to try to take a lock over while other processes try as well."""

_LOOK_S = 0.02

_FORMER = "\0"
"""The key, which is no file's name, for the guarded file that is being replaced, or was."""


class FileLock:
    """
    The lock on the side file *name* of *folder*, and on the file *guarded* that it protects.

    Having either keeps it: somebody may remove the side file at any time, and the next process
    would create and lock another one. Where nothing is stored yet there is no guarded file. Windows
    needs none, since nobody can remove an open file there.
    """

    def __init__(self, folder: PrivateFolder, name: str, *, guarded: str = "") -> None:
        self._folder = folder
        self._name = name
        self._guarded = "" if sys.platform == "win32" else guarded
        self._opened: dict[str, int] = {}

    @classmethod
    def inherited(
        cls, descriptors: Sequence[int], folder: PrivateFolder, name: str, *, guarded: str = ""
    ) -> Self:
        """Return the lock of another process, whose `descriptors` this one has inherited."""
        lock = cls(folder, name, guarded=guarded)
        lock._opened = dict(zip((name, guarded), descriptors, strict=False))
        return lock

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file descriptors that a child must inherit to keep the lock."""
        return tuple(self._opened.values())

    def take(self, timeout_s: float, *, take_over: bool = False) -> None:
        """
        Wait *timeout_s* for the lock; then *take_over* the lock that another process has.

        That process finds that its lock `is_lost` when it goes on.

        Raises:
            StoreBusy: Another process has it, and it was not, or could not be, taken over.
            StoreError: The files cannot be opened or locked.
        """
        deadline = time.monotonic() + timeout_s
        # Others may take it over at the same time, and remove our files as leftovers.
        last = deadline + OTHERS_S if take_over else deadline
        while not self._try():
            moment = time.monotonic()
            if take_over and moment >= deadline and self._replace():
                return
            if moment >= last:
                raise self._busy(timeout_s)
            time.sleep(_LOOK_S)

    def is_lost(self) -> bool:
        """Return whether neither file is any longer the one that was locked."""
        names = (self._name, self._guarded)
        return not any(
            self._folder.is_still(name, self._opened[name])
            for name in names
            if name in self._opened
        )

    def guard(self, temporary: str) -> None:
        """Lock the file *temporary*, which is about to replace the guarded one."""
        if self._guarded:
            # The old one stays locked as well until it has been replaced.
            self._close(_FORMER)
            if self._guarded in self._opened:
                self._opened[_FORMER] = self._opened.pop(self._guarded)
            self._lock_guarded(temporary)

    def release(self) -> None:
        """Give the lock up."""
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
            # There is none, or none that can be used: reading it will show.
            return True
        self._opened[self._guarded] = self._opened.pop(name)
        return is_locked

    def _replace(self) -> bool:
        """Replace the files that another process has locked; return whether that worked."""
        temporary = temporary_name(self._name.removesuffix(".lock"))
        # On Windows nobody can replace an open file.
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
        # No data can be lost by this: nothing was written through it.
        with suppress(OSError, KeyError):
            os.close(self._opened.pop(name))

    def _busy(self, timeout_s: float) -> StoreBusy:
        names = filter(None, (self._name, self._guarded))
        paths = [os.path.join(self._folder.path, name) for name in names]
        if not timeout_s:
            # The caller tries again soon, and the search for the holder takes longer.
            return StoreBusy(f"{paths[0]} is locked", path=paths[0])
        return held_by_another(paths, timeout_s)


@contextmanager
def lock_file(
    folder: PrivateFolder,
    name: str,
    *,
    guarded: str = "",
    timeout_s: float = LOCK_TIMEOUT_S,
    take_over: bool = False,
) -> Iterator[FileLock]:
    """
    Hold the lock on the side file *name*, which is never deleted, and on the file *guarded*.

    *timeout_s* and *take_over* are those of `FileLock.take`.

    Raises:
        StoreBusy: Another process has it for longer than *timeout_s*.
        StoreError: The files cannot be opened or locked.
    """
    lock = FileLock(folder, name, guarded=guarded)
    lock.take(timeout_s, take_over=take_over)
    try:
        yield lock
    finally:
        lock.release()


def held_by_another(paths: Sequence[str], waited_s: float) -> StoreBusy:
    """Return the error that says who has held the lock on one of *paths* for *waited_s* seconds."""
    from .lock_holder import holder_of

    holder = holder_of(paths)
    message = f"another process{holder or ''} has held {paths[0]} for {waited_s:g} s"
    if holder is None or not holder.is_stopped:
        return StoreBusy(message, path=paths[0], is_stopped=False)
    return StoreBusy(
        message,
        cause="It was stopped, perhaps by Ctrl-Z, while it refreshed or saved the tokens.",
        fix="let it go on (`fg`, or `kill -CONT {pid}`) or end it (`kill -KILL {pid}`),"
        " then run the command again",
        pid=holder.pid,
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
