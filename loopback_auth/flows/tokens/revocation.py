"""Revoking tokens (RFC 7009)."""

from __future__ import annotations

from ...edge.process.event_loop import event_loop_started
from ...errors import LoopbackAuthError
from ...oauth.token.revocation import revocation_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.http.messages import FormPost, HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client, ServerMetadata
    from ...oauth.token.reply import IssuedTokens, TokenSet
    from ...providers import Provider

ABANDONED_S = 5.0
"""How long the revocation of a token may take."""

# Section 2.2.1: the server does not revoke tokens of that kind, or, at some, does not know it.
_NOT_FOR_REVOKING = 400


async def revoke(
    tokens: TokenSet | IssuedTokens,
    *,
    client: Client,
    server: ServerMetadata,
    transport: Transport,
    timeout_s: float = ABANDONED_S,
) -> bool:
    """
    Revoke the refresh token, or the access token where there is none.

    Return whether the server said that it did; never raise for what the server or the network does.
    """
    token = tokens.refresh_token or tokens.access_token
    if token is None:
        return False
    hint = "refresh_token" if tokens.refresh_token else "access_token"
    message = revocation_request(token, hint=hint, client=client, server=server)
    reply = await _sent(message, transport, timeout_s)
    # Section 2.2 has 200, and some servers say 204.
    return reply is not None and reply.is_success


async def give_back(
    tokens: TokenSet | IssuedTokens,
    *,
    provider: Provider | None,
    client: Client,
    server: ServerMetadata,
    transport: Transport,
    timeout_s: float = ABANDONED_S,
) -> str:
    """
    Revoke tokens of a sign-in that is not kept, and return what became of them, for a sentence.

    Where revoking one ends them all, they are left: the person may hold other sign-ins, here or
    elsewhere.
    """
    if provider is not None and provider.revocation_ends_all:
        return (
            f"were not revoked, since {provider.title} would end the person's other sign-ins"
            " with them"
        )
    revoked = await revoke(
        tokens, client=client, server=server, transport=transport, timeout_s=timeout_s
    )
    return "were revoked" if revoked else "could not be revoked and stay valid until they expire"


async def revoke_both(
    tokens: TokenSet, *, client: Client, server: ServerMetadata, transport: Transport
) -> bool:
    """
    Revoke the refresh token, then the access token, which at some servers outlives it.

    Return whether none is left that works; never raise for what the server or the network does.
    """
    done = await revoke(tokens, client=client, server=server, transport=transport)
    if tokens.refresh_token is None or not done:
        return done
    message = revocation_request(
        tokens.access_token, hint="access_token", client=client, server=server
    )
    reply = await _sent(message, transport, ABANDONED_S)
    return reply is not None and (reply.is_success or reply.status == _NOT_FOR_REVOKING)


async def _sent(
    message: FormPost | None, transport: Transport, timeout_s: float
) -> HttpReply | None:
    if message is None:
        return None
    await event_loop_started()
    import asyncio

    try:
        async with asyncio.timeout(timeout_s):
            return await transport(message)
    except (LoopbackAuthError, TimeoutError):
        return None
