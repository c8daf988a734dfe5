"""
Who may own and write the files and folders that this program uses.

Whoever can write config.toml or a provider file chooses which server gets the code, and which
command is run as the browser. POSIX only: Windows has access control lists instead.
"""

from __future__ import annotations

import os
import stat
import sys

from ... import errors
from ...errors.base import Remark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER_WRITERS = stat.S_IWGRP | stat.S_IWOTH
_WITHOUT_MODES = frozenset({"9p", "drvfs"})
_STAKES = "What it says decides where and how you sign in."
_WRITABLE = "{} can be written by other users"
_STORED = "Anyone who can write there could replace your tokens with theirs."


class PermissionsIgnored(Remark):
    """
    Warns that a file is used although others could have written it.

    This happens where its mode does not say who they are: as root in a container, whose files often
    lie on the host, and on Windows' drives in WSL. Elsewhere it is an error, with the same *fix*.
    """

    code = "permissions-ignored"

    def __init__(self, error: errors.FileUnsafe, why: str) -> None:
        super().__init__(f"{error.message}; it is believed {why}")
        self.fix = error.fix


def check_trusted(path: str, about: os.stat_result, *, sticky: bool = False) -> None:
    """
    Raise `FileUnsafe` if another user owns or can write the file or folder at *path*.

    *about* is the `fstat` of the open descriptor. This user, root and the user who called sudo may
    own it, and their private groups may write it, too. With *sticky*, others may write a folder
    that has the sticky bit: nobody can replace another's file in it.
    """
    if sys.platform == "win32" or _is_own(about):
        return
    owners = _owners()
    if about.st_uid not in owners:
        error = _foreign(path, about)
    elif (writers := _writers(about, owners)) and not (sticky and about.st_mode & stat.S_ISVTX):
        why = f"{_STAKES} Read it before you trust it again."
        error = errors.FileUnsafe(
            _WRITABLE.format(path), cause=why, path=path, **_closing(path, about, writers)
        )
    else:
        return
    if not (reason := _reason_to_ignore(about)):
        raise error
    import warnings

    warnings.warn(PermissionsIgnored(error, reason), stacklevel=2)


def check_own(path: str, about: os.stat_result) -> bool:
    """
    Raise `StoreUnsafe` unless this user alone owns and can write the file or folder at *path*.

    Return whether its mode counts. This is stricter than `check_trusted`: files that we write
    there belong to this process's user, and would lock another owner out.
    """
    if _is_own(about):
        return True
    if _file_system(about.st_dev) in _WITHOUT_MODES:
        return False
    check_owner(path, about)
    if writers := _writers(about, {_own_uid()}):
        raise errors.StoreUnsafe(
            _WRITABLE.format(path), cause=_STORED, path=path, **_closing(path, about, writers)
        )
    return True


def check_owner(path: str, about: os.stat_result) -> None:
    """Raise `StoreUnsafe` if files that we write below *path* would lock its owner out."""
    if about.st_uid != _own_uid():
        raise errors.StoreUnsafe(
            _belongs_to(path, about),
            cause="Under sudo, HOME may still be yours while the process is root's;"
            " or somebody else made the file.",
            fix="run the command as the owner of {path}, "
            "or set LOOPBACK_AUTH_HOME to a folder of your own",
            path=path,
        )


def check_link(
    path: str, about: os.stat_result, error: type[errors.FileUnsafe | errors.StoreUnsafe]
) -> None:
    """Raise *error* if the symbolic link *path*, whose `lstat` is *about*, is another user's."""
    if about.st_uid not in _owners():
        me = _own_uid()
        raise error(
            f"{path} is a symbolic link that somebody else made",
            cause="Whoever made it can point it somewhere else.",
            fix="`sudo chown -h {owner} {target}`" if me else "`chown -h {owner} {target}`",
            owner=_name_of(me),
            target=os.path.abspath(path),
            path=path,
        )


def is_foreign(about: os.stat_result) -> bool:
    """Return whether neither this user, root nor the user who called sudo owns what *about* is."""
    if sys.platform == "win32" or about.st_uid == _own_uid() or about.st_uid in _owners():
        return False
    return not _reason_to_ignore(about)


def _own_uid() -> int:
    if sys.platform == "win32":
        return 0
    return os.geteuid()


def _is_own(about: os.stat_result) -> bool:
    return about.st_uid == _own_uid() and not about.st_mode & _OTHER_WRITERS


def _owners() -> set[int]:
    owners = {_own_uid(), 0}
    if _own_uid() == 0 and (caller := os.environ.get("SUDO_UID", "")).isdecimal():
        owners.add(int(caller))
    return owners


def _writers(about: os.stat_result, owners: set[int]) -> str:
    """Return which others can write, in the letters of `chmod`: "", "g", "o" or "go"."""
    from ..process.users import is_group_of_one

    group = about.st_mode & stat.S_IWGRP and not is_group_of_one(about.st_gid, owners)
    return ("g" if group else "") + ("o" if about.st_mode & stat.S_IWOTH else "")


def _belongs_to(path: str, about: os.stat_result) -> str:
    numbers = f"uid {about.st_uid}, this process runs as {_own_uid()}"
    return f"{path} belongs to another user ({numbers})"


def _foreign(path: str, about: os.stat_result) -> errors.FileUnsafe:
    me = _own_uid()
    return errors.FileUnsafe(
        _belongs_to(path, about),
        cause=f"{_STAKES} Read it before you make it yours.",
        fix="`sudo chown {owner} {target}`" if me else "`chown {owner} {target}`",
        owner=_name_of(me),
        target=os.path.abspath(path),
        path=path,
    )


def _closing(path: str, about: os.stat_result, writers: str) -> dict[str, str]:
    """Return the fix that closes *path* to *writers*, and its facts."""
    is_ours = _own_uid() in (0, about.st_uid)
    return {
        "fix": "`chmod {mode} {target}`" if is_ours else "`sudo chmod {mode} {target}`",
        "mode": f"{writers}-w",
        "target": os.path.abspath(path),
    }


def _name_of(uid: int) -> str:
    from ..process.users import user_name

    return user_name(uid) or str(uid)


def quoted(path: str) -> str:
    """Return *path* for a shell: one word, and no option."""
    from shlex import quote

    return quote(os.path.abspath(path))


def _reason_to_ignore(about: os.stat_result) -> str:
    if (kind := _file_system(about.st_dev)) in _WITHOUT_MODES:
        return f"on {kind}, where modes mean nothing"
    if _own_uid() == 0:
        from ..interaction.environment import surroundings

        if surroundings().container:
            return "as root in a container"
    return ""


def _file_system(device: int) -> str:
    """Return the type of the file system that is mounted as *device*; "" where nobody says."""
    if sys.platform == "win32":
        return ""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            return file_system_in(mounts, f"{os.major(device)}:{os.minor(device)}")
    except OSError:
        return ""


def file_system_in(mounts: Iterable[str], device: str) -> str:
    """Return the file system type of *device*, "MAJOR:MINOR", by proc_pid_mountinfo(5)."""
    for line in mounts:
        # ID, parent, device, root, mount point, options; optional fields; then " - " and the type.
        where, _, what = line.partition(" - ")
        if where.split()[2:3] == [device] and what:
            return what.split()[0]
    return ""
