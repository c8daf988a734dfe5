"""
What is trusted of projects: a private file for each, which holds the trusted text itself.

The text is compared, and not a digest of it: that is as strict, and `token` loads no hash for it.
"""

from __future__ import annotations

import json
import os

from ..files.private_folder import create_private_folder, open_private_folder, temporary_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PRIME = 2**61 - 1


class TrustRecords:
    """The records below *home*. Methods raise `StoreError` where they cannot be reached."""

    def __init__(self, home: str) -> None:
        self._folder = os.path.join(home, "projects")

    def load(self, path: str) -> dict[str, Any] | None:
        """Return the record of the project file *path*; `None` where there is none to be used."""
        with open_private_folder(self._folder) as folder:
            content = folder.read(_name(path)) if folder else None
        try:
            record = json.loads(content or b"null")
        except ValueError:
            return None
        is_its = isinstance(record, dict) and record.get("path") == path
        is_whole = is_its and record.get("version") == 1 and isinstance(record.get("text"), str)
        return record if is_whole and isinstance(record.get("document"), dict) else None

    def save(self, path: str, *, text: str, document: dict[str, Any]) -> None:
        """Record that *text*, which says *document*, is trusted as the file *path*."""
        about = {"version": 1, "path": path, "id": id_of(path)}
        content = json.dumps({**about, "text": text, "document": document}).encode()
        # Late: `token` reads records, and never writes one.
        from ..files.file_lock import lock_file

        with (
            create_private_folder(self._folder) as folder,
            lock_file(folder, "projects.lock"),
        ):
            # A process that was killed left them.
            folder.remove_temporary_files("project")
            folder.replace(_name(path), content, temporary=temporary_name("project"))

    def remove(self, path: str) -> bool:
        """Remove the record of the project file *path*; return whether there was one."""
        with open_private_folder(self._folder) as folder:
            return bool(folder and folder.remove(_name(path)))


def id_of(path: str) -> str:
    """
    Return the ID of the project whose file is *path*.

    It is the path's alone: a file that is changed keeps its profiles' tokens.
    """
    # Late: loading it takes longer than all that `token` does in a trusted project.
    import hashlib

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _name(path: str) -> str:
    # A place to look, and nothing that has to be hard to forge: the record holds its path.
    return f"{int.from_bytes(os.fsencode(path)) % _PRIME:016x}.json"
