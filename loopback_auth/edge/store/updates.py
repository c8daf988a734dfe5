"""Changes to what is stored that hold only if it is still what somebody saw, for any store."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .interface import Store

AMEND_TIMEOUT_S = 1.0
"""How long to wait with what is good to know, and no more."""


def amend(store: Store, profile: str, document: Mapping[str, Any]) -> bool:
    """
    Store what was learned about the tokens of *document*, unless others are stored by now.

    Return whether that was done. A refresh may have come between, whose refresh token is the only
    one that works.

    Raises:
        StoreError: Nothing was stored, and the old document is untouched.
    """
    with store.locked(profile, timeout_s=AMEND_TIMEOUT_S) as locked:
        stored = locked.load()
        is_of_these = stored is not None and all(
            stored.get(name) == document.get(name) for name in ("access_token", "refresh_token")
        )
        if is_of_these:
            locked.save(document)
        return is_of_these


def put_back(
    store: Store,
    profile: str,
    before: Mapping[str, Any] | None,
    *,
    instead_of: Mapping[str, Any],
) -> bool:
    """
    Store *before* again, or nothing for `None`, if *instead_of* is still what is stored.

    Return whether it was; then the tokens of *profile* count as unchanged.

    Raises:
        StoreError: Nothing was stored, and what was there is untouched.
    """
    with store.locked(profile) as locked:
        stored = locked.load()
        if stored is None or stored.get("access_token") != instead_of.get("access_token"):
            return False
        if before is None:
            locked.remove()
        else:
            locked.save(before, is_only_copy=True)
    store.record_change(profile, has_changed=False)
    return True
