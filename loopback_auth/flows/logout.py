"""Signing out: revoke where the server can, forget in any case."""

from __future__ import annotations

import os
from enum import Enum

from ..errors import SignInNeeded
from ..oauth.credential import Credential
from .revocation import revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..edge.store import FileStore
    from .discovery import Transport


class Revocation(Enum):
    """What became of the tokens at the server."""

    REVOKED = "revoked"
    NOT_ASKED = "not asked"
    NOT_OFFERED = "not offered"
    FAILED = "failed"


async def logout(
    profile: str, *, store: FileStore, transport: Transport | None, environ: Mapping[str, str] = os.environ
) -> Revocation:
    """
    Forget *profile*; with a *transport* the server is asked to revoke its tokens first.

    *environ* holds the client's secret where the sign-in was told so. Raises `SignInNeeded` when nothing was stored.
    """
    document = store.load(profile)
    if document is None:
        raise SignInNeeded(f"nobody is signed in to the profile {profile}", profile=profile)
    outcome = Revocation.NOT_ASKED
    try:
        if transport is not None:
            outcome = await _revoked(Credential.from_document(document), transport, environ)
    finally:
        store.remove(profile)
    return outcome


async def _revoked(credential: Credential, transport: Transport, environ: Mapping[str, str]) -> Revocation:
    if credential.server.revocation_endpoint is None:
        return Revocation.NOT_OFFERED
    done = await revoke(
        credential.tokens,
        client=credential.client_with_secret(environ),
        server=credential.server,
        transport=transport,
    )
    return Revocation.REVOKED if done else Revocation.FAILED
