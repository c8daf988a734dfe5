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

from ... import errors
from .permissions import check_link, check_own, check_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE_OCTETS = 8 * 1024 * 1024
"""The most that is read of a file; no credential is that large."""

LOCK_TIMEOUT_S = 10.0
"""How long to wait for a lock on a file: far longer than another process takes to save."""

# O_NONBLOCK: opening a named pipe that somebody put there would wait for its other end.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))
_FOLDER = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_DIRECTORY", "O_CLOEXEC"))


def temporary_name(stem: str) -> str:
    """Return a random name for a file that is to replace the one of *stem*."""
    # "~" is in no profile's name: one profile's leftovers are never taken for another's.
    return f".{stem}~{os.urandom(8).hex()}.tmp"


class PrivateFolder:
    """
    An open folder at *path*, of which every method takes plain file names.

    Made by `open_private_folder` and `create_private_folder`. Methods raise `StoreUnsafe` where a
    file is not the user's own, and `StoreUnwritable` where the system refuses.
    """

    def __init__(self, path: str, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, which is made private; `None` when there is none."""
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
        Replace the file *name* with *content*: a reader sees the old file or the new one, whole.

        *content* is written to the file *temporary* first. If that one *is_there* already, its
        content is overwritten, which on most disks needs no room beyond it. *last_check* is called
        just before the replacing, and prevents it by raising.
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
        """Remove a file; return whether there was one."""
        try:
            os.unlink(self._named(name), dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self.refused(name, error) from error
        return True

    def set_aside(self, name: str, *, as_name: str) -> bool:
        """Rename a file that cannot be used; return whether that worked."""
        try:
            self.rename(name, as_name)
        except OSError:
            return False
        return True

    def names(self) -> list[str]:
        """Return the names of the files, sorted."""
        try:
            return sorted(
                os.listdir(self._descriptor if self._descriptor is not None else self.path)
            )
        except OSError as error:
            raise self.refused("", error) from error

    def remove_temporary_files(self, stem: str, *, but: str = "") -> None:
        """Remove the files named by `temporary_name`, *but* one; under the lock they are unused."""
        for name in self.names():
            if name.startswith(f".{stem}~") and name.endswith(".tmp") and name != but:
                self.remove(name)

    def open_file(self, name: str, flags: int) -> int:
        """Return the descriptor of a file, which the caller closes, or raise `OSError`."""
        return os.open(self._named(name), flags | _FLAGS, 0o600, dir_fd=self._descriptor)

    def rename(self, source: str, target: str) -> None:
        """Rename *source* to *target*, which is replaced, or raise `OSError`."""
        os.replace(
            self._named(source),
            self._named(target),
            src_dir_fd=self._descriptor,
            dst_dir_fd=self._descriptor,
        )

    def is_still(self, name: str, descriptor: int) -> bool:
        """Return whether *name* is still the name of the open file *descriptor*."""
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
        """Make an open file 0600, or raise `StoreUnsafe` unless it is a plain one of the user's."""
        if sys.platform == "win32":
            return
        path = os.path.join(self.path, name)
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise errors.StoreUnsafe(f"{path} is not a regular file", path=path)
        if check_own(path, about) and about.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)

    def refused(self, name: str, error: OSError) -> errors.StoreUnsafe | errors.StoreUnwritable:
        """Return the error for what the system said of the file *name*."""
        path = os.path.join(self.path, name)
        # ELOOP is how O_NOFOLLOW says "a symbolic link"; FreeBSD says EMLINK.
        if error.errno in (errno.ELOOP, errno.EMLINK):
            return errors.StoreUnsafe(
                f"{path} is a symbolic link, which is not followed", path=path
            )
        return _unwritable(path, error)

    def _named(self, name: str) -> str:
        return name if self._descriptor is not None else os.path.join(self.path, name)


def _unwritable(path: str, error: OSError) -> errors.StoreUnwritable:
    try:
        from .unwritable import unwritable
    except (OSError, ImportError):
        # With as many open files as there may be, no module can be read either. Whoever saves has
        # loaded that of the error; of a read, the caller hears what the system said.
        return errors.StoreUnwritable(f"{path}: {error.strerror or error}", path=path)
    return unwritable(path, error)


@contextmanager
def open_private_folder(path: str, *, parent_counts: bool = True) -> Iterator[PrivateFolder | None]:
    """
    Open the private folder at *path* for a block; give `None` when there is none.

    It, its parent unless that does not count, and a link to it must be the user's and closed to
    other writers.

    Raises:
        StoreUnsafe: They are not.
        StoreUnwritable: The system refuses to open it.
    """
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
        _close(descriptor)


@contextmanager
def create_private_folder(path: str, *, parent_counts: bool = True) -> Iterator[PrivateFolder]:
    """As `open_private_folder`, but create the folder, and those above it, where there are none."""
    _create(path)
    with open_private_folder(path, parent_counts=parent_counts) as folder:
        if folder is None:
            raise _unwritable(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        yield folder


@contextmanager
def open_folder(path: str) -> Iterator[PrivateFolder]:
    """
    Open the folder at *path* for a block, whoever can read or write it, or raise `OSError`.

    Its own mode stays as it is; files in it are made private.
    """
    descriptor = None if sys.platform == "win32" else os.open(path, _FOLDER)
    try:
        yield PrivateFolder(path, descriptor)
    finally:
        _close(descriptor)


def _create(path: str) -> None:
    # makedirs would give this mode to the last folder alone; the umask would decide on the others.
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
            # Below a folder of root's, such as /tmp, anybody may have one.
            check_owner(parent, about)
        for folder in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
    except OSError as error:
        raise _unwritable(path, error) from error


def _open_folder(path: str, *, parent_counts: bool = True) -> int | None:
    if sys.platform == "win32":
        os.stat(path)
        return None
    about = os.lstat(path)
    if stat.S_ISLNK(about.st_mode):
        check_link(path, about, errors.StoreUnsafe)
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


def _close(descriptor: int | None) -> None:
    # No data can be lost by this: what was written is synced.
    if descriptor is not None:
        with suppress(OSError):
            os.close(descriptor)
