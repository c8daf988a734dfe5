"""
The callback server: it is built with the request whose answer it waits for, and how its block ends
is what the browser is told.

    async with serve(listeners, request, ...) as tab: response = await tab.response(timeout_s=300)
        ...                                             # exchange, save tab.set_identity(name)
        # the tab is told once the block has ended well
"""

from __future__ import annotations

from contextlib import asynccontextmanager

from ..process.event_loop import event_loop_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Sequence

    from ...oauth.authorize.request import AuthorizationRequest
    from ...seams import Notify
    from .session import CallbackSession

NONCE_OCTETS = 16
"""Random octets in the launch address: nobody finds it by trying."""


def new_launch_path(*, token_bytes: Callable[[int], bytes]) -> str:
    """Make the path of a one-time address that gives a launcher nothing but a number to carry."""
    return "/" + token_bytes(NONCE_OCTETS).hex()


@asynccontextmanager
async def serve(
    listeners: Sequence[socket.socket],
    request: AuthorizationRequest,
    *,
    launch_path: str | None,
    profile: str,
    notify: Notify,
    token_bytes: Callable[[int], bytes],
) -> AsyncIterator[CallbackSession]:
    """
    Serve *request*'s redirect URI on *listeners* until the block ends; nothing of it is left
    afterwards.
    """
    await event_loop_started()
    # aiohttp takes as long to import as a browser to show its window, and now one is starting.
    from ..http.tls import load_aiohttp

    load_aiohttp()
    from .http import answering
    from .session import CallbackSession

    tab = CallbackSession(
        request, launch_path=launch_path, profile=profile, notify=notify, token_bytes=token_bytes
    )
    async with answering(listeners, tab):
        try:
            yield tab
        except BaseException as error:
            await tab.end(error)
            raise
        else:
            await tab.end(None)
