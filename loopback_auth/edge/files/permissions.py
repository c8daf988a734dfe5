"""
Who may own, and who may write, what this program believes: one rule for every file and folder.

Whoever can write config.toml or a provider file chooses which server gets the code, and which
command is run as the browser. POSIX only: Windows has access control lists instead.
"""

from __future__ import annotations

import os
import stat
import sys

from ...errors import FileUnsafe, StoreUnsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER_WRITERS = stat.S_IWGRP | stat.S_IWOTH
_WITHOUT_MODES = frozenset({"9p", "drvfs"})
_BELIEVED = "What it says decides where and how you sign in."
_WRITABLE = "{} can be written by other users"
_STORED = "Whoever can write there could put tokens of theirs in place of yours."


class PermissionsIgnored(UserWarning):
    """
    A file that others could have written is believed all the same.

    Warned of where its mode cannot say who they are: to root in a container, whose files often lie
    on the host, and on Windows' drives in WSL. *fix* is that of the error it would be elsewhere.
    """

    def __init__(self, error: FileUnsafe, why: str) -> None:
        super().__init__(f"{error.message}; it is believed {why}")
        self.fix = error.fix


def check_believable(path: str, about: os.stat_result, *, sticky: bool = False) -> None:
    """
    Raise `FileUnsafe` where another user decides what the file or folder at *path* says.

    *about* is what `fstat` says of the opened descriptor. Owners may be this user, root, and under
    sudo the user who called it; writers their own private groups, too. In a folder that is *sticky*
    nobody can take the place of another's file.
    """
    if sys.platform == "win32" or _is_own(about):
        return
    owners = _owners()
    if about.st_uid not in owners:
        error = _foreign(path, about)
    elif (writers := _writers(about, owners)) and not (sticky and about.st_mode & stat.S_ISVTX):
        why = f"{_BELIEVED} Read it before you trust it again."
        error = FileUnsafe(
            _WRITABLE.format(path), cause=why, fix=_closed(path, about, writers), path=path
        )
    else:
        return
    if not (reason := _reason_to_ignore(about)):
        raise error
    import warnings

    warnings.warn(PermissionsIgnored(error, reason), stacklevel=2)


def check_own(path: str, about: os.stat_result) -> bool:
    """
    Raise `StoreUnsafe` where the file or folder at *path* is not for this user alone to write.

    Return whether its mode counts. Stricter than `check_believable`: what is written there would
    belong to this process, and lock the owner of the folder out.
    """
    if _is_own(about):
        return True
    if _file_system(about.st_dev) in _WITHOUT_MODES:
        return False
    check_owner(path, about)
    if writers := _writers(about, {_own_uid()}):
        fix = _closed(path, about, writers)
        raise StoreUnsafe(_WRITABLE.format(path), cause=_STORED, fix=fix, path=path)
    return True


def check_owner(path: str, about: os.stat_result) -> None:
    """Raise `StoreUnsafe` where what is written below *path* would lock its owner out."""
    if about.st_uid != _own_uid():
        raise StoreUnsafe(
            _belongs_to(path, about),
            cause="Under sudo, HOME may still be yours while the process is root's;"
            " or somebody else made the file.",
            fix=f"run the command as the owner of {path}, or set LOOPBACK_AUTH_HOME to a folder of your own",
            path=path,
        )


def check_link(path: str, about: os.stat_result, error: type[FileUnsafe | StoreUnsafe]) -> None:
    """Raise *error* where somebody else made the symbolic link at *path*; *about* is of `lstat`."""
    if stat.S_ISLNK(about.st_mode) and about.st_uid not in _owners():
        me = _own_uid()
        raise error(
            f"{path} is a symbolic link that somebody else made",
            cause="Whoever made it can lead it elsewhere.",
            fix=f"{_sudo(me)}chown -h {_name_of(me)} {quoted(path)}",
            path=path,
        )


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
    """Return which others can write, as `chmod` calls them: "", "g", "o" or "go"."""
    from ..process.users import is_group_of_one

    group = about.st_mode & stat.S_IWGRP and not is_group_of_one(about.st_gid, owners)
    return ("g" if group else "") + ("o" if about.st_mode & stat.S_IWOTH else "")


def _belongs_to(path: str, about: os.stat_result) -> str:
    numbers = f"uid {about.st_uid}, this process runs as {_own_uid()}"
    return f"{path} belongs to another user ({numbers})"


def _foreign(path: str, about: os.stat_result) -> FileUnsafe:
    me = _own_uid()
    return FileUnsafe(
        _belongs_to(path, about),
        cause=f"{_BELIEVED} Read it before you make it yours.",
        fix=f"{_sudo(me)}chown {_name_of(me)} {quoted(path)}",
        path=path,
    )


def _closed(path: str, about: os.stat_result, writers: str) -> str:
    """Return the command that closes *path* to *writers*."""
    me = _own_uid()
    return f"{_sudo(me) if about.st_uid != me else ''}chmod {writers}-w {quoted(path)}"


def _sudo(me: int) -> str:
    return "sudo " if me else ""


def _name_of(uid: int) -> str:
    from ..process.users import user_name

    return user_name(uid) or str(uid)


def quoted(path: str) -> str:
    """Return *path* as a shell takes it for one word and for no option."""
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
    """Return the kind of the file system that is mounted as *device*; "" where nobody knows."""
    if sys.platform == "win32":
        return ""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            return file_system_in(mounts, f"{os.major(device)}:{os.minor(device)}")
    except OSError:
        return ""


def file_system_in(mounts: Iterable[str], device: str) -> str:
    """Return the kind of *device*, "MAJOR:MINOR", by the lines of proc_pid_mountinfo(5)."""
    for line in mounts:
        # ID, parent, device, root, mount point, options; optional fields; then " - " and the kind.
        where, _, what = line.partition(" - ")
        if where.split()[2:3] == [device] and what:
            return what.split()[0]
    return ""
