"""Learning until when a token is good, where neither the answer nor the token itself says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from ...edge.process.event_loop import event_loop_started
from ...errors import LoopbackAuthError
from ...oauth.token.expiry import claimed_expiry
from ...oauth.token.introspection import introspection_request, read_introspection_reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ...oauth.credential import Credential
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client
    from ...seams import Clock

INTROSPECTION_S = 3.0
"""For asking the server; the tokens are stored already."""


async def with_expiry(
    credential: Credential, *, client: Client, transport: Transport, clock: Clock
) -> Credential:
    """
    Return *credential* with an expiry: its own, else the server's by introspection, else the usual
    one of `with_usual_expiry`.

    Return it as it is where nothing tells.
    """
    if credential.tokens.expires_at is not None:
        return credential
    expires_at = await _introspected(credential, client, transport, clock)
    if expires_at is None:
        return with_usual_expiry(credential)
    return replace(credential, tokens=replace(credential.tokens, expires_at=expires_at))


def with_usual_expiry(credential: Credential) -> Credential:
    """Return *credential* with an expiry: its own, else its provider's usual or a learned one."""
    tokens, lifetime_s = credential.tokens, credential.believed_lifetime_s
    if tokens.expires_at is not None or not lifetime_s:
        return credential
    expires_at = tokens.obtained_at + timedelta(seconds=lifetime_s)
    return replace(credential, tokens=replace(tokens, expires_at=expires_at))


async def _introspected(
    credential: Credential, client: Client, transport: Transport, clock: Clock
) -> datetime | None:
    message = introspection_request(
        credential.tokens.access_token, client=client, server=credential.server
    )
    if message is None:
        return None
    await event_loop_started()
    import asyncio

    with suppress(LoopbackAuthError, TimeoutError):
        async with asyncio.timeout(INTROSPECTION_S):
            said = read_introspection_reply(await transport(message))
        if said and said["active"]:
            # Without `iat`: the token may have been made a while ago, and what is left counts.
            return claimed_expiry({"exp": said.get("exp")}, clock())
    return None
