"""What a token file says: a sign-in, or where it is kept. On the path of `token`, so nothing heavy is imported here."""

from __future__ import annotations

import json
from types import NoneType

from ..errors import StoreNewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 1
"""The newest document this program can read; `oauth.credential` writes it."""

STORAGES = ("file", "keyring")
"""Where tokens can be kept."""

NOWHERE = "nowhere"
"""In place of them while the keyring's entry is being made or removed: what is there does not count."""

MARKS = ("storage", "entry", "backend")
"""What a token file says of tokens that are, or were, elsewhere."""

_KINDS: dict[str, type] = {
    **dict.fromkeys(("token_type", "refresh_token", "id_token", "scope", "obtained_at", "expires_at"), str),
    **dict.fromkeys(("extra", "identity", "client", "server", "settings"), dict),
}


def without_marks(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document that was read while it moved as it is elsewhere."""
    return {name: value for name, value in document.items() if name not in MARKS}


def document_of(content: bytes) -> dict[str, Any]:
    """Read a stored document; raises `ValueError` with the damage in words, `StoreNewer`."""
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a damaged file, whatever the damage
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueError("no version")  # noqa: TRY004 - as above
    if version > VERSION:
        raise StoreNewer(f"the token file was written by a later version of loopback-auth (format {version})")
    if not isinstance(document.get("access_token"), str) or not document["access_token"]:
        raise ValueError("no access_token")
    for name, kind in _KINDS.items():
        if not isinstance(document.get(name), (kind, NoneType)):
            raise ValueError(f"{name} is of another kind")  # noqa: TRY004 - as above
    return document


def place_of(content: bytes) -> dict[str, str] | None:
    """Tell where the tokens are that a token file of this *content* does not hold alone; `None` for a file like any other."""
    # Nearly every file is like any other, and costs a search.
    if b'"storage"' not in content:
        return None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return None
    place = {name: document[name] for name in MARKS if isinstance(document.get(name), str)}
    return place if place.get("storage") in (*STORAGES, NOWHERE) and place.get("entry") else None
