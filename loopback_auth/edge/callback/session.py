"""The requests of the browser during one sign-in, the answer among them, and the last page."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from ...errors import CallbackCertificateRefused, LaunchURLReused, LoginTimedOut, LoopbackAuthError
from ...explain.fix import rendered
from ...notices import StrayVisit, Waiting
from ...oauth.authorize.pkce import new_secret
from ...oauth.authorize.response import AuthorizationErrorResponse, Stray
from ...oauth.http.url import is_loopback
from ...oauth.text import duration_in_words
from ..process.clock import running_s
from . import pages
from .request_gate import (
    CERTIFICATE_REFUSED,
    Refusal,
    callback_path,
    check_request,
    is_private_network_preflight,
    of_another_user,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...oauth.authorize.response import AwaitedRequest
    from ...seams import Notify
    from .pages import Answer
    from .request_gate import CallbackRequest

LINGER_S = 2.0
"""The time for the last page to be sent, once the login is over."""

INTERRUPTED_LINGER_S = 0.3
"""The same after Ctrl-C, when the person waits for their prompt."""

NONCE_OCTETS = 16
"""Random octets in the address of the last page, so that nobody can guess it."""


A = TypeVar("A")


class CallbackSession(Generic[A]):
    """
    The browser's part of one sign-in.

    *launch_path* is the path of the one-time address that leads to the authorize URL; `None` if no
    browser is started with it.
    """

    def __init__(
        self,
        request: AwaitedRequest[A],
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
        self._is_direct = is_loopback(urlsplit(request.redirect_uri).hostname or "")
        self._done_path = "/done/" + new_secret(NONCE_OCTETS, token_bytes=token_bytes).reveal()
        self._strays: Counter[str] = Counter()
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[A] = loop.create_future()
        self._outcome: asyncio.Future[Answer] = loop.create_future()
        self._visitors: list[CallbackRequest] = []
        self._shown = 0
        self._all_shown = asyncio.Event()

    @property
    def has_answer(self) -> bool:
        """Whether the answer has come, or an error that ends the login."""
        return self._answer.done()

    def check_launch_url(self) -> None:
        """
        Raise an error if the one-time address was used twice, even after the answer came.

        Raises:
            LaunchURLReused: It was.
        """
        if self._launches > 1:
            raise _reused()

    def mark_saved(self) -> None:
        """Note that the tokens are stored: the page says so even if the command is stopped."""
        self._is_saved = True

    def set_identity(self, name: str) -> None:
        """Set the *name* that the page shows for the person who signed in."""
        self._name = name

    async def response(self, *, timeout_s: float) -> A:
        """
        Return the answer to our request, once it has come.

        Raises:
            AuthorizationDenied: The person said no.
            AuthorizationError: The server refused.
            AuthorizationResponseInvalid: The answer breaks the protocol.
            LaunchURLReused: The one-time address was used twice.
            LoginTimedOut: No answer came within *timeout_s*; the message says what came instead.
            CallbackCertificateRefused: ... because the browser does not trust the certificate.
        """
        deadline = running_s() + timeout_s
        while (left := deadline - running_s()) > 0:
            self._notify(Waiting(timeout_s=timeout_s, left_s=left))
            await asyncio.wait({self._answer}, timeout=min(1.0, left))
            if self._answer.done():
                return self._answer.result()
        error = (
            CallbackCertificateRefused
            if CERTIFICATE_REFUSED.reason in self._strays
            else LoginTimedOut
        )
        waited = duration_in_words(timeout_s, exactly=True)
        raise error(f"nobody came back from the browser within {waited}{self._strays_shown()}")

    def _strays_shown(self) -> str:
        if not self._strays:
            return ""
        counts = ", ".join(f"{count} x {reason}" for reason, count in self._strays.most_common(4))
        return f"; what came was not the answer: {counts}"

    async def handle(self, request: CallbackRequest) -> Answer:
        """Return the answer to *request*. Only one with our state changes anything."""
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
            return await self.launch(request)
        if request.path == self._done_path:
            return await self._last_page()
        return await self._callback(request)

    async def launch(self, request: CallbackRequest) -> Answer:
        """Return the redirect to the authorize URL, to the first who opens the one-time address."""
        if other := request.other_user():
            return self.refuse(of_another_user(other))
        self._launches += 1
        if self._launches == 1:
            return pages.redirect(self._request.url)
        # Whoever opened the address first has our state and challenge, and could send us a code of
        # their own account.
        error = _reused()
        self.resolve(error)
        if self._outcome.done():
            # Do not wait for pages any more: the sign-in is to be undone at once.
            self._all_shown.set()
        return pages.failed(error, is_stored=self._is_saved)

    async def _callback(self, request: CallbackRequest) -> Answer:
        parameters = request.parameters()
        if parameters is None:
            return self.refuse(Refusal(status=400, reason="a malformed query"))
        answer: Stray | A | LoopbackAuthError
        try:
            read = self._request.read(parameters)
            answer = read.as_error() if isinstance(read, AuthorizationErrorResponse) else read
        except LoopbackAuthError as error:
            answer = error
        if isinstance(answer, Stray):
            return self.refuse(Refusal(status=400, reason=answer.reason))
        # A reverse proxy, which is where another host's redirect URI leads, is another user's.
        if self._is_direct and (other := request.other_user()):
            return self.refuse(of_another_user(other))
        self.resolve(answer)
        # Browsers repeat a request when a connection breaks, and people reload: all get the page of
        # the same exchange.
        self._visitors.append(request)
        await self._last_page()
        return pages.redirect(self._done_path)

    def resolve(self, answer: A | LoopbackAuthError) -> None:
        """Set the answer, or the error that ends the login; only the first one counts."""
        if self._answer.done():
            return
        if isinstance(answer, LoopbackAuthError):
            self._answer.set_exception(answer)
            # Retrieve it: its reader may be cancelled, and asyncio would log an exception that was
            # never retrieved.
            self._answer.exception()
        else:
            self._answer.set_result(answer)

    def refuse(self, refusal: Refusal) -> Answer:
        """Count the request as a stray; return the page that refuses it."""
        # Notify of each reason once: a scanner that tries a thousand paths is one line.
        self._strays[refusal.reason] += 1
        if self._strays[refusal.reason] == 1:
            self._notify(
                StrayVisit(
                    reason=refusal.reason, fix=rendered(refusal.fix, {"profile": self._profile})
                )
            )
        return pages.refused(refusal.status)

    async def _last_page(self) -> Answer:
        # Shielded: a client that leaves must not cancel the page of the others.
        return await asyncio.shield(self._outcome)

    def was_sent(self, request: CallbackRequest) -> None:
        """Note that the answer to *request* was sent; the server closes once all last pages are."""
        self._shown += request.path == self._done_path
        self._check_all_shown()

    def was_lost(self, request: CallbackRequest) -> None:
        """Note that the client of *request* left, so that nothing waits for its last page."""
        if request in self._visitors:
            self._visitors.remove(request)
        self._check_all_shown()

    def _check_all_shown(self) -> None:
        if self._outcome.done() and self._shown >= len(self._visitors):
            self._all_shown.set()

    async def end(self, error: BaseException | None) -> None:
        """Show the last page to every waiting browser, and wait until it is sent."""
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
        except Exception:  # noqa: BLE001 - a page that cannot be made does not fail the sign-in
            return pages.unmade(is_done=is_done)

    def _page(self, error: BaseException | None, *, is_done: bool) -> Answer:
        if is_done:
            return self.done_page(self._name)
        if isinstance(error, LoopbackAuthError):
            return pages.failed(error, profile=self._profile)
        return pages.interrupted()

    def done_page(self, name: str) -> Answer:
        """Return the page of success; *name* is that of `set_identity`."""
        return pages.signed_in(name=name, server=self._request.host, profile=self._profile)


def _reused() -> LaunchURLReused:
    return LaunchURLReused("the address that the browser was started with was opened a second time")
