"""Giving tokens back to the server - RFC 7009."""

from __future__ import annotations

from ..edge.event_loop import entered
from ..errors import LoopbackAuthError
from ..oauth.revocation import revocation_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..oauth.metadata import Client, ServerMetadata
    from ..oauth.token import TokenSet
    from .discovery import Transport

ABANDONED_S = 5.0
"""The most that is spent on revoking tokens nobody will use."""


async def revoke(
    tokens: TokenSet,
    *,
    client: Client,
    server: ServerMetadata,
    transport: Transport,
    timeout_s: float = ABANDONED_S,
) -> bool:
    """
    Revoke the refresh token, or the access token where there is none; tell whether the server said it did.

    Never raises for what the server or the network does: whoever gives tokens up has something else to report.
    """
    token = tokens.refresh_token or tokens.access_token
    hint = "refresh_token" if tokens.refresh_token else "access_token"
    message = revocation_request(token, hint=hint, client=client, server=server)
    if message is None:
        return False
    await entered()
    import asyncio

    try:
        async with asyncio.timeout(timeout_s):
            reply = await transport(message)
    except (LoopbackAuthError, TimeoutError):
        return False
    return reply.status == 200  # noqa: PLR2004 - RFC 7009 section 2.2
