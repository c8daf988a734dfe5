"""
A folder that only its owner may read and write, and files in it that are there whole or not at all.

Checks are made on what was opened, never on a name: on POSIX every call goes through the descriptor
of the checked folder.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress

from ...errors import StoreUnsafe, StoreUnwritable
from .file_lock import FileLock
from .permissions import check_link, check_own, check_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_TIMEOUT_S = 10.0
"""How long to wait for another process that saves: far longer than a save takes."""

FILE_OCTETS = 8 * 1024 * 1024
"""No credential is that large; a larger file is not read into memory."""

# O_NONBLOCK: opening a named pipe that somebody put there would wait for its other end.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))
_FOLDER = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_DIRECTORY", "O_CLOEXEC"))


class PrivateFolder:
    """
    An opened folder at *path*. Made by `opened`; every method takes plain file names.

    Raises `StoreUnsafe` when something in it is not the user's own, `StoreUnwritable` when the
    system says no.
    """

    def __init__(self, path: str, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def read(self, name: str) -> bytes | None:
        """
        Read a file, or give `None` when there is none. A file that others can read is made private
        on the way.
        """
        try:
            with os.fdopen(self.open_file(name, os.O_RDONLY), "rb") as file:
                self.make_private(name, file.fileno())
                return file.read(FILE_OCTETS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.refused(name, error) from error

    def replace(
        self,
        name: str,
        content: bytes,
        *,
        temporary: str,
        is_there: bool = False,
        last_check: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Put *content* in place of *name*, by way of *temporary*: a reader sees the old file or the
        new one, whole.

        If *temporary* *is_there*, *content* takes the place of what is in it, and on most disks
        needs no room beyond that. *last_check* is called when nothing is left to do but the
        replacing, which it may raise to prevent.
        """
        try:
            descriptor = self.open_file(
                temporary, os.O_WRONLY | (0 if is_there else os.O_CREAT | os.O_EXCL)
            )
            try:
                with os.fdopen(descriptor, "wb") as file:
                    self.make_private(temporary, descriptor)
                    file.write(content)
                    file.truncate()
                    os.fsync(descriptor)
                last_check()
                self.rename(temporary, name)
            except BaseException:
                self.remove(temporary)
                raise
        except OSError as error:
            raise self.refused(name, error) from error
        if self._descriptor is not None:
            # The new file is in its place. Some file systems cannot sync a folder, and say so.
            with suppress(OSError):
                os.fsync(self._descriptor)

    def remove(self, name: str) -> bool:
        """Remove a file; tell whether there was one."""
        try:
            os.unlink(self._named(name), dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self.refused(name, error) from error
        return True

    def set_aside(self, name: str, *, as_name: str) -> bool:
        """Rename a file that cannot be used, keeping its bytes; tell whether that worked."""
        try:
            self.rename(name, as_name)
        except OSError:
            return False
        return True

    def names(self) -> list[str]:
        """List the files, sorted."""
        try:
            return sorted(
                os.listdir(self._descriptor if self._descriptor is not None else self.path)
            )
        except OSError as error:
            raise self.refused("", error) from error

    @contextmanager
    def locked(
        self,
        name: str,
        *,
        guarded: str = "",
        timeout_s: float = LOCK_TIMEOUT_S,
        take_over: bool = False,
    ) -> Iterator[FileLock]:
        """
        Hold the lock on the side file *name*, which is never deleted, and on the file *guarded*.

        Raises `StoreBusy` after *timeout_s*; with none, at the first look. Told to *take_over*, it
        takes what others hold then.
        """
        lock = FileLock(self, name, guarded=guarded)
        lock.take(timeout_s, take_over=take_over)
        try:
            yield lock
        finally:
            lock.release()

    def open_file(self, name: str, flags: int) -> int:
        """Return the descriptor of a file, which is the caller's to close; raises `OSError`."""
        return os.open(self._named(name), flags | _FLAGS, 0o600, dir_fd=self._descriptor)

    def rename(self, source: str, target: str) -> None:
        """Put *source* in the place of *target*; raises `OSError`."""
        os.replace(
            self._named(source),
            self._named(target),
            src_dir_fd=self._descriptor,
            dst_dir_fd=self._descriptor,
        )

    def is_still(self, name: str, descriptor: int) -> bool:
        """Tell whether the opened file is the one that has its *name* now."""
        if sys.platform == "win32":
            return True
        try:
            there = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            return os.path.samestat(there, os.fstat(descriptor))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self.refused(name, error) from error

    def make_private(self, name: str, descriptor: int) -> None:
        """
        Close an opened file to others; raises `StoreUnsafe` unless it is a plain one of
        the user's.
        """
        if sys.platform == "win32":
            return
        path = os.path.join(self.path, name)
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise StoreUnsafe(f"{path} is not a plain file", path=path)
        if check_own(path, about) and about.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)

    def refused(self, name: str, error: OSError) -> StoreUnsafe | StoreUnwritable:
        """Return the error that tells what the system said of a file."""
        path = os.path.join(self.path, name)
        # ELOOP is how O_NOFOLLOW says "a symbolic link"; FreeBSD says EMLINK.
        if error.errno in (errno.ELOOP, errno.EMLINK):
            return StoreUnsafe(f"{path} is a symbolic link, which is not followed", path=path)
        return _unwritable(path, error)

    def _named(self, name: str) -> str:
        return name if self._descriptor is not None else os.path.join(self.path, name)


