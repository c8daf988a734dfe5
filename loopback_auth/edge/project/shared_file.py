"""Files of the project that all who share it read: below its folder alone, and replaced whole."""

from __future__ import annotations

import os
import stat

from ...errors import OutputFailed, UsageError
from ..files.private_folder import temporary_name

MEBIBYTES = 1
"""The most that is read of a file; those of editors are kept by hand."""


def read_shared_file(folder: str, path: str) -> bytes | None:
    """
    Return the content of the file *path* below *folder*; `None` if there is none.

    Raises:
        UsageError: It is no regular file, is larger than it may be, or links lead out of *folder*.
        OSError: It cannot be read.
    """
    real = _real(folder, path)
    try:
        about = os.stat(real)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(about.st_mode) or about.st_size > MEBIBYTES * 1024 * 1024:
        raise UsageError(
            f"{path} is not a regular file of at most {MEBIBYTES} MiB",
            cause="Only such a file is changed.",
            fix="leave --write out, and put what is printed where it belongs",
        )
    with open(real, "rb") as file:
        return file.read()


def write_shared_file(folder: str, path: str, content: bytes) -> None:
    """
    Write *content* to *path* below *folder*, whole or not at all; a file keeps its mode.

    Raises:
        UsageError: Links lead out of *folder*.
        OutputFailed: The system refuses.
    """
    real = _real(folder, path)
    above, name = os.path.split(real)
    temporary = os.path.join(above, temporary_name(name))
    try:
        os.makedirs(above, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if os.path.exists(real):
                os.chmod(temporary, stat.S_IMODE(os.stat(real).st_mode))
            os.replace(temporary, real)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise OutputFailed(
            f"{path} could not be written: {error.strerror}",
            cause="Its folder is read-only or full, or you may not write there.",
            fix="look at the folder: `ls -ld {folder}`",
            folder=folder,
        ) from error


def _real(folder: str, path: str) -> str:
    """Return where *path* is, which a link of a cloned repository must not decide."""
    root, real = os.path.realpath(folder), os.path.realpath(os.path.join(folder, path))
    if os.path.commonpath([root, real]) != root:
        raise UsageError(
            f"{path} is a link that leads out of this folder",
            cause="What lies elsewhere is not changed by a command for this project.",
            fix="leave --write out, and put what is printed where it belongs",
        )
    return real
