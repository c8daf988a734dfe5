"""What a sign-in does to the one that the profile held before: it never takes another person's place unasked, and leaves no grant behind."""

from __future__ import annotations

from ..edge.home import variable
from ..errors import AccountDiffers, LoopbackAuthError
from ..notices import Warned
from ..oauth.credential import Credential
from .revocation import revoke

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..edge.store import FileStore
    from ..notices import Notice
    from .discovery import Transport
    from .profile import Profile

    MaySwitch = Callable[[str, str], Awaitable[bool]]


async def never_switch(held: str, new: str) -> bool:  # noqa: ARG001 - the answer is the same for everybody
    """Answer for a program that cannot ask anybody."""
    return False


def held_before(profile: Profile, store: FileStore) -> Credential | None:
    """Give the sign-in that the profile holds; one that cannot be read is none."""
    try:
        document = store.load(profile.name)
        return Credential.from_document(document) if document else None
    except LoopbackAuthError:
        return None


def at_the_same_server(one: Credential, other: Credential) -> bool:
    """Tell whether two sign-ins are of one client at one server: only then do their accounts compare."""
    return (one.server.token_endpoint, one.client.client_id) == (
        other.server.token_endpoint,
        other.client.client_id,
    )


async def refuse_another_account(new: Credential, held: Credential | None, may_switch: MaySwitch) -> None:
    """
    Raise `AccountDiffers` if another person signed in than the one the profile holds, unless *may_switch* agrees.

    A forged sign-in (RFC 6749 section 10.12) ends here at the latest, as does a browser that was signed in to the wrong account.
    """
    if held is None or held.identity is None or new.identity is None or not at_the_same_server(new, held):
        return
    names = (held.identity.name, new.identity.name)
    if held.identity.subject == new.identity.subject or await may_switch(*names):
        return
    raise AccountDiffers(
        f"the profile {new.profile} holds {names[0]}, and {names[1]} signed in", profile=new.profile
    )


async def revoke_replaced(
    profile: Profile,
    new: Credential,
    held: Credential | None,
    *,
    transport: Transport,
    notify: Callable[[Notice], None],
    environ: Mapping[str, str] | None = None,
) -> None:
    """
    Revoke the sign-in that was replaced, where each is a grant of its own and grants are few.

    Elsewhere two sign-ins may share a grant, and revoking the old one would end the new.
    """
    limit = profile.provider.grants_per_user if profile.provider else None
    if (
        limit is None
        or held is None
        or held.tokens.refresh_token is None
        or not at_the_same_server(new, held)
    ):
        return
    if held.tokens.refresh_token == new.tokens.refresh_token:
        return
    client = held.client_with_secret(variable(held.client_secret_env or "", environ))
    done = await revoke(held.tokens, client=client, server=held.server, transport=transport)
    told = f"the sign-in that this one replaces was {'' if done else 'not '}revoked"
    why = f"the server keeps {limit} of a person's sign-ins to a client and ends the oldest"
    notify(Warned(code=f"earlier-sign-in-{'' if done else 'not-'}revoked", message=f"{told} ({why})"))
