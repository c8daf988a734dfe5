"""The library's access token: of the server and the client that the profile names alone."""

from __future__ import annotations

from ...edge.process.clock import now
from ...errors import SignInNeeded
from ...errors.frames import without_locals
from ...oauth.credential import Credential
from ..services import Services
from .access_token import first_of, fresh_document
from .freshness import MIN_TTL_S, signed_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...edge.store.interface import Store
    from ...oauth.http.transport import Transport
    from ...oauth.secret import Secret
    from ...oauth.token.reply import TokenSet
    from ...seams import Clock, Notify
    from ...settings.profile import Profile

_SERVER = ("issuer", "authorization_endpoint", "token_endpoint")


@without_locals
async def access_token(
    profile: Profile | str,
    *,
    store: Store,
    transport: Transport,
    clock: Clock = now,
    min_ttl_s: float = MIN_TTL_S,
    refused: Secret | None = None,
    environ: Mapping[str, str] | None = None,
    notify: Notify = lambda _: None,
) -> TokenSet:
    """
    Return the tokens of *profile* with an access token that is valid now, refreshed where needed.

    For a name, whatever is stored under it is returned; for a `Profile`, only what its server and
    its client issued. One refresh is made, however many tasks, threads and processes ask, and its
    tokens are stored before anybody gets them. *min_ttl_s* is how many seconds the token lasts at
    least. *refused* is a token that a server did not take, whatever the clock says of it.

    Raises:
        SignInNeeded: Nothing is stored, the refresh token is no longer of use, or what is stored is
            of another server or client.
        ProviderError: The server could not be asked; then nothing has changed.
        StoreError: The tokens could not be read or stored.
    """
    name = profile if isinstance(profile, str) else profile.name
    if not isinstance(profile, str):
        # Checked before the refresh as well: what another server issued is left as it is.
        stored = store.load(name)
        if stored is not None or not profile.is_machine:
            issued_to(profile, signed_in(name, stored))
        store = store.with_storage(profile.get("storage"))
    services = Services(
        store=store, transport=transport, clock=clock, notify=notify, environ=environ
    )
    first = None if isinstance(profile, str) or not profile.is_machine else first_of(profile)
    document = await fresh_document(
        name, services, min_ttl_s=min_ttl_s, refused=refused, first=first
    )
    if isinstance(profile, str):
        return Credential.from_document(document).tokens
    return issued_to(profile, document).tokens


def issued_to(profile: Profile, document: Mapping[str, Any]) -> Credential:
    """
    Return the credential of *document*; what *profile* does not name may be anything.

    Raises:
        SignInNeeded: Another server, or another client, issued it.
        StoreDamaged: The document is not one that was stored here.
    """
    credential = Credential.from_document(document)
    if differing := ", ".join(_differing(profile, credential)):
        raise SignInNeeded(
            f"the stored sign-in to the profile {profile.name} is of another server or client"
            f" than the profile names: {differing}",
            cause="The profile was changed since, or another program uses the same name and store.",
            fix="sign in with this profile, or give it a name of its own",
            profile=profile.name,
        )
    return credential


def _differing(profile: Profile, credential: Credential) -> Iterator[str]:
    named, client_id = profile.endpoints(), profile.get("client_id")
    for name in _SERVER:
        if named.get(name) and named[name] != getattr(credential.server, name):
            yield name
    if client_id and client_id != credential.client.client_id:
        yield "client_id"
