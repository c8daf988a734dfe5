"""
Tokens that nobody else has: those of a finished sign-in, and of a refresh that rotated. What is
left of a broken answer is taken, and saved wherever that is possible.
"""

from __future__ import annotations

from ...errors import TransportError
from ...notices import Warned
from ...oauth.token.reply import issued_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ...edge.store.interface import LockedDocument
    from ...oauth.credential import Credential
    from ...oauth.http.messages import FormPost, Get, HttpReply
    from ...oauth.http.transport import Transport
    from ...seams import Notify


async def or_part(
    send: Callable[[Transport], Awaitable[HttpReply]], transport: Transport
) -> HttpReply:
    """
    Return what *send*, which sends by the transport it is given, returns; or a part of an answer.

    A part is as good as the whole where it holds a refresh token. One with an access token alone is
    returned where *send* raises: until then the whole may yet come.

    Raises:
        TransportError: What *send* raises, where no token came.
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


def save_only_copy(credential: Credential, locked: LockedDocument, notify: Notify) -> None:
    """Store *credential*; in the file, with a notice, where the keyring does not take it."""
    refused = locked.save(credential.to_document(), is_only_copy=True)
    if refused is not None:
        kept = f"so the tokens are in a file that only you can read: {locked.path}"
        way = f"to move them to the keyring: loopback-auth refresh {credential.profile}"
        notify(Warned(code=refused.code, message=f"{refused.message}; {kept}; {way}"))
