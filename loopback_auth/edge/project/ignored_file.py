"""A project file that counts for nobody, since it is no repository's own."""

from __future__ import annotations

import os
from contextlib import suppress

from ..files.permissions import is_foreign
from .repository import PROJECT_FILE, repository_around, working_directory


class IgnoredProjectFile:
    """A project file at *path* that counts for nobody; *root* is that of the repository, if any."""

    def __init__(self, path: str, root: str) -> None:
        self.path = path
        self._root = root

    @property
    def why_ignored(self) -> str:
        """The reason, as a sentence."""
        where = f"is above the repository {self._root}" if self._root else "is in no repository"
        return f"{self.path} does not count: it {where} (git, hg, jj, svn)."

    @property
    def folder(self) -> str:
        """The folder that has only to be a repository, for the file to count; "" for none."""
        folder = os.path.dirname(self.path)
        is_home = folder == os.path.realpath(os.path.expanduser("~"))
        return "" if self._root or is_home else folder


def ignored_project_file(folder: str | None = None) -> IgnoredProjectFile | None:
    """
    Return this user's closest `.loopback-auth.toml` in *folder* or above that does not count.

    By default *folder* is the working directory. Only a repository's own file counts.
    """
    folder = folder or working_directory()
    repository = repository_around(folder) if folder else None
    above = os.path.dirname(repository.root) if repository else folder
    while above:
        path = os.path.join(above, PROJECT_FILE)
        with suppress(OSError):
            if not is_foreign(os.lstat(path)):
                return IgnoredProjectFile(path, repository.root if repository else "")
        above = "" if above == os.path.dirname(above) else os.path.dirname(above)
    return None
