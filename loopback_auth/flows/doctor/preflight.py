"""The doctor's pre-flight, once or until the server knows the app, and the transport it uses."""

from __future__ import annotations

from dataclasses import dataclass

from ...edge.process.clock import running_s
from ...errors import AnswerTimedOut, AuthorizationError, ProviderError, TransportError
from ...explain import find
from ...explain.fix import rendered
from ..diagnosis import explain_by_pitfall, facts_of, flags_of, read_report, shareable
from ..login.preflight import look
from .checks import WARN, Check, passed, shortened, skipped, warned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, TypeVar

    from ...oauth.authorize.request import AuthorizationRequest
    from ...oauth.http.messages import FormPost, Get, HttpReply
    from ...oauth.http.transport import Transport
    from ...settings.profile import Profile
    from .checks import Report

    T = TypeVar("T")

QUESTION_TIMEOUT_S = 15.0
"""For each question: a doctor may wait longer than a sign-in, and should not hang."""

PROPAGATING = frozenset({"redirect_uri_mismatch", "invalid_client_id"})
"""The errors for a new app, until all of the server's machines know it."""

NAME = "pre-flight"


@dataclass(slots=True, kw_only=True)
class RecordingTransport:
    """A transport that keeps the last answer and what went wrong with the last question."""

    transport: Transport
    reply: HttpReply | None = None
    failure: TransportError | None = None
    took_s: float = 0.0

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        """Send *message*; keep its answer, or the error, and the time."""
        began = running_s()
        self.reply = self.failure = None
        try:
            self.reply = await self.transport(message)
        except TransportError as error:
            self.failure = error
            raise
        finally:
            self.took_s = running_s() - began
        return self.reply


async def within(work: Coroutine[Any, Any, T], late: str) -> T:
    """
    Return what *work* returns within `QUESTION_TIMEOUT_S`.

    Raises:
        AnswerTimedOut: It took longer; the message begins with *late*.
    """
    import asyncio

    try:
        async with asyncio.timeout(QUESTION_TIMEOUT_S):
            return await work
    except TimeoutError:
        raise AnswerTimedOut(f"{late} within {QUESTION_TIMEOUT_S:g} s") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedPreflight:
    """The pre-flight, once or until the server knows the app."""

    report: Report
    recording: RecordingTransport
    until_s: float
    interval_s: float

    async def preflight(
        self, request: AuthorizationRequest, profile: Profile, *, repeats: bool
    ) -> Check:
        """Return the check; if it *repeats*, ask again while the server does not know the app."""
        while True:
            error = await self._refusal(request, profile)
            left_s = self.until_s - running_s()
            if not (repeats and _may_pass(error) and left_s > 0):
                return _check(error, request, profile, self.recording.reply)
            await self._pause(_code(error), due_s=running_s() + min(self.interval_s, left_s))

    async def _pause(self, code: str, *, due_s: float) -> None:
        import asyncio

        again = False
        while (next_s := due_s - running_s()) > 0:
            self.report.on_wait(code, self.until_s - running_s(), next_s, again=again)
            again = True
            await asyncio.sleep(min(1.0, next_s))

    async def _refusal(
        self, request: AuthorizationRequest, profile: Profile
    ) -> ProviderError | None:
        try:
            reply = await within(look(request, transport=self.recording), "no sign-in page came")
        except ProviderError as error:
            if isinstance(error, TransportError):
                self.recording.failure = error
            return error
        return _named_on_page(reply, request, profile) if reply.is_error else None


def _may_pass(error: ProviderError | None) -> bool:
    return isinstance(error, AuthorizationError) and error.error.lower() in PROPAGATING


def _code(error: ProviderError | None) -> str:
    return error.error if isinstance(error, AuthorizationError) else ""


def _check(
    error: ProviderError | None,
    request: AuthorizationRequest,
    profile: Profile,
    reply: HttpReply | None,
) -> Check:
    if error is None:
        if reply is not None and reply.is_error:
            return warned(
                NAME,
                f"the server answers with status {reply.status} and a page for people,"
                " which may say what is wrong",
                rendered(
                    "read it in a browser, at the address that is printed by"
                    " `loopback-auth login {profile} --no-browser`",
                    {"profile": profile.name, "flags": shareable(flags_of(profile))},
                ),
            )
        status = reply.status if reply else 0
        if profile.provider and profile.provider.preflight:
            seen = f"the server takes {request.redirect_uri} and shows its sign-in page"
            return passed(NAME, f"{seen} (status {status})")
        return passed(
            NAME,
            f"the server shows its sign-in page (status {status}); some servers look at the client"
            " ID and the redirect URI only after you sign in",
        )
    if not isinstance(error, AuthorizationError):
        if isinstance(error, TransportError):
            return skipped(NAME, "the server could not be asked")
        return Check.of(error, NAME, verdict=WARN)
    if profile.provider and profile.provider.pitfalls:
        facts = facts_of(profile, redirect_uri=request.redirect_uri)
        if "username" in facts:
            facts["username"] = shortened(str(facts["username"]))
        explain_by_pitfall(error, pitfalls=profile.provider.pitfalls, facts=facts)
    return Check.of(error, NAME)


def _named_on_page(
    reply: HttpReply, request: AuthorizationRequest, profile: Profile
) -> AuthorizationError | None:
    """Return the error that a page for people names, if that is one that can be explained."""
    said = read_report(reply.body.decode("utf-8", "replace"), profile)
    named = ": ".join(filter(None, (said.error, said.description)))
    # No secret is sent for a page.
    code = "invalid_client_id" if said.error == "invalid_client" else said.error
    is_known = find(code) is not None
    error = AuthorizationError(
        f"the server refuses the sign-in before it begins, with a page (status {reply.status})"
        + (f": {named}" if named else ""),
        error=code,
        known=is_known,
        error_description=said.description,
        redirect_uri=request.redirect_uri,
        client_id=request.client.client_id,
    )
    facts = facts_of(profile, redirect_uri=request.redirect_uri)
    # By words that only one server says: much else may stand on a page.
    is_known |= explain_by_pitfall(error, pitfalls=None, facts=facts, said=said)
    return error if is_known else None
