"""Reading a token file that holds a sign-in. `token` imports this, so it imports nothing heavy."""

from __future__ import annotations

import json
from types import NoneType

from ... import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 1
"""The newest format of documents that this version reads; `oauth.credential` writes it."""

STORAGES = ("file", "keyring")
"""The values of the setting `storage`."""

_KINDS: dict[str, type] = {
    **dict.fromkeys(
        (
            "access_token",
            "token_type",
            "refresh_token",
            "id_token",
            "scope",
            "obtained_at",
            "expires_at",
        ),
        str,
    ),
    **dict.fromkeys(("extra", "identity", "client", "server", "settings", "grant"), dict),
}


class DocumentDamaged(ValueError):
    """Raised for content that is no document of ours; the message says why."""


def document_of(content: bytes) -> dict[str, Any]:
    """
    Return the sign-in that a token file of this *content* holds.

    Raises:
        ValueError: It is damaged; the message says how.
        StoreNewer: A later version of this program wrote it.
    """
    document = object_of(content)
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise DocumentDamaged("no version")
    if version > VERSION:
        raise errors.StoreNewer(
            f"the token file was written by a later version of loopback-auth (format {version})"
        )
    if not isinstance(document.get("access_token"), str) or not document["access_token"]:
        raise DocumentDamaged("no access_token")
    check_members(document, _KINDS)
    return document


def check_members(
    document: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]]
) -> None:
    """
    Raise `DocumentDamaged` if a member of *document* is not of the type that *kinds* has for it.

    So it does for members of `client`, `server` and `settings` that are sent or used as addresses
    and are no text. A member that is missing or `None` passes.
    """
    for name, kind in kinds.items():
        value = document.get(name)
        if not isinstance(value, (kind, NoneType)) or (kind is str and not _can_be_sent(value)):
            raise DocumentDamaged(f"{name} is of another kind")
    for outer in ("client", "server", "settings"):
        for name, value in (document.get(outer) or {}).items():
            if not (_fits(outer, name, value) and _can_be_sent(value)):
                raise DocumentDamaged(f"{outer}.{name} is of another kind")


def _fits(outer: str, name: str, value: object) -> bool:
    if name == "redirect_uris":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    is_text = outer == "client" or name in ("issuer", "provider") or name.endswith("_endpoint")
    return not is_text or isinstance(value, str) or (value is None and name != "client_id")


def _can_be_sent(value: object) -> bool:
    """Return whether all text in *value* can be encoded; half of a surrogate pair cannot."""
    if isinstance(value, str):
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_can_be_sent, inner))


def object_of(content: bytes) -> dict[str, Any]:
    """Return the JSON object that *content* is, or raise `ValueError`."""
    try:
        document = json.loads(content)
    except RecursionError:
        raise DocumentDamaged("nested too deep") from None
    if not isinstance(document, dict):
        raise DocumentDamaged("not a JSON object")
    return document


def may_point_elsewhere(content: bytes) -> bool:
    """Return whether a token file may be a `keyring_record`. This is one search: nearly none is."""
    return b'"storage"' in content
