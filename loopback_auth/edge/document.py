"""What a token file says when it holds a sign-in. `token` loads this, so it loads nothing heavy."""

from __future__ import annotations

import json
from types import NoneType

from ..errors import StoreNewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
"""The newest document this program can read; `oauth.credential` writes it."""

STORAGES = ("file", "keyring")
"""Where tokens can be kept."""

_KINDS: dict[str, type] = {
    **dict.fromkeys(("token_type", "refresh_token", "id_token", "scope", "obtained_at", "expires_at"), str),
    **dict.fromkeys(("extra", "identity", "client", "server", "settings"), dict),
}


def document_of(content: bytes) -> dict[str, Any]:
    """Return a stored sign-in; raises `ValueError` with the damage in words, `StoreNewer`."""
    document = object_of(content)
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueError("no version")  # noqa: TRY004 - a damaged file, whatever the damage
    if version > VERSION:
        raise StoreNewer(f"the token file was written by a later version of loopback-auth (format {version})")
    if not isinstance(document.get("access_token"), str) or not document["access_token"]:
        raise ValueError("no access_token")
    for name, kind in _KINDS.items():
        if not isinstance(document.get(name), (kind, NoneType)):
            raise ValueError(f"{name} is of another kind")  # noqa: TRY004 - as above
    return document


def object_of(content: bytes) -> dict[str, Any]:
    """Return a JSON object; raises `ValueError`."""
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a damaged file, whatever the damage
    return document


def may_point_elsewhere(content: bytes) -> bool:
    """Tell whether a token file may be a `keyring_record`; nearly none is, which costs a search."""
    return b'"storage"' in content
