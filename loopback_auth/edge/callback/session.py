"""
The browser tab of one sign-in: what each visit is told, what counts as the answer, and how it all
ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

from ...errors import LaunchURLReused, LoginTimedOut, LoopbackAuthError
from ...notices import StrayVisit, Waiting
from ...oauth.authorize.pkce import new_secret
from ...oauth.authorize.response import AuthorizationErrorResponse, Stray
from ..process.clock import running_s
from . import pages
from .request_gate import (
    Refusal,
    callback_path,
    check_request,
    is_private_network_preflight,
    of_another_user,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
    from ...seams import Notify
    from .pages import Answer
    from .request_gate import CallbackRequest

LINGER_S = 2.0
"""How long the last page may take to leave, once the login is over."""

INTERRUPTED_LINGER_S = 0.3
"""The same when the person pressed Ctrl-C and waits for their prompt."""

NONCE_OCTETS = 16
"""Random octets in the final address: nobody finds it by trying."""


class CallbackSession:
    """
    The browser tab of one sign-in, seen from here.

    *launch_path* is the one-time address that leads to the authorize URL; `None` when no browser
    was started with it.
    """

    def __init__(
        self,
        request: AuthorizationRequest,
        *,
        launch_path: str | None,
        profile: str,
        notify: Notify,
        token_bytes: Callable[[int], bytes],
    ) -> None:
        self._request = request
        self._launch_path = launch_path
        self._launches = 0
        self._is_saved = False
        self._profile = profile
        self._notify = notify
        self._name = ""
        self._callback_path = callback_path(request.redirect_uri)
        self._done_path = "/done/" + new_secret(NONCE_OCTETS, token_bytes=token_bytes).reveal()
        self._strays: Counter[str] = Counter()
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[AuthorizationResponse] = loop.create_future()
        self._outcome: asyncio.Future[Answer] = loop.create_future()
        self._visitors: list[CallbackRequest] = []
        self._shown = 0
        self._all_shown = asyncio.Event()

    @property
    def has_answer(self) -> bool:
        """Whether the answer has come, or what ends the login in its place."""
        return self._answer.done()

    def check_launch_url(self) -> None:
        """
        Raise `LaunchURLReused` if the one-time address was used twice, even if that came to light
        after the answer.
        """
        if self._launches > 1:
            raise _reused()

    def mark_saved(self) -> None:
        """
        Note that the tokens are stored: from here on the page says so, whatever stops
        the command.
        """
        self._is_saved = True

    def set_identity(self, name: str) -> None:
        """Say who signed in, for the page; *name* is the server's word and is escaped."""
        self._name = name

    async def response(self, *, timeout_s: float) -> AuthorizationResponse:
        """
        Wait for the one answer to our request.

        Raises what the answer says (`AuthorizationDenied`, `AuthorizationError`,
        `AuthorizationResponseInvalid`), or `LoginTimedOut` after *timeout_s* seconds, naming what
        came instead.
        """
        deadline = running_s() + timeout_s
        while (left := deadline - running_s()) > 0:
            self._notify(Waiting(timeout_s=timeout_s, left_s=left))
            await asyncio.wait({self._answer}, timeout=min(1.0, left))
            if self._answer.done():
                return self._answer.result()
        raise LoginTimedOut(
            f"nobody came back from the browser within {timeout_s:g} s{self._strays_shown()}"
        )

    def _strays_shown(self) -> str:
        if not self._strays:
            return ""
        told = ", ".join(f"{count} x {reason}" for reason, count in self._strays.most_common(4))
        return f"; what came was not the answer: {told}"

    async def handle(self, request: CallbackRequest) -> Answer:
        """Answer one request. Only a visit that carries our state can change anything."""
        if is_private_network_preflight(request, redirect_uri=self._request.redirect_uri):
            return pages.Answer(
                status=204, headers={"Access-Control-Allow-Private-Network": "true"}
            )
        paths = [path for path in (self._callback_path, self._launch_path, self._done_path) if path]
        posts = self._request.response_mode == "form_post"
        refused = check_request(
            request, redirect_uri=self._request.redirect_uri, paths=paths, posts=posts
        )
        if refused:
            return self.refuse(refused)
        if request.path == self._launch_path:
            return await self._launch(request)
        if request.path == self._done_path:
            return await self._told()
        return await self._callback(request)

    async def _launch(self, request: CallbackRequest) -> Answer:
        if other := request.other_user():
            return self.refuse(of_another_user(other))
        self._launches += 1
        if self._launches == 1:
            return pages.redirect(self._request.url)
        # Who opened the address first has our state and challenge, and could send us a code of
        # their own.
        error = _reused()
        self.resolve(error)
        if self._outcome.done():
            # Nothing is worth waiting for any more: what is undone is better undone soon.
            self._all_shown.set()
        return pages.failed(error, is_stored=self._is_saved)

    async def _callback(self, request: CallbackRequest) -> Answer:
        parameters = request.parameters()
        if parameters is None:
            return self.refuse(Refusal(status=400, reason="a malformed query"))
        answer: Stray | AuthorizationResponse | LoopbackAuthError
        try:
            read = self._request.read(parameters)
            answer = read.as_error() if isinstance(read, AuthorizationErrorResponse) else read
        except LoopbackAuthError as error:
            answer = error
        if isinstance(answer, Stray):
            return self.refuse(Refusal(status=400, reason=answer.reason))
        if other := request.other_user():
            return self.refuse(of_another_user(other))
        self.resolve(answer)
        # A browser repeats a request when a connection breaks, and people reload: all get the same
        # page, and one exchange is made.
        self._visitors.append(request)
        await self._told()
        return pages.redirect(self._done_path)

    def resolve(self, answer: AuthorizationResponse | LoopbackAuthError) -> None:
        """
        Take the answer, or what ends the login in its place; the first one counts, by whatever way
        it came.
        """
        if self._answer.done():
            return
        if isinstance(answer, LoopbackAuthError):
            self._answer.set_exception(answer)
            # Its one reader may have been cancelled: that is no "exception was never retrieved".
            self._answer.exception()
        else:
            self._answer.set_result(answer)

    def refuse(self, refusal: Refusal) -> Answer:
        """Note what came as a stray, and return the page that refuses it."""
        # Each kind is told when it first comes: a scanner that tries a thousand paths is one line.
        self._strays[refusal.reason] += 1
        if self._strays[refusal.reason] == 1:
            self._notify(StrayVisit(reason=refusal.reason))
        return pages.refused(refusal.status)

    async def _told(self) -> Answer:
        # Shielded: one visitor that goes away does not take the page from the others.
        return await asyncio.shield(self._outcome)

    def was_sent(self, request: CallbackRequest) -> None:
        """
        Note that an answer has left: the server may close when everybody who came back has seen the
        last page.
        """
        self._shown += request.path == self._done_path
        self._check_all_shown()

    def was_lost(self, request: CallbackRequest) -> None:
        """Note that a visitor went away before their answer: nobody waits for them."""
        if request in self._visitors:
            self._visitors.remove(request)
        self._check_all_shown()

    def _check_all_shown(self) -> None:
        if self._outcome.done() and self._shown >= len(self._visitors):
            self._all_shown.set()

    async def end(self, error: BaseException | None) -> None:
        """Tell every waiting browser how it ended, and give the last page its time to leave."""
        self._outcome.set_result(self._final_page(error))
        if self._visitors:
            linger_s = (
                LINGER_S if error is None or isinstance(error, Exception) else INTERRUPTED_LINGER_S
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_shown.wait(), linger_s)

    def _final_page(self, error: BaseException | None) -> Answer:
        is_done = error is None or (self._is_saved and not isinstance(error, LoopbackAuthError))
        try:
            return self._page(error, is_done=is_done)
        except Exception:  # noqa: BLE001 - whatever is wrong with a page: the sign-in ends as it has ended
            return pages.unmade(is_done=is_done)

    def _page(self, error: BaseException | None, *, is_done: bool) -> Answer:
        if is_done:
            host = (
                urlsplit(
                    self._request.server.issuer or self._request.server.authorization_endpoint
                ).hostname
                or ""
            )
            return pages.signed_in(name=self._name, server=host, profile=self._profile)
        return pages.failed(error) if isinstance(error, LoopbackAuthError) else pages.interrupted()


def _reused() -> LaunchURLReused:
    return LaunchURLReused("the address that the browser was started with was opened a second time")
