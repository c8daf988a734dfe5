"""Writing a file that the user chose, and that holds a secret: 0600, and whole or not at all."""

from __future__ import annotations

import os
import stat

from ...errors import OutputFailed, StoreError, UsageError
from .private_folder import open_folder, temporary_name


def write_private_file(path: str, content: bytes, *, overwrite: bool) -> None:
    """
    Write *content* to *path*; the mode of its folder stays as it is.

    Raises:
        UsageError: A file is there that is not to *overwrite*, or that is not a regular one.
        OutputFailed: The system refuses.
    """
    _check_free(path, overwrite=overwrite)
    folder, name = os.path.split(os.path.abspath(path))
    try:
        with open_folder(folder) as opened:
            opened.replace(name, content, temporary=temporary_name(name))
    except OSError as error:
        raise _failed(path, error.strerror or str(error)) from error
    except StoreError as error:
        raise _failed(path, error.message) from error


def _check_free(path: str, *, overwrite: bool) -> None:
    try:
        about = os.lstat(path)
    except OSError:
        # There is no file, or none can be there: writing it will show.
        return
    if not stat.S_ISREG(about.st_mode):
        raise UsageError(
            f"{path} is not a regular file",
            cause="A folder, a link or a device stays as it is.",
            fix="name another file with --output, "
            "or leave --output out and redirect standard output",
        )
    if not overwrite:
        raise UsageError(
            f"{path} is there already",
            cause="An existing file is not overwritten without asking.",
            fix="name another file with --output, or overwrite this one with --force",
        )


def _failed(path: str, why: str) -> OutputFailed:
    return OutputFailed(
        f"{path} could not be written: {why}",
        cause="Its folder is not there, is read-only or full, or you may not write there.",
        fix="look at the folder: `ls -ld {folder}`; or name another file with --output",
        folder=os.path.dirname(path) or ".",
    )
