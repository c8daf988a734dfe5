"""Whether a stored sign-in is of the server and the client that a profile names."""

from __future__ import annotations

from ..errors import SignInNeeded
from ..oauth.credential import Credential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .profile import Profile

_SERVER = ("issuer", "authorization_endpoint", "token_endpoint")


def issued_to(profile: Profile, document: Mapping[str, Any]) -> Credential:
    """
    Return the credential of *document*.

    What *profile* does not name may be anything.

    Raises:
        SignInNeeded: another server, or another client, issued it.
        StoreDamaged: the document is not one that was stored here.
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
