"""Errors of the system at saving, with their causes and fixes."""

from __future__ import annotations

import errno
import os

from ...errors import StoreUnwritable

_STAYS = "What was stored stays as it was."
_ELSEWHERE = "set LOOPBACK_AUTH_HOME to a folder"
_REASONS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("ENOSPC", "EDQUOT"),
        "The disk is full, or your share of it is.",
        f"make room (`df -h {{folder}}`), or {_ELSEWHERE} on another disk",
    ),
    (("EROFS",), "The file system is read-only.", f"{_ELSEWHERE} that can be written to"),
    (
        ("EACCES", "EPERM"),
        "This user may not write there.",
        f"look at it (`ls -ld {{folder}}`) and make it yours, or {_ELSEWHERE} of your own",
    ),
    (
        ("EMFILE", "ENFILE"),
        "This process, or the system, has too many open files.",
        "close some, or raise the limit: `ulimit -n 1024`",
    ),
    (
        ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"),
        "The file system has no file locks, as a network share without its lock service has none.",
        f"{_ELSEWHERE} on a local disk, or have the share's lock service started",
    ),
    (
        ("EIO", "ESTALE", "ENODEV", "ENXIO", "EREMOTEIO"),
        "The disk, or the computer that shares it, answered with an error.",
        f"look at the system's log (`dmesg`) and at the mount, or {_ELSEWHERE} on another disk",
    ),
)


def unwritable(path: str, error: OSError) -> StoreUnwritable:
    """Return the error that says why *path* could not be written, and what to do."""
    folder = os.path.dirname(path) or path
    name = errno.errorcode.get(error.errno or 0, "")
    cause, fix = next(
        ((cause, fix) for names, cause, fix in _REASONS if name in names),
        (
            "The message gives the system's reason.",
            f"put that right, or {_ELSEWHERE} of your own",
        ),
    )
    return StoreUnwritable(
        f"{path}: {error.strerror or error}",
        cause=f"{cause} {_STAYS}",
        fix=fix + ", then run the command again",
        path=path,
        folder=folder,
    )
