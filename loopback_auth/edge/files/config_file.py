"""
Reading configuration: a bounded number of octets, from files that nobody else can write.

Checks are made on the open file, never on a name. A link is followed, to dotfiles for example,
unless somebody else could have made it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress

from ... import errors
from .permissions import check_link, check_trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"
"""A byte order mark, which some editors put before UTF-8."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

MEBIBYTES = 8
"""The most that is read of a file; no configuration is larger."""

PIPE_S = 10.0
"""How long to wait for a pipe: a password manager may ask for a fingerprint first."""

_OCTETS = MEBIBYTES * 1024 * 1024
_CHUNK = 65536
_LINKS = 40
# O_NONBLOCK: without it, opening a named pipe would wait for its other end.
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"))
_FOLDER = _READ | getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# The errors of O_NOFOLLOW at a link: ENOTDIR with O_DIRECTORY, EMLINK on FreeBSD.
_IS_LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)


def read_below(home: str, *names: str) -> bytes | None:
    """
    Return the content of the file *names* below the folder *home*; `None` only where there is none.

    Raises:
        FileUnsafe: Another user owns or can write the file, or a folder on the way to it.
        OSError: It cannot be read; `strerror` says why.
    """
    path = os.path.join(home, *names)
    try:
        if sys.platform == "win32":
            return _content(os.open(path, _READ), path)
        with _folder(home, *names[:-1]) as folder:
            return _content(_open(names[-1], _READ, path, folder), path)
    except FileNotFoundError:
        if os.path.exists(path):
            # Another process has made it just now.
            return read_below(home, *names)
        if _is_absent(path):
            return None
        raise OSError(errno.ENOENT, "a link leads nowhere") from None


def read_anywhere(path: str) -> bytes:
    """Return the content of a file, or pipe, that the user named, or raise as `read_below` does."""
    descriptor = os.open(path, _READ)
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return _from_pipe(descriptor)
    return _content(descriptor, path)


def decoded(content: bytes, *, errors: str = "replace") -> str:
    """Return UTF-8, or UTF-16 as PowerShell writes it, as text without its byte order mark."""
    return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig", errors)


def text_of(content: bytes, *, takes_utf_16: bool = False) -> str:
    """Return *content* as text without its byte order mark, or raise `ValueError` with a reason."""
    if content.startswith(_UTF_16):
        if takes_utf_16:
            return decoded(content)
        raise ValueError("it is UTF-16, not UTF-8")
    try:
        return content.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"it is not UTF-8 in line {line}") from None


def follow_links(path: str) -> str:
    """
    Return the path that the links at *path* lead to.

    Raises:
        FileUnsafe: Another user could change where they lead.
    """
    for _ in range(_LINKS):
        about = os.lstat(path)
        if not stat.S_ISLNK(about.st_mode):
            break
        check_link(path, about, errors.FileUnsafe)
        path = os.path.join(os.path.dirname(path), os.readlink(path))
        folder = os.path.dirname(path)
        check_trusted(folder, os.stat(folder), sticky=True)
    return path


@contextmanager
def _folder(home: str, *names: str) -> Iterator[int]:
    """Open the folder *names* below *home* for a block, and check each one on the way."""
    path, descriptor = home, _open(home, _FOLDER, home, None)
    try:
        check_trusted(path, os.fstat(descriptor))
        for name in names:
            path = os.path.join(path, name)
            above, descriptor = descriptor, _open(name, _FOLDER, path, descriptor)
            os.close(above)
            check_trusted(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _open(name: str, flags: int, path: str, folder: int | None) -> int:
    try:
        return os.open(name, flags | _NO_LINK, dir_fd=folder)
    except OSError as error:
        if error.errno not in _IS_LINK:
            raise
    # Not with O_NOFOLLOW left out: in a sticky folder it could be a stranger's link by now.
    return os.open(follow_links(path), flags | _NO_LINK)


def _content(descriptor: int, path: str) -> bytes:
    content = bytearray()
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        check_trusted(path, about)
        while len(content) <= _OCTETS and (chunk := os.read(descriptor, _CHUNK)):
            content += chunk
    finally:
        os.close(descriptor)
    return _bounded(content)


def _from_pipe(descriptor: int) -> bytes:
    import select
    import time

    content, deadline = bytearray(), time.monotonic() + PIPE_S
    with os.fdopen(descriptor, "rb", 0) as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = pipe.read(_CHUNK)
            content += chunk or b""
            if chunk == b"" or len(content) > _OCTETS:
                return _bounded(content)
    raise OSError(errno.ETIMEDOUT, f"nothing came out of it for {PIPE_S:g} s")


def _bounded(content: bytearray) -> bytes:
    if len(content) > _OCTETS:
        raise OSError(errno.EFBIG, f"it is larger than {MEBIBYTES} MiB")
    return bytes(content)


def _is_absent(path: str) -> bool:
    """
    Return whether there is nothing at *path*; a link that leads nowhere is something.

    Raises:
        OSError: The system does not say; only "no such file" counts as absent.
    """
    try:
        about = os.lstat(path)
    except FileNotFoundError:
        folder = os.path.dirname(path)
        with suppress(FileNotFoundError):
            return stat.S_ISDIR(os.stat(folder).st_mode)
        return _is_absent(folder)
    # What is no link was made since it was looked for.
    return not stat.S_ISLNK(about.st_mode)
