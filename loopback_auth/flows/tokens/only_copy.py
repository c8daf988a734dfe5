"""Saving tokens that nobody else has: of a finished sign-in, and of a refresh that rotated."""

from __future__ import annotations

from ...notices import Warned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...edge.store.interface import LockedDocument
    from ...oauth.credential import Credential
    from ...seams import Notify


def save_only_copy(credential: Credential, locked: LockedDocument, notify: Notify) -> None:
    """Store *credential*; in the file, with a notice, where the keyring does not take it."""
    refused = locked.save(credential.to_document(), is_only_copy=True)
    if refused is not None:
        kept = f"so the tokens are in a file that only you can read: {locked.path}"
        way = f"to move them to the keyring: loopback-auth refresh {credential.profile}"
        notify(Warned(code=refused.code, message=f"{refused.message}; {kept}; {way}"))
