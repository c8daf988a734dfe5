"""
Sign-ins that were begun here and are finished by hand, a file each.

A file is 0600 and holds the PKCE verifier; it is good for a quarter of an hour and for one use.
"""

from __future__ import annotations

import json
import os

from ..store.document import check_members
from ..store.file_store import check_profile_name
from .home import absolute_folder
from .private_folder import create_private_folder, open_private_folder, temporary_name

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
_OPTIONAL_KINDS = {"nonce": str, "resource": list, "sent": list, "flags": list}


class PendingSignIns:
    """The folder `pending` below *home*; its files hold verifiers, and perhaps client secrets."""

    def __init__(self, home: str | bytes | os.PathLike[str]) -> None:
        self._folder = os.path.join(absolute_folder(home), "pending")

    def save(self, profile: str, document: Mapping[str, Any]) -> None:
        """Write the *document* of *profile*, replacing an earlier one, or raise `StoreError`."""
        name = f"{check_profile_name(profile)}.json"
        with create_private_folder(self._folder) as folder:
            content = json.dumps(dict(document)).encode()
            folder.replace(name, content, temporary=temporary_name(profile))

    def load(self, profile: str) -> dict[str, Any] | None:
        """Return the document of *profile*; `None` where there is none, or a damaged one."""
        with open_private_folder(self._folder) as folder:
            octets = folder.read(f"{check_profile_name(profile)}.json") if folder else None
        try:
            document = json.loads(octets or b"")
            if not isinstance(document, dict) or any(document.get(name) is None for name in _KINDS):
                return None
            check_members(document, {**_KINDS, **_OPTIONAL_KINDS})
        except (ValueError, RecursionError):
            return None
        return document

    def profiles(self) -> list[str]:
        """Return the profiles that have a document, sorted."""
        with open_private_folder(self._folder) as folder:
            names = folder.names() if folder else []
        return [name.removesuffix(".json") for name in names if name.endswith(".json")]

    def remove(self, profile: str) -> None:
        """Remove the document of *profile*, if there is one, or raise `StoreError`."""
        with open_private_folder(self._folder) as folder:
            if folder:
                folder.remove(f"{check_profile_name(profile)}.json")
