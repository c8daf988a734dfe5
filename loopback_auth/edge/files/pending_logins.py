"""
Sign-ins that were begun here and are finished by hand: one file a profile, 0600, good for a quarter
of an hour and for one use.
"""

from __future__ import annotations

import json
import os

from ..store.document import check_members
from ..store.file_store import check_profile_name
from .home import absolute_folder
from .private_folder import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


_TEXTS = ("state", "code_verifier", "redirect_uri", "scope")
_KINDS: dict[str, type | tuple[type, ...]] = {
    "until": (int, float),
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(("client", "server", "settings"), dict),
}
_PERHAPS = {"nonce": str, "resource": list, "sent": list}


class PendingSignIns:
    """
    The folder `pending` below *home*. What is in it holds the verifier, and perhaps the client's
    secret.
    """

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
            if not isinstance(document, dict) or any(document.get(name) is None for name in _KINDS):
                return None
            check_members(document, {**_KINDS, **_PERHAPS})
        except (ValueError, RecursionError):
            return None
        return document

    def remove(self, profile: str) -> None:
        """Forget it."""
        with opened(self._folder, create=False) as folder:
            if folder:
                folder.remove(f"{check_profile_name(profile)}.json")
