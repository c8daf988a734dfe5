"""Signing out: revoke where the server can, forget in any case."""

from __future__ import annotations

from contextlib import ExitStack
from enum import Enum

from ...errors import UsageError
from ...oauth.credential import Credential
from ..services import Services, client_as_far_as_known
from .freshness import signed_in
from .profile_lock import lock_profile
from .revocation import revoke_both

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...edge.store.interface import Store
    from ...oauth.http.transport import Transport


class Revocation(Enum):
    """What became of the tokens at the server."""

    REVOKED = "revoked"
    NOT_ASKED = "not asked"
    NOT_OFFERED = "not offered"
    FAILED = "failed"


async def logout(
    profile: str,
    *,
    store: Store,
    transport: Transport | None,
    environ: Mapping[str, str] | None = None,
) -> Revocation:
    """
    Forget the tokens of *profile*, and return what became of them; without a *transport* the server
    is not asked to revoke them. The settings stay, for the next sign-in.

    A refresh that is on its way is let finish, or its new tokens would outlive the sign-out.
    *environ* holds the client's secret where the sign-in names a variable for it.

    Raises:
        SignInNeeded: Nothing was stored.
        StoreError: It could not be removed.
    """
    stored = store.load(profile)
    if stored is None and profile in store.profiles():
        # Nobody is signed in, but the keyring may still hold what could not be removed before.
        store.remove(profile)
    signed_in(profile, stored)
    with ExitStack() as stack:
        locked = await lock_profile(profile, store, stack)
        document = signed_in(profile, locked.load())
        try:
            if transport is None:
                return Revocation.NOT_ASKED
            services = Services(store=store, transport=transport, environ=environ)
            return await _revoked(Credential.from_document(document), services)
        finally:
            locked.remember(document, is_end=True)
            locked.remove()


async def _revoked(credential: Credential, services: Services) -> Revocation:
    if credential.server.revocation_endpoint is None:
        return Revocation.NOT_OFFERED
    client = client_as_far_as_known(credential, services.environ)
    if credential.grant:
        # Late: most profiles are a person's.
        from ..machine.mint import with_own_assertion

        try:
            client = with_own_assertion(credential, client, services)
        except UsageError:
            # Without its key the client cannot ask.
            return Revocation.FAILED
    done = await revoke_both(
        credential.tokens,
        client=client,
        server=credential.server,
        transport=services.transport,
    )
    return Revocation.REVOKED if done else Revocation.FAILED
