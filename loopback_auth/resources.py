"""
The data files of this package, loaded from a folder, a zipapp or a program made by PyInstaller.

They are read by the package's own loader. `importlib.resources` takes longer to import than `login`
takes until its address is shown, and is used only to list files where there is no folder.
"""

from __future__ import annotations

import os
import sys
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGE = sys.modules[__name__.rpartition(".")[0]]


def hook_folders() -> list[str]:
    """Return the folder of the PyInstaller hook that includes these files; an entry point."""
    return [location("pyinstaller")]


def location(name: str) -> str:
    """Return the path of the file or folder *name* of the package, which may be in an archive."""
    return os.path.join(next(iter(_PACKAGE.__path__)), *name.split("/"))


@cache
def read(name: str) -> bytes:
    """
    Return the content of the file *name*, which is read once.

    Read what is needed after a long wait before it: an upgrade may remove the file.

    Raises:
        OSError: There is no such file.
    """
    loader: Any = _PACKAGE.__loader__
    content: bytes = loader.get_data(location(name))
    return content


def names(folder: str, suffix: str) -> list[str]:
    """Return the names of the files of *folder* that end with *suffix*, without it, sorted."""
    if os.path.isdir(location(folder)):
        found = os.listdir(location(folder))
    else:
        from importlib.resources import files

        found = [entry.name for entry in files(_PACKAGE).joinpath(folder).iterdir()]
    return sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix))
