"""What a person pastes meanwhile: the answer itself, or an error that only the browser shows."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from ...edge.interaction.delivery import Verdict
from ...errors import AuthorizationError, LoopbackAuthError
from ...explain import find
from ...explain.denial import is_denial
from ...notices import NothingYet, PasteExplained, ShowAddress, Warned
from ...oauth.authorize.pasted import address_in, read_pasted
from ...oauth.authorize.request import AuthorizationResponse
from ...oauth.authorize.response import AuthorizationErrorResponse, Stray
from ..diagnosis import diagnose, facts_of, read_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from ...edge.callback.session import CallbackSession
    from ...explain.report import Paste
    from ...notices import Notice
    from ...oauth.authorize.request import AuthorizationRequest
    from ...seams import Notify
    from ...settings.profile import Profile

    Pastes = Callable[[], AbstractContextManager[asyncio.Queue[str]]]
    """Opens a block in which a queue gets what the person pastes (`edge.interaction.terminal`)."""

    _Judge = Callable[[str], AuthorizationResponse | LoopbackAuthError | Notice]

    Deliveries = Callable[[Callable[[str, bool], Verdict]], AbstractAsyncContextManager[None]]
    """Opens a block in which what it is given takes texts (`edge.interaction.delivery`)."""

NOTHING_YET_S = 20.0
"""By then most sign-ins are over, or the browser shows something that will never come here."""


async def answer_or_paste(
    request: AuthorizationRequest,
    profile: Profile,
    *,
    session: CallbackSession[AuthorizationResponse],
    pastes: Pastes | None,
    notify: Notify,
    timeout_s: float,
    preflight_passed: bool = False,
    deliveries: Deliveries | None = None,
) -> AuthorizationResponse:
    """
    Wait for the browser's answer, or one that is pasted or delivered, whichever comes first.

    A pasted error of the server's ends the wait: a server that has shown one does not come back.
    *preflight_passed*: it showed its sign-in page to us, without cookies.

    Raises:
        LoopbackAuthError: The pasted error, or what `CallbackSession.response` raises.
    """
    hint = profile.provider.silence if profile.provider else ""
    nothing_yet = NothingYet(waited_s=NOTHING_YET_S, hint=hint, takes_paste=pastes is not None)
    timer = asyncio.get_running_loop().call_later(NOTHING_YET_S, notify, nothing_yet)
    judged = partial(judge, request=request, profile=profile, preflight_passed=preflight_passed)
    try:
        async with AsyncExitStack() as meanwhile:
            if deliveries:
                take = _taking(judged, request, session=session, notify=notify)
                await meanwhile.enter_async_context(deliveries(take))
            if pastes:
                texts = meanwhile.enter_context(pastes())
                reading = _read(texts, judged, session=session, notify=notify)
                meanwhile.callback(asyncio.ensure_future(reading).cancel)
            return await session.response(timeout_s=timeout_s)
    finally:
        timer.cancel()


async def _read(
    texts: asyncio.Queue[str],
    judged: _Judge,
    *,
    session: CallbackSession[AuthorizationResponse],
    notify: Notify,
) -> None:
    while True:
        text = await texts.get()
        # Enter alone.
        found = judged(text) if text.strip() else ShowAddress()
        if isinstance(found, (AuthorizationResponse, LoopbackAuthError)):
            return session.resolve(found)
        notify(found)


def _taking(
    judged: _Judge,
    request: AuthorizationRequest,
    *,
    session: CallbackSession[AuthorizationResponse],
    notify: Notify,
) -> Callable[[str, bool], Verdict]:
    """Return what takes a text from another terminal, and says there why it does not."""

    def take(text: str, only_answer: bool) -> Verdict:  # noqa: FBT001 - as `receiving` calls it
        if only_answer and not _has_our_state(text, request):
            return Verdict(is_taken=False, reason="it is not the answer to this sign-in")
        found = judged(text)
        if isinstance(found, Warned):
            return Verdict(is_taken=False, reason=found.message)
        if isinstance(found, (AuthorizationResponse, LoopbackAuthError)):
            session.resolve(found)
        else:
            notify(found)
        return Verdict(is_taken=True)

    return take


def _has_our_state(text: str, request: AuthorizationRequest) -> bool:
    try:
        return not isinstance(read_pasted(text, request, takes_bare_code=False), Stray)
    except LoopbackAuthError:
        return True


def judge(
    text: str, request: AuthorizationRequest, profile: Profile, *, preflight_passed: bool = False
) -> AuthorizationResponse | LoopbackAuthError | Notice:
    """
    Return what *text* is: the answer, by the same rules as a request to the callback; an error that
    ends the sign-in; or a notice of why it is neither.
    """
    try:
        answer = read_pasted(text, request, takes_bare_code=False)
    except LoopbackAuthError as error:
        return error
    if isinstance(answer, AuthorizationErrorResponse):
        return answer.as_error()
    if isinstance(answer, AuthorizationResponse):
        return answer
    paste = read_report(address_in(text, request.redirect_uri) or text, profile)
    # An answer to another request does not end this one, as a request to the callback would not.
    if paste.kind in _ANSWERS:
        return _ignored(answer)
    facts = facts_of(profile, redirect_uri=request.redirect_uri, preflight_passed=preflight_passed)
    explained = _explained(paste, profile, facts)
    if _is_error(paste, explained):
        return _error_shown(paste, text, request, profile, facts)
    return explained or _ignored(answer if paste.kind == "url" else None)


_ANSWERS = ("answer", "callback", "secret", "tokens")


def shown_error(
    text: str, request: AuthorizationRequest, profile: Profile, *, preflight_passed: bool = False
) -> LoopbackAuthError | None:
    """Return the error that the browser was shown, where *text* is one, as `judge` does."""
    paste = read_report(text, profile)
    facts = facts_of(profile, redirect_uri=request.redirect_uri, preflight_passed=preflight_passed)
    if paste.kind in _ANSWERS or not _is_error(paste, _explained(paste, profile, facts)):
        return None
    return _error_shown(paste, text, request, profile, facts)


def _is_error(paste: Paste, explained: PasteExplained | None) -> bool:
    # Prose may look like a code, or a code and its description; these forms do not.
    return bool(paste.error and (explained or paste.kind in ("form", "json", "error-page")))


def _ignored(stray: Stray | None) -> Warned:
    why = f" ({stray.reason})" if stray else ""
    return Warned(
        code="paste-ignored",
        message=f"that is not the answer to this sign-in{why}."
        " Paste the whole address that the browser ended at, or the whole error that it shows."
        " Still waiting",
    )


def _error_shown(
    paste: Paste,
    text: str,
    request: AuthorizationRequest,
    profile: Profile,
    facts: Mapping[str, object],
) -> LoopbackAuthError:
    if is_denial(paste.error):
        return AuthorizationErrorResponse(
            error=paste.error, description=paste.description
        ).as_error()
    said = f": {paste.description}" if paste.description else ""
    error = AuthorizationError(
        f"the browser was shown an error ({paste.error}{said})",
        error=paste.error,
        known=find(paste.error) is not None,
        error_description=paste.description,
        redirect_uri=request.redirect_uri,
        client_id=request.client.client_id,
        preflight=facts.get("preflight", ""),
    )
    diagnose(error, profile, redirect_uri=request.redirect_uri, body=text)
    return error


def _explained(
    paste: Paste, profile: Profile, facts: Mapping[str, object]
) -> PasteExplained | None:
    # Late: it is read with a megabyte of expressions, and most people paste nothing.
    from ...explain.pitfalls import pitfall_for

    pitfalls = profile.provider.pitfalls if profile.provider else None
    pitfall = pitfall_for(paste, pitfalls=pitfalls, facts=facts)
    if pitfall is None:
        return None
    return PasteExplained(
        code=pitfall.code, title=pitfall.title, cause=pitfall.cause, fix=pitfall.fix
    )
