"""
The callback server of one sign-in: how its block ends is what the browser shows.

    async with serve(listeners, request, ...) as session:
        response = await session.response(timeout_s=300)
        ...  # redeem, save
        session.set_identity(name)
    # The browser has shown the last page.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext

from ..process.event_loop import event_loop_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from ssl import SSLContext
    from typing import Any

    from ...oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
    from ...seams import Notify
    from .https import Secure
    from .session import CallbackSession

NONCE_OCTETS = 16
"""Random octets in the launch address, so that nobody can guess it."""


def new_launch_path(*, token_bytes: Callable[[int], bytes]) -> str:
    """Return the path of a one-time address, which keeps the authorize URL out of argv."""
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
    connected: Callable[[], None] | None = None,
    secure: Secure | None = None,
) -> AsyncIterator[CallbackSession[AuthorizationResponse]]:
    """
    Serve the redirect URI of *request* on *listeners* until the block ends.

    *launch_path* is the path of `new_launch_path`, if a browser is started. An exception that
    leaves the block becomes the page that the browser shows.

    *connected* is called when somebody has connected who may bring the answer, before anything of
    the request is read. *secure* is what an https redirect URI has.
    """
    await event_loop_started()
    from .session import CallbackSession

    own = None if secure else launch_path
    session = CallbackSession(
        request, launch_path=own, profile=profile, notify=notify, token_bytes=token_bytes
    )
    context = secure.context if secure else None
    callback = serving(listeners, session, connected=connected, context=context)
    async with launch_page(secure, session, launch_path), callback:
        yield session


@asynccontextmanager
async def serving(
    listeners: Sequence[socket.socket],
    session: CallbackSession[Any],
    *,
    connected: Callable[[], None] | None = None,
    context: SSLContext | None = None,
) -> AsyncIterator[None]:
    """Serve *session*, as `serve` does with one of its own, in an event loop that has started."""
    # Imported late: importing aiohttp takes as long as a browser that starts meanwhile.
    from ..http.tls import load_aiohttp

    load_aiohttp()
    from .http import answering

    def accepted() -> None:
        if connected is not None and not session.has_answer:
            connected()

    async with answering(listeners, session, accepted=accepted, context=context):
        try:
            yield
        except BaseException as error:
            await session.end(error)
            raise
        else:
            await session.end(None)


def secure_for(
    redirect_uri: str,
    *files: str | None,
    environ: Mapping[str, str] | None,
) -> AbstractContextManager[Secure | None]:
    """Give a block what an https *redirect_uri* has, as `secured` does; `None` to an http one."""
    if not redirect_uri.startswith("https:"):
        return nullcontext()
    # Late: most callbacks are http, and need nothing of TLS.
    from .https import secured

    return secured(redirect_uri, *files, environ=environ)


def launch_page(
    secure: Secure | None, session: CallbackSession[Any], path: str | None
) -> AbstractAsyncContextManager[None]:
    """Serve the one-time address of an https callback in a block; of any other the session does."""
    if secure is None or path is None:
        return nullcontext()
    from .https import serving_launch_page

    return serving_launch_page(secure, session, path)
