"""
The refresh: one, whoever asks. The new tokens are stored before anybody gets them, and no failure
costs the old ones.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache

from ...edge.files.home import variable
from ...errors import (
    AnswerTimedOut,
    ConnectionLost,
    ProviderError,
    RefreshRejected,
    SignInNeeded,
    StoreChanged,
    StoreError,
    StoreUnwritable,
    UsageError,
)
from ...notices import Refreshed, Warned
from ...oauth.credential import Credential
from ...oauth.token.refresh import is_worth_another, read_refresh_reply, refresh_token_grant
from ..refusals import refusals_of
from ..server.retry import send_with_retries
from .expiry import with_expiry, with_usual_expiry
from .freshness import SPARE_S, is_usable, signed_in, still_good
from .in_flight import InFlight
from .only_copy import save_only_copy
from .partial_answer import or_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import ExitStack
    from datetime import datetime
    from typing import Any

    from ...edge.store.profile_lock import LockedProfile
    from ...errors import LoopbackAuthError
    from ...notices import Notice
    from ...oauth.http.messages import HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client
    from ...oauth.refusal import Refusals
    from ...oauth.secret import Secret


async def refreshed(
    profile: str,
    document: Mapping[str, Any],
    *,
    locked: LockedProfile,
    held: ExitStack,
    home: str,
    transport: Transport,
    clock: Callable[[], datetime],
    refused: Secret | None,
    environ: Mapping[str, str] | None,
    notify: Callable[[Notice], None],
) -> Mapping[str, Any]:
    """
    Refresh the tokens of *document*, which *profile* has stored; arguments, result and errors are
    those of `fresh_document`.

    *held* has the profile's lock, and is closed when the refresh has ended: that may be after the
    caller has left. Providers of the user's are below *home*. While the server cannot be asked, a
    token that is good for another moment has to do.
    """
    usable = is_usable(document, at=clock().timestamp(), refused=refused)
    if not document.get("refresh_token"):
        return document if usable else _no_refresh_token(profile, document)

    def tell(notice: Notice) -> None:
        if in_flight.is_awaited:
            notify(notice)

    in_flight = InFlight(transport, waiting=lambda: notify(_AWAITED))
    new = await in_flight.finish(
        lambda: _refreshed_or_usable(
            profile,
            document if usable else None,
            locked=locked,
            credential=Credential.from_document(document),
            refusals=cache(lambda: refusals_of(document, home)),
            in_flight=in_flight,
            transport=transport,
            clock=clock,
            environ=environ,
            notify=tell,
        ),
        held,
        within_s=SPARE_S if usable else None,
    )
    if new is None:
        notify(still_good(f"the server has not answered for {SPARE_S:g} s"))
    return document if new is None else new


_AWAITED = Warned(
    code="refresh-awaited",
    message="a refresh was sent, and its answer is waited for: it may hold the only refresh token that works."
    " A second interrupt ends the wait",
)


async def _refreshed_or_usable(
    profile: str,
    usable: Mapping[str, Any] | None,
    *,
    locked: LockedProfile,
    credential: Credential,
    refusals: Callable[[], Refusals | None],
    in_flight: InFlight,
    transport: Transport,
    clock: Callable[[], datetime],
    environ: Mapping[str, str] | None,
    notify: Callable[[Notice], None],
) -> Mapping[str, Any]:
    try:
        new = await _refreshed(
            locked,
            credential,
            refusals=refusals,
            in_flight=in_flight,
            transport=transport,
            clock=clock,
            environ=environ,
            notify=notify,
        )
    except StoreChanged:
        # A sign-in has taken over the lock of a process that was stopped: that one counts.
        return signed_in(profile, locked.load())
    except StoreError:
        raise
    except (RefreshRejected, ProviderError, UsageError) as error:
        if (
            isinstance(error, (AnswerTimedOut, ConnectionLost))
            and not in_flight.delivery.is_connecting
        ):
            _add(
                error,
                "the server may have used up the stored refresh token: the next refresh tells",
            )
        if isinstance(error, RefreshRejected) or usable is None:
            from ..diagnosis import diagnose_stored

            diagnose_stored(error, credential.to_document())
            raise
        notify(
            Warned(code=error.code, message=f"not refreshed, as yet the old token is good: {error}")
        )
        return usable
    finally:
        locked.release()
    notify(Refreshed(profile=profile))
    return new.to_document()


def _no_refresh_token(profile: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    expired = f"expired at {document['expires_at']}" if document.get("expires_at") else "is refused"
    raise SignInNeeded(
        f"the access token of the profile {profile} {expired}, and there is no refresh token",
        profile=profile,
    )


async def _refreshed(
    locked: LockedProfile,
    credential: Credential,
    *,
    refusals: Callable[[], Refusals | None],
    in_flight: InFlight,
    transport: Transport,
    clock: Callable[[], datetime],
    environ: Mapping[str, str] | None,
    notify: Callable[[Notice], None],
) -> Credential:
    client, token = client_of(credential, environ), credential.tokens.refresh_token
    assert token is not None  # noqa: S101 - the caller looked
    # What the server answers may be the only copy of the next refresh token: room for it is set
    # aside.
    locked.reserve(2 * len(repr(credential.to_document())))
    message = replace(
        refresh_token_grant(token, credential, client=client), delivery=in_flight.delivery
    )

    def send(by: Transport) -> Awaitable[HttpReply]:
        return send_with_retries(message, transport=by, clock=clock)

    reply = await or_part(send, in_flight)
    if is_worth_another(reply, refusals):
        reply = await or_part(send, in_flight)
    try:
        new = read_refresh_reply(
            reply, credential=credential, received_at=clock(), refusals=refusals
        )
    except RefreshRejected as rejected:
        _note_rejection(token, locked, is_final=bool(rejected.facts["final"]))
        raise
    rotated = new.tokens.refresh_token != token
    renewed = replace(credential, tokens=new.tokens, rotates=credential.rotates or rotated)
    # What the server knows of the expiry may come late or never.
    saved = with_usual_expiry(renewed)
    _save(saved, locked, rotated=rotated, notify=notify)
    if new.failure is not None:
        raise new.failure
    for objection in new.objections:
        notify(Warned(code="answer-odd", message=objection))
    dated = await with_expiry(renewed, client=client, transport=transport, clock=clock)
    if dated != saved:
        with suppress(StoreError):
            locked.save(dated.to_document())
    return dated


def client_of(credential: Credential, environ: Mapping[str, str] | None = None) -> Client:
    """
    Give the client with its secret; a server that is asked without would only say that it does not
    know us.
    """
    name = credential.client_secret_env or ""
    if name and not variable(name, environ):
        raise UsageError(
            f"the client secret should be in the environment variable {name}, which is not set",
            cause=f"The sign-in to the profile {credential.profile} names that variable as the place of the secret.",
            fix=f"set {name} in this shell, or loopback-auth login {credential.profile} --client-secret-prompt",
        )
    return credential.client_with_secret(variable(name, environ))


def _note_rejection(token: Secret, locked: LockedProfile, *, is_final: bool) -> None:
    """
    Have *token* count as refused, unless another one has taken its place; forget it if that is
    final.

    All else of the sign-in stays.
    """
    document = locked.load()
    if not (document and token.matches(document.get("refresh_token") or "")):
        return
    if is_final:
        locked.save({**document, "refresh_token": None, "refused": True})
    else:
        with suppress(StoreError):
            locked.note({**document, "refused": True})


def _save(
    credential: Credential,
    locked: LockedProfile,
    *,
    rotated: bool,
    notify: Callable[[Notice], None],
) -> None:
    def save() -> None:
        if rotated:
            save_only_copy(credential, locked, notify)
        else:
            locked.save(credential.to_document())

    try:
        with suppress(StoreUnwritable):
            save()
            return
        # Once more, whatever it was: there is no other copy.
        save()
    except StoreChanged:
        raise
    except StoreError as error:
        fate = (
            "the stored refresh token is used up: sign in again"
            if rotated
            else "the stored sign-in still works"
        )
        _add(error, f"the tokens were refreshed, but could not be stored; {fate}")
        raise


def _add(error: LoopbackAuthError, text: str) -> None:
    error.message = f"{error.message}; {text}"
    error.args = (error.message,)
