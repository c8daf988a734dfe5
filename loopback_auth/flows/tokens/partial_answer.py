"""A token endpoint's answer that broke off: what came may be all that is left of a sign-in."""

from __future__ import annotations

from ...errors import TransportError
from ...oauth.token.reply import issued_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ...oauth.http.messages import FormPost, Get, HttpReply
    from ...oauth.http.transport import Transport


async def or_part(
    send: Callable[[Transport], Awaitable[HttpReply]], transport: Transport
) -> HttpReply:
    """
    Return what *send*, which sends by the transport it is given, returns; or a part of an answer.

    A part is as good as the whole where it holds a refresh token. One with an access token alone is
    returned where *send* raises: until then the whole may yet come.

    Raises:
        TransportError: what *send* raises, where no token came.
    """
    parts: list[HttpReply] = []

    async def sending(message: FormPost | Get) -> HttpReply:
        reply = await transport(message)
        if reply.incomplete is None or (reply.is_success and issued_tokens(reply).refresh_token):
            return reply
        parts.append(reply)
        raise reply.incomplete

    try:
        return await send(sending)
    except TransportError:
        for part in reversed(parts):
            if part.is_success and issued_tokens(part).access_token:
                return part
        raise
