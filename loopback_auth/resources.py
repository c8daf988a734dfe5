"""
The data files of this package, wherever it was loaded from: a folder, a zipapp, a program made by
PyInstaller.

They are read through the package's own loader, which is there already: `importlib.resources` costs
more to import than all that `login` does before its address is shown, and is used only to list what
no folder holds.
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
    """
    Return where PyInstaller finds the hook that brings these files along; it asks by the entry
    point.
    """
    return [location("pyinstaller")]


def location(name: str) -> str:
    """Return where the file or folder *name* of the package is; that need not be on any disk."""
    return os.path.join(next(iter(_PACKAGE.__path__)), *name.split("/"))


@cache
def read(name: str) -> bytes:
    """
    Return the content of the file *name*, read once; raise `OSError` where there is none.

    What is needed at the end of a long wait is read before it: an upgrade may take the file away.
    """
    loader: Any = _PACKAGE.__loader__
    content: bytes = loader.get_data(location(name))
    return content


def names(folder: str, suffix: str) -> list[str]:
    """List the files of *folder* that end with *suffix*, without it, sorted."""
    if os.path.isdir(location(folder)):
        found = os.listdir(location(folder))
    else:
        from importlib.resources import files

        found = [entry.name for entry in files(_PACKAGE).joinpath(folder).iterdir()]
    return sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix))
