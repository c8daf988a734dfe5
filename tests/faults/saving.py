"""
A save, as a process of its own, over a document that is there already and beside what a killed
process has left.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from loopback_auth.edge.store.file_store import FileStore

from ..support.children import PRELUDE

if TYPE_CHECKING:
    from pathlib import Path

_SAVE = """
try:
    FileStore(sys.argv[1]).save("work", document("new", 1000))
except LoopbackAuthError as error:
    print(error.code, error)
    sys.exit(error.exit_code)
"""


def document(token: str) -> dict[str, Any]:
    padding = token[:1] * 1000
    return {
        "version": 1,
        "access_token": token,
        "token_type": "Bearer",
        "extra": {"padding": padding},
    }


OLD, NEW = document("old"), document("new")


def save(home: Path) -> tuple[str, ...]:
    """Give the command that saves `NEW`."""
    return sys.executable, "-c", PRELUDE + _SAVE, str(home)


def saved_once(home: Path) -> FileStore:
    """
    Save `OLD` in *home*, and leave what a process leaves that is killed before it could rename its
    file.
    """
    home.mkdir()
    store = FileStore(str(home))
    store.save("work", OLD)
    leftover = home / "tokens" / ".work~0123456789abcdef.tmp"
    leftover.write_text('{"access_token": "left')
    leftover.chmod(0o600)
    return store


def left_behind(home: Path) -> list[str]:
    return sorted({path.name for path in (home / "tokens").iterdir()} - {"work.json", "work.lock"})
