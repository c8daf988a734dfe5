"""
What outlives the tokens of a profile: the settings of its last sign-in, in a file beside them.

A sign-in writes it without the client's secret, since a token file may be damaged. A sign-out
leaves it with the secret, if that was in the token file; what only the keyring had goes with it.
"""

from __future__ import annotations

import json
from contextlib import suppress

from ...errors import StoreError
from ..files.private_folder import open_private_folder, temporary_name
from .document import check_members, object_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..files.private_folder import PrivateFolder

SUFFIX = ".settings"
"""Behind a profile's name, where the token file has `.json`."""

_MEMBERS = ("profile", "client", "server", "settings", "learned_lifetime", "lacks_secret")
_KINDS = {"profile": str, "lacks_secret": bool, **dict.fromkeys(_MEMBERS[1:4], dict)}


def remember(
    folder: PrivateFolder, document: Mapping[str, Any], profile: str, *, with_secret: bool = False
) -> None:
    """Write what *document* has of settings; the tokens count, so that a failure is none."""
    kept: dict[str, Any] = {name: document[name] for name in _MEMBERS if document.get(name)}
    client = dict(kept.get("client") or {})
    if not with_secret and client.pop("client_secret", None):
        kept.update(client=client, lacks_secret=True)
    content = json.dumps({**kept, "profile": profile}, indent=2).encode()
    with suppress(StoreError):
        if folder.read(profile + SUFFIX) != content:
            temporary = temporary_name(profile)
            folder.replace(profile + SUFFIX, content, temporary=temporary)


def remembered(path: str, profile: str) -> dict[str, Any] | None:
    """
    Return the settings of the last sign-in to *profile* from the folder at *path*.

    They are in the form of a stored document. `None`: there are none, or they cannot be read.
    """
    with suppress(StoreError, ValueError), open_private_folder(path) as folder:
        found = object_of((folder and folder.read(profile + SUFFIX)) or b"")
        check_members(found, _KINDS)
        return found
    return None


def remembered_profiles(path: str) -> list[str]:
    """Return the profiles of which the folder at *path* has settings, sorted."""
    with open_private_folder(path) as folder:
        names = folder.names() if folder else []
    return [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]


def forget(path: str, profile: str) -> bool:
    """Remove those settings; return whether there were any."""
    with open_private_folder(path) as folder:
        return bool(folder and folder.remove(profile + SUFFIX))
