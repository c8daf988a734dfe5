"""Sign-ins that were begun here and are finished by hand: one file a profile, 0600, good for a quarter of an hour and for one use."""

from __future__ import annotations

import json
import os

from .home import absolute_folder
from .private_folder import opened
from .store import check_profile_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class PendingSignIns:
    """The folder `pending` below *home*. What is in it holds the verifier, and perhaps the client's secret."""

    def __init__(self, home: str | bytes | os.PathLike[str]) -> None:
        self._folder = os.path.join(absolute_folder(home), "pending")

    def keep(self, profile: str, document: Mapping[str, Any]) -> None:
        """Write *document*, in the place of an earlier one; raises `StoreError`."""
        name = f"{check_profile_name(profile)}.json"
        with opened(self._folder, create=True) as folder:
            assert folder is not None  # noqa: S101 - it was created
            content = json.dumps(dict(document)).encode()
            folder.replace(name, content, temporary=f".{profile}~{os.urandom(8).hex()}.tmp")

    def load(self, profile: str) -> dict[str, Any] | None:
        """Give what is kept, or `None`; a file that is no such document is none."""
        with opened(self._folder, create=False) as folder:
            octets = folder.read(f"{check_profile_name(profile)}.json") if folder else None
        try:
            document = json.loads(octets or b"")
        except ValueError:
            return None
        return document if isinstance(document, dict) else None

    def remove(self, profile: str) -> None:
        """Forget it."""
        with opened(self._folder, create=False) as folder:
            if folder:
                folder.remove(f"{check_profile_name(profile)}.json")
