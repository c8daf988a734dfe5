"""
Undoing, for the programs we start, what PyInstaller's bootloader changed in the environment.

Else they would load the bundle's libraries instead of the system's, and another program made by
PyInstaller would take the bundle for its own.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "LIBPATH")
_OWN = ("_PYI_", "_MEIPASS")


def bundle() -> str | None:
    """Return the folder that this program was unpacked to; `None` where it is no bundle."""
    folder: str | None = getattr(sys, "_MEIPASS", None)
    return folder


def as_started(environ: Mapping[str, str], bundle: str | None) -> dict[str, str]:
    """
    Return *environ* as it was before the bootloader changed it.

    Library paths have their former values, and no path leads into *bundle*. See "Launching external
    programs" in https://pyinstaller.org/en/stable/common-issues-and-pitfalls.html
    """
    if bundle is None:
        return dict(environ)
    left = {name: value for name, value in environ.items() if not name.startswith(_OWN)}
    for name in _LIBRARY_PATHS:
        # Absent where the variable was not set: then all of its value is the bundle's.
        original = left.pop(f"{name}_ORIG", None)
        if original is not None:
            left[name] = original
    return {
        name: kept for name, value in left.items() if (kept := _outside(value, bundle)) is not None
    }


def _outside(value: str, bundle: str) -> str | None:
    """Return the path list *value* without the paths in *bundle*; `None` if no other is left."""
    if bundle not in value:
        return value
    kept = [
        part
        for part in value.split(os.pathsep)
        if part != bundle and not part.startswith(bundle + os.sep)
    ]
    return os.pathsep.join(kept) if any(kept) else None


@contextmanager
def system_libraries() -> Iterator[None]:
    """Let a program that the block starts load Windows' own libraries, not the bundle's."""
    folder = bundle()
    if sys.platform != "win32" or folder is None:
        yield
        return
    import ctypes

    ctypes.windll.kernel32.SetDllDirectoryW(None)
    try:
        yield
    finally:
        ctypes.windll.kernel32.SetDllDirectoryW(folder)
