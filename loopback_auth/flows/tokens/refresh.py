"""
The refresh: one, whoever asks. The new tokens are stored before anybody gets them, and no failure
costs the old ones.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache

from ...errors import (
    AnswerTimedOut,
    ConnectionLost,
    ProviderError,
    RefreshRejected,
    ServerUnavailable,
    SignInNeeded,
    StoreChanged,
    StoreError,
    StoreUnwritable,
    UsageError,
)
from ...notices import Refreshed, Warned
from ...oauth.credential import Credential
from ...oauth.secret import Secret
from ...oauth.token.refresh import is_worth_another, read_refresh_reply, refresh_token_grant
from ..refusals import refusals_of
from ..server.retry import send_with_retries
from ..services import client_of
from .expiry import with_expiry, with_usual_expiry
from .freshness import SPARE_S, is_usable, signed_in, still_good
from .in_flight import InFlight
from .only_copy import or_part, save_only_copy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from contextlib import ExitStack
    from typing import Any, NoReturn

    from ...edge.store.interface import LockedDocument
    from ...errors import LoopbackAuthError
    from ...notices import Notice
    from ...oauth.http.messages import FormPost, HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import Client
    from ..services import Services


async def refreshed(
    profile: str,
    document: Mapping[str, Any],
    services: Services,
    *,
    locked: LockedDocument,
    held: ExitStack,
    refused: Secret | None,
) -> Mapping[str, Any]:
    """
    Return *document*, which *profile* has stored, with refreshed tokens that are stored.

    *held* has the profile's lock, and is closed when the refresh has ended: that may be after the
    caller has left. While the server cannot be asked, a token that is good for a moment longer is
    returned instead. Other arguments and the errors are those of `fresh_document`.
    """
    usable = is_usable(document, at=services.timestamp, refused=refused)
    if not (document.get("refresh_token") or document.get("grant")):
        return document if usable else _no_refresh_token(profile, document, services.timestamp)
    refresh = _Refresh(profile, document, services, locked)
    new = await refresh.in_flight.finish(
        lambda: refresh.run(instead=document if usable else None),
        held,
        within_s=SPARE_S if usable else None,
    )
    if new is None:
        services.notify(still_good(f"the server has not answered for {SPARE_S:g} s"))
    return document if new is None else new


def _no_refresh_token(profile: str, document: Mapping[str, Any], at: float) -> NoReturn:
    # Late, as an error is rare.
    from ...oauth.credential import from_rfc3339
    from ...oauth.text import duration_in_words

    until = document.get("expires_at")
    over_s = at - from_rfc3339(until).timestamp() if until else 0.0
    state = f"expired {duration_in_words(over_s)} ago" if over_s > 0 else "cannot be renewed"
    raise SignInNeeded(
        f"the access token of the profile {profile} {state}: there is no refresh token",
        cause="The server gave none: the app's settings or a scope (offline_access) decide that.",
        profile=profile,
    )


_AWAITED = Warned(
    code="refresh-awaited",
    message="a refresh was sent, and its answer is waited for:"
    " it may hold the only refresh token that works. A second interrupt ends the wait",
)


class _Refresh:
    """One refresh of a profile that is *locked*; its notices end when nobody waits any more."""

    def __init__(
        self,
        profile: str,
        document: Mapping[str, Any],
        services: Services,
        locked: LockedDocument,
    ) -> None:
        self._profile = profile
        self._credential = Credential.from_document(document)
        self._token = Secret(document.get("refresh_token") or "")
        self._refusals = cache(lambda: refusals_of(document, services.store.home))
        self._services = services
        self._locked = locked
        self.in_flight = InFlight(services.transport, waiting=lambda: services.notify(_AWAITED))

    async def run(self, *, instead: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Return the refreshed document, or *instead* where the server cannot be asked."""
        try:
            new = await self._refreshed()
        except StoreChanged:
            # A sign-in has taken over the lock of a process that was stopped: its tokens count.
            return signed_in(self._profile, self._locked.load())
        except StoreError:
            raise
        except (RefreshRejected, ProviderError, UsageError) as error:
            self._note_doubt(error)
            if isinstance(error, RefreshRejected) or instead is None:
                from ..diagnosis import diagnose_stored

                diagnose_stored(error, self._credential.to_document())
                raise
            why = f"not refreshed, the old token is still valid: {error}"
            self._notify(Warned(code=error.code, message=why))
            return instead
        finally:
            self._locked.release()
        self._notify(Refreshed(profile=self._profile))
        return new.to_document()

    def _note_doubt(self, error: LoopbackAuthError) -> None:
        is_lost = isinstance(error, (AnswerTimedOut, ConnectionLost))
        if (is_lost or isinstance(error, ServerUnavailable)) and self._services.store.home:
            # What is stored may still work, and whoever asked may be no person who can sign in.
            error.facts["again"] = "refresh"
        if is_lost and self._token and not self.in_flight.delivery.is_connecting:
            error.add(
                "the server may have used up the stored refresh token: the next refresh tells"
            )

    async def _refreshed(self) -> Credential:
        credential, token, locked = self._credential, self._token, self._locked
        client = client_of(credential, self._services.environ)
        if credential.grant:
            return await self._minted(client)
        # The answer may hold the only copy of the next refresh token: room for it is set aside.
        locked.reserve(2 * len(repr(credential.to_document())))
        reply = await self._ask(refresh_token_grant(token, credential, client=client))
        try:
            new = read_refresh_reply(
                reply,
                credential=credential,
                received_at=self._services.clock(),
                refusals=self._refusals,
            )
        except RefreshRejected as rejected:
            _note_rejection(token, locked, is_final=bool(rejected.facts["final"]))
            raise
        rotated = new.tokens.refresh_token != token
        renewed = replace(credential, tokens=new.tokens, rotates=credential.rotates or rotated)
        # Saved at once: what the server says of the expiry may come late or never.
        saved = with_usual_expiry(renewed)
        self._save(saved, rotated=rotated)
        if new.failure is not None:
            raise new.failure
        for objection in new.objections:
            self._notify(Warned(code="answer-odd", message=objection))
        return await self._dated(renewed, saved, client)

    async def _minted(self, client: Client) -> Credential:
        # Late: most profiles are a person's.
        from ..machine.mint import mint

        new = await mint(self._credential, client, self._services)
        self._locked.save(new.to_document())
        return await self._dated(new, new, client)

    async def _ask(self, message: FormPost) -> HttpReply:
        message = replace(message, delivery=self.in_flight.delivery)

        def send(by: Transport) -> Awaitable[HttpReply]:
            return send_with_retries(message, transport=by, clock=self._services.clock)

        reply = await or_part(send, self.in_flight)
        if is_worth_another(reply, self._refusals):
            reply = await or_part(send, self.in_flight)
        return reply

    def _save(self, credential: Credential, *, rotated: bool) -> None:
        def save() -> None:
            if rotated:
                save_only_copy(credential, self._locked, self._notify)
            else:
                self._locked.save(credential.to_document())

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
            error.add(f"the tokens were refreshed, but could not be stored; {fate}")
            raise

    async def _dated(self, renewed: Credential, saved: Credential, client: Client) -> Credential:
        """Return *renewed* with its expiry; store that where it is another than *saved* has."""
        transport, clock = self._services.transport, self._services.clock
        dated = await with_expiry(renewed, client=client, transport=transport, clock=clock)
        if dated != saved:
            with suppress(StoreError):
                self._locked.save(dated.to_document())
        return dated

    def _notify(self, notice: Notice) -> None:
        if self.in_flight.is_awaited:
            self._services.notify(notice)


def _note_rejection(token: Secret, locked: LockedDocument, *, is_final: bool) -> None:
    """
    Mark *token* as refused, or forget it if that *is final*; keep all else of the sign-in.

    Nothing is done where another token has taken its place.
    """
    document = locked.load()
    if not (document and token.matches(document.get("refresh_token") or "")):
        return
    if is_final:
        locked.save({**document, "refresh_token": None, "refused": True})
    else:
        with suppress(StoreError):
            locked.note({**document, "refused": True})
