"""
The repository around a folder: its root, its project file and its remotes.

A repository is somebody else's work until its user has said otherwise. So a file is read once, up
to a limit, only where it is a plain file of this user's, and nothing above the root is looked at.
On the path of `token`: without a project file this costs a few calls of `lstat`.
"""

from __future__ import annotations

import os
import re
import stat

from ... import errors
from ..files.config_file import text_of
from ..files.permissions import is_foreign

PROJECT_FILE, PYPROJECT = ".loopback-auth.toml", "pyproject.toml"

OCTETS = 256 * 1024
"""The most that is read of a project file."""

_ROOTS = (".git", ".hg", ".jj", ".svn")
_READ = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY")
)
_TABLE = rb"(?m)^[ \t]*\[+[ \t]*tool[ \t]*\.[ \t]*[\"']?loopback-auth\b"


class ProjectText:
    """A project file as it was read: its resolved *path*, and its *text*."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text


class Repository:
    """The repository at *root*; *folders* are those from the one that was asked for up to it."""

    def __init__(self, root: str, folders: list[str]) -> None:
        self.root = root
        self._folders = folders

    def project_file(self) -> ProjectText | None:
        """
        Return the closest project file: `.loopback-auth.toml`, or `pyproject.toml` with our table.

        Raises:
            ConfigError: It cannot be read, is too large, a link, no plain file or no text.
            FileUnsafe: It, or the folder that it is in, is another user's.
        """
        for folder in self._folders:
            for name in (PROJECT_FILE, PYPROJECT):
                path = os.path.join(folder, name)
                if (content := _content(path)) is not None:
                    return ProjectText(path, _text(path, content))
        return None

    def remotes(self) -> list[str]:
        """Return the addresses of the remotes in git's configuration as `host/path`."""
        folder = os.path.join(self.root, ".git")
        if os.path.isfile(folder):
            # gitrepository-layout(5): of a worktree or a submodule.
            pointer = _few_octets(folder).removeprefix("gitdir:").strip()
            folder = os.path.join(self.root, pointer)
            common = _few_octets(os.path.join(folder, "commondir")).strip()
            folder = os.path.join(folder, common)
        found, is_remote = [], False
        for line in _few_octets(os.path.join(folder, "config")).splitlines():
            if line.lstrip().startswith("["):
                is_remote = line.split()[0].lower() == "[remote"
            elif is_remote and (url := re.match(r"\s*url\s*=\s*\"?([^\"\s]+)", line)):
                found.append(_host_and_path(url[1]))
        return found


def repository_around(folder: str) -> Repository | None:
    """Return the repository that *folder* is in; `None` where it is in none of this user's."""
    folders = []
    while True:
        folders.append(folder)
        for name in _ROOTS:
            try:
                about = os.lstat(os.path.join(folder, name))
            except OSError:
                continue
            # Whoever can write a folder above, /tmp say, could make it a repository.
            return None if is_foreign(about) else Repository(folder, folders)
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def working_directory() -> str | None:
    """Return the working directory without links; `None` where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _content(path: str) -> bytes | None:
    """Return what is in a project file; `None` where there is none, or no table of ours in it."""
    is_shared = os.path.basename(path) == PYPROJECT
    try:
        about = os.lstat(path)
    except OSError:
        return None
    try:
        _check_plain(about)
        descriptor = os.open(path, _READ)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            _check_plain(about)
            content = file.read(OCTETS + 1)
    except OSError as error:
        if is_shared:
            return None
        raise _unreadable(path, error.strerror or str(error)) from None
    if is_shared and not (b"loopback-auth" in content and re.search(_TABLE, content)):
        return None
    _check_own(path, about)
    if len(content) > OCTETS:
        raise _unreadable(path, f"it is larger than {OCTETS // 1024} KiB")
    return content


def _check_plain(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise OSError("it is a link" if stat.S_ISLNK(about.st_mode) else "it is not a regular file")


def _check_own(path: str, about: os.stat_result) -> None:
    folder = os.path.dirname(path)
    for each, its in ((path, about), (folder, os.stat(folder))):
        if is_foreign(its):
            raise errors.FileUnsafe(
                f"{each} belongs to another user",
                cause="A project file says where you sign in; nobody else's is used.",
                fix="work in a clone of your own, or name a profile that you have already:"
                " `loopback-auth login NAME`",
                path=path,
            )


def _text(path: str, content: bytes) -> str:
    try:
        return text_of(content)
    except ValueError as error:
        raise _unreadable(path, str(error)) from None


def _unreadable(path: str, why: str) -> errors.ConfigError:
    return errors.ConfigError(
        f"{path}:1:1: error: cannot be read: {why}",
        cause="It is this repository's project file, which says how its people sign in.",
        fix="correct {path}, or name a profile that you have already: `loopback-auth login NAME`",
        path=path,
    )


def _few_octets(path: str) -> str:
    """Return the text of one of git's files; "" where it cannot be had."""
    try:
        descriptor = os.open(path, _READ)
        with os.fdopen(descriptor, "rb") as file:
            _check_plain(os.fstat(descriptor))
            return file.read(OCTETS).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def _host_and_path(url: str) -> str:
    """Return `github.com/acme/shop` of `git@github.com:acme/shop.git` and its other forms."""
    if found := re.fullmatch(r"[a-z+]+://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.*)", url, re.IGNORECASE):
        host, path = found.groups()
    else:
        host, _, path = url.rpartition("@")[2].partition(":")
    return f"{host.lower()}/{path.strip('/').removesuffix('.git')}"
