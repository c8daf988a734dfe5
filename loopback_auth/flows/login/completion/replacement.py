"""
What a sign-in does to the one that the profile held before: another person's is replaced only with
consent, and no grant is left behind.
"""

from __future__ import annotations

from contextlib import suppress

from ....edge.process.event_loop import awaited
from ....edge.store.updates import put_back
from ....errors import AccountDiffers, LoopbackAuthError, StoreChanged
from ....notices import Warned
from ....oauth.credential import Credential
from ...services import client_as_far_as_known
from ...tokens.only_copy import save_only_copy
from ...tokens.revocation import give_back, revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ....edge.store.interface import LockedDocument, Store
    from ....seams import MaySwitch
    from ....settings.profile import Profile
    from ...services import Services


def held_before(profile: Profile, store: Store) -> Credential | None:
    """Return the sign-in that the profile holds; `None` also where it cannot be read."""
    try:
        document = store.load(profile.name)
        return Credential.from_document(document) if document else None
    except LoopbackAuthError:
        return None


def at_the_same_server(one: Credential, other: Credential) -> bool:
    """Return whether two sign-ins are of one client at one server: else accounts differ anyway."""
    return (one.server.token_endpoint, one.client.client_id) == (
        other.server.token_endpoint,
        other.client.client_id,
    )


async def refuse_another_account(
    new: Credential, held: Credential | None, may_switch: MaySwitch | None
) -> None:
    """
    Check that the same person signed in as before, or that *may_switch* agrees.

    A forged sign-in (RFC 6749 section 10.12) ends here at the latest, as does one with a browser
    that was signed in to the wrong account.

    Raises:
        AccountDiffers: Another person signed in.
    """
    if (
        held is None
        or held.identity is None
        or new.identity is None
        or not at_the_same_server(new, held)
    ):
        return
    names = (held.identity.name, new.identity.name)
    if held.identity.subject == new.identity.subject:
        return
    if may_switch is not None and await awaited(may_switch(*names)):
        return
    raise AccountDiffers(
        f"the profile {new.profile} holds {names[0]}, and {names[1]} signed in", profile=new.profile
    )


class Replacement:
    """
    A sign-in that replaces the one that its profile *held*, until `settle` revokes that or `undo`
    brings it back.

    Make it when the answer has come: a refresh may change what the profile holds while the person
    signs in.
    """

    def __init__(self, profile: Profile, services: Services) -> None:
        self.held = held_before(profile, services.store)
        self._profile = profile
        self._services = services
        self._saved: Credential | None = None
        self._before = self.held.to_document() if self.held else None
        self._storage_before: str | None = None

    def save(self, new: Credential, locked: LockedDocument) -> None:
        """
        Store *new*.

        Raises:
            StoreError: The old sign-in is untouched.
        """
        location = self._services.store.location(self._profile.name)
        self._storage_before = "keyring" if "awaits_keyring" in location else location["storage"]
        # A finished sign-in replaces whatever came between.
        with suppress(StoreChanged):
            self._save(new, locked)
            return
        self._save(new, locked)

    def _save(self, new: Credential, locked: LockedDocument) -> None:
        with suppress(LoopbackAuthError):
            # Read under the lock: no refresh comes between this and what replaces it.
            self._before = locked.load()
        save_only_copy(new, locked, self._services.notify)
        locked.remember(new.to_document())
        self._saved = new

    async def undo(self, error: LoopbackAuthError) -> None:
        """Bring the sign-in of before back, revoke the new tokens, and add that to *error*."""
        if self._saved is None:
            return
        new = self._saved
        stored = self._put_back(new.to_document())
        fate = await give_back(
            new.tokens,
            provider=self._profile.provider,
            client=new.client,
            server=new.server,
            transport=self._services.transport,
        )
        error.add(f"the sign-in was undone: the tokens just issued {fate}, and {stored}")

    def _put_back(self, new: Mapping[str, Any]) -> str:
        name = self._profile.name
        store = self._services.store.with_storage(self._storage_before)
        try:
            if not put_back(store, name, self._before, instead_of=new):
                return "another sign-in was stored meanwhile and stays"
        except LoopbackAuthError as failed:
            return f"the profile could not be put back as it was ({failed.message})"
        return "the profile holds " + (
            "the sign-in of before" if self._before else "none, as before"
        )

    async def settle(self, new: Credential) -> None:
        """
        Revoke the sign-in that was replaced, where each is a grant of its own and grants are few.

        Elsewhere two sign-ins may share a grant, and revoking the old one would end the new.
        """
        held, provider = self.held, self._profile.provider
        limit = provider.grants_per_user if provider and not provider.revocation_ends_all else None
        if (
            limit is None
            or held is None
            or held.tokens.refresh_token is None
            or not at_the_same_server(new, held)
            or held.tokens.refresh_token == new.tokens.refresh_token
        ):
            return
        client = client_as_far_as_known(held, self._services.environ)
        done = await revoke(
            held.tokens, client=client, server=held.server, transport=self._services.transport
        )
        outcome = f"your earlier sign-in was {'' if done else 'not '}revoked"
        why = f"the server keeps {limit} for each user and client"
        code = f"earlier-sign-in-{'' if done else 'not-'}revoked"
        self._services.notify(Warned(code=code, message=f"{outcome} ({why})"))
