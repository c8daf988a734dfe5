"""
Opening the page of one sign-in: the desktop's browser is started at once, a caller's function is
called when the callback server answers.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from ...edge.interaction.browser import open_browser, why_none
from ...edge.process.event_loop import awaited
from ...errors import NoBrowser, UsageError
from ...notices import BrowserNotOpened, OpenThisPage
from ...oauth.http.url import is_loopback
from ...resources import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable
    from typing import Self

    from ...edge.callback.session import CallbackSession
    from ...notices import Notice
    from ...oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
    from ...seams import Browser
    from ...settings.profile import Profile
    from ..services import Services
    from .options import Options


GRACE_S = 1.0
"""How long an async browser may take to end, once the sign-in is over."""


class Opening:
    """An async context manager: when it ends, no task of the browser that was given is left."""

    def __init__(
        self,
        browser: Browser | None,
        request: AuthorizationRequest,
        profile: Profile,
        services: Services,
        *,
        launch_path: str | None,
        launch_origin: str | None = None,
        is_watched: bool,
        options: Options,
    ) -> None:
        """
        *launch_origin* is where *launch_path* is, unless beside the callback. *is_watched*:
        somebody is shown the address, and can open it where no browser does; *options* say how they
        can bring what comes of it. `is_served`: it comes here by itself where it can.
        """
        self._browser = browser
        self._request = request
        self._profile = profile
        self.launch_path = launch_path
        self._origin = launch_origin or f"http://{urlsplit(request.redirect_uri).netloc}"
        # The result of an async function is a coroutine, which is refused.
        self._notify: Callable[[Notice], object] = services.notify
        self._is_watched = is_watched
        self.is_served = True
        self._takes_paste = options.pastes is not None
        self._takes_delivery = options.deliveries is not None
        self._environ = services.environ
        self._task: Task[None] | None = None
        self._is_awaited = False

    @property
    def _url(self) -> str:
        return f"{self._origin}{self.launch_path or ''}"

    def show(self, *, timeout_s: float | None = None) -> None:
        """
        Show where to sign in, and start the desktop's browser on the one-time address.

        Raises:
            NoBrowser: None opens, and nobody is shown the address.
        """
        request = self._request
        result = self._notify(
            OpenThisPage(
                url=request.url,
                redirect_uri=request.redirect_uri,
                host=urlsplit(request.server.authorization_endpoint).netloc,
                client_id=request.client.client_id,
                scope=request.scope,
                issuer=request.server.issuer,
                other_hosts=request.server.other_hosts,
                timeout_s=timeout_s,
            )
        )
        if result is not None:
            _refuse_coroutine(result)
        with suppress(OSError):
            # Read now: an update of the package may replace the file while the person signs in.
            read("edge/callback/page.html")
        if self._browser is None:
            self._not_opened("as asked")
        # This only starts a process. A caller's function may visit the page, so it is called later.
        elif self._browser is open_browser and not open_browser(
            self._url,
            chosen=self._profile.get("browser"),
            withheld=[self._profile.client_secret_env],
            environ=self._environ,
        ):
            self._not_opened(why_none(self._profile.get("browser"), self._environ))

    def call(self, session: CallbackSession[AuthorizationResponse]) -> None:
        """
        Call the function that the caller gave, in a thread.

        Its failure is a notice, or ends the wait of *session* where nobody is shown the address.
        """
        if self._browser is None or self._browser is open_browser:
            return
        import asyncio

        self._task = asyncio.create_task(self._call(self._browser, session))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._task is None:
            return
        import asyncio

        try:
            if self._is_awaited and error is None:
                await asyncio.wait({self._task}, timeout=GRACE_S)
        finally:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=GRACE_S)

    async def _call(
        self, browser: Browser, session: CallbackSession[AuthorizationResponse]
    ) -> None:
        from ...edge.process.thread import in_thread

        failure: BaseException | None = None
        try:
            opened = await in_thread(browser, self._url)
            self._is_awaited = hasattr(opened, "__await__")
            opened = await awaited(opened)
        except Exception as error:  # noqa: BLE001 - whatever a caller's function raises
            failure, opened = error, False
        if opened is False and not session.has_answer:
            try:
                self._not_opened(self._reason(failure))
            except NoBrowser as none:
                none.__cause__ = failure
                session.resolve(none)

    def _reason(self, failure: BaseException | None) -> str:
        if failure is None:
            return "the function that was given for it opened none"
        # Not the one-time address: reasons end up in logs.
        shown = f"{type(failure).__name__}: {failure}".replace(str(self.launch_path), "/...")
        return f"the function that was given for it failed with {shown.removesuffix(': ')}"

    def _not_opened(self, reason: str) -> None:
        if not self._is_watched:
            raise NoBrowser(f"no browser was opened ({reason}), and nobody is shown the address")
        from ...edge.interaction.environment import surroundings
        from .way import way_in

        uri, environ = self._request.redirect_uri, self._environ
        # Another host's, behind a proxy, needs no way here.
        is_here = is_loopback(urlsplit(uri).hostname or "")
        around = surroundings(environ, terminal=self._takes_paste)
        hint = way_in(around, uri, self._profile) if is_here and self.is_served else ""
        self._notify(
            BrowserNotOpened(
                reason=reason,
                hint=hint,
                takes_paste=self._takes_paste,
                deliver_to=self._profile.name if self._takes_delivery else "",
            )
        )


def _refuse_coroutine(result: object) -> None:
    from inspect import iscoroutine

    if iscoroutine(result):
        result.close()
        raise UsageError(
            "notify must be a plain function: what an async one does is not awaited",
            cause="It is called in the middle of a sign-in, which would wait for it.",
            fix="pass a function that is not async; it may start a task of its own",
        )
