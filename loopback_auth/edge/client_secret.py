"""Keeping a client secret that was typed in, where only its owner can read it."""

from __future__ import annotations

import os

from .private_folder import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..oauth.secret import Secret


def keep_client_secret(home: str, profile: str, secret: Secret) -> str:
    """Write *secret* to a file of its own below *home*, 0600 in a folder 0700, for `client_secret_file`; give its path."""
    path = os.path.join(home, "client-secrets", profile)
    with opened(os.path.dirname(path), create=True) as folder:
        assert folder is not None  # noqa: S101 - it was created
        content = secret.reveal().encode("utf-8", "surrogateescape")
        folder.replace(profile, content, temporary=f".{profile}~{os.urandom(8).hex()}.tmp")
    return path
