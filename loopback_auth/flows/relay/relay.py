"""The browser's half of a sign-in on another machine: the code travels, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from secrets import token_bytes
from urllib.parse import urlsplit

from ...edge.callback.listeners import bind
from ...edge.callback.server import launch_page, new_launch_path, secure_for, serving
from ...edge.interaction.browser import open_browser
from ...edge.process.event_loop import event_loop_started
from ...errors import Cancelled, ListenError, LoginTimedOut
from ...notices import BrowserNotOpened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from socket import socket

    from ...edge.callback.https import Secure
    from ...oauth.authorize.relayed import RelayedAnswer, RelayedRequest
    from ...seams import Notify
    from .relay_session import Finished

    Finish = Callable[[RelayedAnswer], Awaitable[Finished | None]]
    """Does what is to be done before the browser is answered."""


async def relay(
    request: RelayedRequest,
    *,
    may_go_on: Callable[[], bool],
    show: Callable[[str], None],
    opens: bool,
    notify: Notify,
    timeout_s: float,
    finish: Finish | None = None,
    environ: Mapping[str, str] | None = None,
) -> RelayedAnswer:
    """
    Catch the answer to *request*, which another machine has made, in a browser of this one.

    1. Listen on the very port of its redirect URI.
    2. Ask *may_go_on*, which blocks.
    3. *show* the address, and open the browser if it *opens*.
    4. Wait for the answer that carries the request's own state.
    5. *finish*; then tell the browser how it went.

    Raises:
        ListenError: The port cannot be had.
        Cancelled: The person does not want to.
        LoginTimedOut: No answer came within *timeout_s*.
        LoopbackAuthError: *finish* raised it.
    """
    with _listening(request, environ) as (listeners, secure):
        if not may_go_on():
            raise Cancelled(
                "nothing was opened",
                cause="Whoever started that sign-in would get the tokens of your account.",
                fix="start your own where you want it: `loopback-auth login {profile}`",
            )
        launch_path = new_launch_path(token_bytes=token_bytes)
        show(request.url)
        origin = secure.origin if secure else f"http://{urlsplit(request.redirect_uri).netloc}"
        url = f"{origin}{launch_path}"
        if opens and not open_browser(url, environ=environ):
            notify(BrowserNotOpened(reason="none was found here"))
        await event_loop_started()
        from .relay_session import RelaySession

        path = launch_path if opens else None
        session = RelaySession(request, launch_path=None if secure else path, notify=notify)
        context = secure.context if secure else None
        async with (
            launch_page(secure, session, path),
            serving(listeners, session, context=context),
        ):
            answer = await session.response(timeout_s=timeout_s)
            session.finished(answer, await finish(answer) if finish else None)
        return answer


@contextmanager
def _listening(
    request: RelayedRequest, environ: Mapping[str, str] | None
) -> Iterator[tuple[list[socket], Secure | None]]:
    """Listen for the answer in the block, whose errors say what to do about a relay."""
    try:
        with (
            bind([request.redirect_uri]) as (listeners, redirect_uri),
            secure_for(redirect_uri, environ=environ) as secure,
        ):
            yield listeners, secure
    except ListenError as error:
        raise type(error)(
            error.message,
            cause=f"The answer comes back to {request.redirect_uri} on this machine, and to no"
            " other port.",
            fix="end the program that holds the port; or start again on the other machine with"
            " another one: `loopback-auth login {profile} --manual --port N`",
            **error.facts,
        ) from error
    except LoginTimedOut as error:
        raise LoginTimedOut(
            error.message,
            cause="The page was closed, or shows an error that the server does not send back.",
            fix="look at the browser's page for its error: `loopback-auth explain`; for more time:"
            " `loopback-auth relay --timeout 15m`",
        ) from None
