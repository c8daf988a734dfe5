"""What a token file says when it holds a sign-in. `token` loads this, so it loads nothing heavy."""

from __future__ import annotations

import json
from types import NoneType

from ...errors import StoreNewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 1
"""The newest document this program can read; `oauth.credential` writes it."""

STORAGES = ("file", "keyring")
"""Where tokens can be kept."""

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
    **dict.fromkeys(("extra", "identity", "client", "server", "settings"), dict),
}


def document_of(content: bytes) -> dict[str, Any]:
    """Return a stored sign-in; raises `ValueError` with the damage in words, `StoreNewer`."""
    document = object_of(content)
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueError("no version")  # noqa: TRY004 - a damaged file, whatever the damage
    if version > VERSION:
        raise StoreNewer(
            f"the token file was written by a later version of loopback-auth (format {version})"
        )
    if not isinstance(document.get("access_token"), str) or not document["access_token"]:
        raise ValueError("no access_token")
    check_members(document, _KINDS)
    return document


def check_members(
    document: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]]
) -> None:
    """
    Raise `ValueError` for a member of *document* that is there and not of its kind of *kinds*.

    Client, server and settings are looked into: what is sent, or read as an address, is text.
    """
    for name, kind in kinds.items():
        value = document.get(name)
        if not isinstance(value, (kind, NoneType)) or (kind is str and not _can_be_sent(value)):
            raise ValueError(f"{name} is of another kind")
    for outer in ("client", "server", "settings"):
        for name, value in (document.get(outer) or {}).items():
            if not (_fits(outer, name, value) and _can_be_sent(value)):
                raise ValueError(f"{outer}.{name} is of another kind")


def _fits(outer: str, name: str, value: object) -> bool:
    if name == "redirect_uris":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    is_text = outer == "client" or name in ("issuer", "provider") or name.endswith("_endpoint")
    return not is_text or isinstance(value, str) or (value is None and name != "client_id")


def _can_be_sent(value: object) -> bool:
    """Tell whether all text in *value* has an encoding; half of a surrogate pair has none."""
    if isinstance(value, str):
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_can_be_sent, inner))


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