def _unwritable(path: str, error: OSError) -> StoreUnwritable:
    try:
        from .unwritable import unwritable
    except (OSError, ImportError):
        # With as many open files as there may be, no module can be read either.
        return StoreUnwritable(f"{path}: {error.strerror or error}", path=path)
    return unwritable(path, error)


@contextmanager
def opened(
    path: str, *, create: bool, parent_counts: bool = True
) -> Iterator[PrivateFolder | None]:
    """
    Open the private folder at *path*; give `None` when it is not there and is not to be created.

    It and its parent, if that counts, must be the user's and closed to other writers; a link to it
    counts only if the user made it.
    """
    if create:
        _create(path)
    try:
        descriptor = _open_folder(path, parent_counts=parent_counts)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield PrivateFolder(path, descriptor)
    finally:
        if descriptor is not None:
            _close(descriptor)


@contextmanager
def unchanged(path: str) -> Iterator[PrivateFolder]:
    """
    Open the folder at *path*, wherever it is, which stays as open to others as it is; raises
    `OSError`.
    """
    descriptor = None if sys.platform == "win32" else os.open(path, _FOLDER)
    try:
        yield PrivateFolder(path, descriptor)
    finally:
        if descriptor is not None:
            _close(descriptor)


def _create(path: str) -> None:
    # makedirs would give this mode to the last folder only, and the ones above it what the umask
    # leaves.
    missing = [path]
    # A drive or a share that is not there is its own parent.
    while not os.path.lexists(parent := os.path.dirname(missing[-1])) and parent != missing[-1]:
        missing.append(parent)
    try:
        if (
            sys.platform != "win32"
            and not os.path.lexists(path)
            and (about := os.stat(parent)).st_uid != 0
        ):
            # Under sudo with the user's HOME, a folder of root's in there would lock the user out.
            # Root's own /tmp is anybody's place.
            check_owner(parent, about)
        for folder in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
    except OSError as error:
        raise _unwritable(path, error) from error


def _open_folder(path: str, *, parent_counts: bool) -> int | None:
    if sys.platform == "win32":
        os.stat(path)
        return None
    check_link(path, os.lstat(path), StoreUnsafe)
    if parent_counts:
        check_own(os.path.dirname(path), os.stat(os.path.dirname(path)))
    descriptor = os.open(path, _FOLDER)
    try:
        about = os.fstat(descriptor)
        if check_own(path, about) and about.st_mode & 0o077:
            os.fchmod(descriptor, 0o700)
    except BaseException:
        _close(descriptor)
        raise
    return descriptor


def _close(descriptor: int) -> None:
    # Nothing was written through it that could be lost: whatever is wrong there, the work is done.
    with suppress(OSError):
        os.close(descriptor)
