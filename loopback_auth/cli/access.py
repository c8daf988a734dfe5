"""What `token`, `exec`, `env` and `api` share: the profile's credential with a good token."""

from __future__ import annotations

import time
from contextlib import suppress

from .. import errors
from ..flows.tokens.freshness import MIN_TTL_S, is_good, lasts_too_short, signed_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from ..edge.store.interface import Store
    from ..flows.services import Services
    from ..notices import Notice
    from ..oauth.http.messages import FormPost, Get, HttpReply
    from ..oauth.http.transport import Transport
    from ..oauth.secret import Secret
    from ..settings.profile import Profile
    from .context import Context
    from .credential.imported import Imported


MACHINE_VARIABLES = frozenset({"LOOPBACK_AUTH_KEY", "LOOPBACK_AUTH_CLIENT_SECRET"})
"""What a machine profile needs that was never signed in to here: then nothing is written."""


class Access:
    """
    The way of one command to the credential of its profile.

    `has_new_token`: the command obtained the token itself, and is not to refresh it again.
    """

    def __init__(self, context: Context) -> None:
        self.profile = context.profile_name
        self.has_new_token = False
        self._min_ttl_s: float = getattr(context.arguments, "min_ttl", MIN_TTL_S)
        self._context = context
        self._store: Store = context.store
        self._unminted: Profile | None = None
        self._imported: Imported | None = None
        takes_one = hasattr(context.arguments, "on_rotate")
        if takes_one and context.environ.get("LOOPBACK_AUTH_REFRESH_TOKEN"):
            # Late: it is of CI alone.
            from .credential.imported import imported_by

            self._imported = imported_by(context)
            self._store = self._imported.store if self._imported else context.store

    def document(self) -> Mapping[str, Any]:
        """
        Return the stored document with a good access token, refreshed where needed; with `--login`,
        after a sign-in where that is needed.

        A token that is good costs neither an event loop nor an HTTP client.

        Raises:
            LoopbackAuthError: As `fresh_document`.
        """
        document = self._or_signed_in(self._document)
        if self._min_ttl_s > MIN_TTL_S and (warning := lasts_too_short(document, self._min_ttl_s)):
            self._notify(warning)
        return document

    def _document(self) -> Mapping[str, Any]:
        document = self._stored_or_machine()
        if document and is_good(document, at=time.time(), min_ttl_s=self._min_ttl_s):
            return self._hidden(document)
        return self._refreshed(document)

    def renewed(self) -> Mapping[str, Any]:
        """
        Return the stored document with a new access token, whatever the clock says of the old one.

        Raises:
            LoopbackAuthError: As `document`.
        """
        return self._or_signed_in(self._renewed)

    def _renewed(self) -> Mapping[str, Any]:
        document = self._stored_or_machine()
        return self._refreshed(document, refused=_token_of(document) if document else None)

    def _stored_or_machine(self) -> Mapping[str, Any]:
        document = self._store.load(self.profile)
        if document is None and self._imported:
            return {}
        if document is None and (profile := self._context.profile(None)).mints_unasked:
            # Its first token is minted when it is asked for.
            self._unminted, document = profile, {}
            if not MACHINE_VARIABLES.isdisjoint(self._context.environ):
                from .credential.imported import store_of

                self._store = store_of(self._context)
                return self._store.load(self.profile) or document
        return signed_in(self.profile, document)

    def _or_signed_in(self, found: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        if not getattr(self._context.arguments, "login", False):
            return found()
        try:
            document = found()
        except errors.SignInNeeded as error:
            needed = error
        else:
            if not document.get("refused"):
                return document
            what = f"a server rejected the token of the profile {self.profile}"
            needed = errors.SignInNeeded(what, profile=self.profile)
        from ..edge.process.event_loop import run

        self._context.listen_for_interrupts()
        return run(self.signed_in_after(needed))

    async def signed_in_after(self, needed: errors.SignInNeeded) -> Mapping[str, Any]:
        """
        Return what a sign-in stores, which `--login` asks for; without that, raise *needed*.

        Raises:
            LoopbackAuthError: As `sign_in`.
        """
        if not getattr(self._context.arguments, "login", False):
            raise needed
        # Late, as few commands sign in.
        from .signing_in.when_needed import sign_in_after

        document = await sign_in_after(needed, self._context)
        self.has_new_token = True
        return document

    def checked(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        Return *document* if the server takes its token, else a refreshed one whose token it takes.

        Raises:
            ApiRefused: The server takes neither.
            LoopbackAuthError: As `document`.
        """
        from ..edge.process.event_loop import run
        from ..flows.tokens.check import check

        if run(check(document, transport=self._transport(), environ=self._context.environ)):
            return document
        if not self.has_new_token:
            document = self._refreshed(document, refused=_token_of(document))
            if run(check(document, transport=self._transport(), environ=self._context.environ)):
                return document
        raise self._not_taken()

    def _not_taken(self) -> errors.ApiRefused:
        error = errors.ApiRefused(
            f"the server does not take an access token of the profile {self.profile} that was"
            " obtained just now",
            cause="So its age is not the reason: the endpoint wants another scope, or refuses"
            " the user.",
            fix="the scopes that were granted: `loopback-auth status {profile}`;"
            " userinfo wants openid, or what the server has in its place",
            profile=self.profile,
        )
        error.tokens_changed = self.has_new_token
        return error

    def note_refusal(self, document: Mapping[str, Any]) -> None:
        """
        Note, for `login --if-needed`, that a server did not take the token of *document*.

        Nothing is noted where the profile is locked, or cannot be written.
        """
        with suppress(errors.StoreError), self._store.locked(self.profile, timeout_s=0) as locked:
            stored = locked.load()
            if stored and stored["access_token"] == document["access_token"]:
                locked.note({**stored, "refused": True})

    def _refreshed(
        self, document: Mapping[str, Any], *, refused: Secret | None = None
    ) -> Mapping[str, Any]:
        from ..edge.process.event_loop import run

        self._context.listen_for_interrupts()
        if self._imported:
            new = self._hidden(run(self.refresh(refused)))
            self._imported.settle(new)
        else:
            with self._context.store.tracking_changes(self.profile):
                new = self._hidden(run(self.refresh(refused)))
        # A server that is down leaves one that is still good.
        self.has_new_token = new["access_token"] != document.get("access_token")
        return new

    async def refresh(self, refused: Secret | None) -> Mapping[str, Any]:
        """Return what `document` does where the token is not good, in a running coroutine."""
        from ..edge.process.child import can_outlive_us
        from ..flows.services import Services
        from ..flows.tokens.access_token import fresh_document
        from ..settings.storage import chosen_storage

        store, is_ours = self._store, self._is_ours
        if is_ours:
            home, environ = self._context.home, self._context.environ
            store = store.with_storage(chosen_storage(home, self.profile, environ))
        services = Services(
            store=store,
            transport=self._transport(),
            notify=self._notify,
            environ=self._context.environ,
        )
        in_background = is_ours and self._context.console.is_process and can_outlive_us()
        return await fresh_document(
            self.profile,
            services,
            min_ttl_s=self._min_ttl_s,
            refused=refused,
            refresh=self._in_background if in_background else _here,
            first=self._first(),
        )

    @property
    def _is_ours(self) -> bool:
        """Whether the sign-in is one that is kept here, and not for this job alone."""
        return self._store is self._context.store

    def _hidden(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._is_ours:
            from .credential.imported import hide

            hide(document, self._context.console)
        return document

    def _first(self) -> Callable[[Services], Awaitable[Mapping[str, Any]]] | None:
        from ..flows.tokens.access_token import first_of

        if self._imported:
            return self._imported.first
        return first_of(self._unminted) if self._unminted else None

    async def _in_background(
        self, profile: str, document: Mapping[str, Any], services: Services, **given: Any
    ) -> Mapping[str, Any]:
        """Refresh in a child that goes on when this process is stopped."""
        from .background.parent import refreshed_by_child

        is_talkative = self._context.console.json or self._context.console.verbose
        new = await refreshed_by_child(
            profile, document, services, is_talkative=is_talkative, **given
        )
        return new if new is not None else await _here(profile, document, services, **given)

    def _notify(self, notice: Notice) -> None:
        # Late: of many commands that wait, few tell anything.
        self._context.notify(notice)

    def _transport(self) -> Transport:
        """
        Return a transport that is made when it is first used.

        Of many processes that find an expired token, one needs it.
        """

        async def send(message: FormPost | Get) -> HttpReply:
            from .context import trusted

            bundle = trusted(self._store.load(self.profile))
            if self._unminted:
                bundle = self._unminted.get("ca_bundle")
            transport = self._context.transport(bundle)
            reply: HttpReply = await transport(message)
            return reply

        return send


def _token_of(document: Mapping[str, Any]) -> Secret:
    # Late: a token that is handed out as it was stored stays plain.
    from ..oauth.secret import Secret

    return Secret(document["access_token"])


async def _here(
    profile: str, document: Mapping[str, Any], services: Services, **given: Any
) -> Mapping[str, Any]:
    """Refresh in this process, which does not end before an answer that is on its way."""
    from ..edge.process.interrupts import interrupts_unlimited
    from ..flows.tokens.refresh import refreshed

    with interrupts_unlimited():
        return await refreshed(profile, document, services, **given)
