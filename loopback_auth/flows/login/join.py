"""
One sign-in for all who want one: the first process opens the page, the others wait for its end.

What is waited for is in `edge/process/single_flight.py`. A wait needs no event loop.
"""

from __future__ import annotations

import time

from ...edge.process.clock import running_s
from ...edge.process.event_loop import paused
from ...edge.process.flight_record import PAGES, QUIET_S, FlightRecord
from ...edge.process.single_flight import SingleFlight, profile_signing_in
from ...errors import LoginTimedOut, LoopbackAuthError, PortInUse, SignInInProgress
from ...notices import JoinedSignIn, Saved, Waiting, Warned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ...notices import Notice
    from ...oauth.credential import Credential
    from ...settings.profile import Profile
    from ..services import Services

    SignIn = Callable[[Services, float], Awaitable[Credential]]
    """Signs in, with a `notify` that is listened to, within so many seconds."""

    MayEnd = Callable[[str], Awaitable[bool]]
    """Decides, by a sentence about it, whether another process's sign-in is to be ended."""

_LOOK_S = 0.1

END_S = 3.0
"""For a process that is asked to end: what its clean-up after a signal may take, and more."""

_NOTICED_S = 1.0

_LET_IT_GO_ON = (
    "let it go on (`fg`, or `kill -CONT {pid}`) or end it (`kill -KILL {pid}`),"
    " then run the command again"
)
_LET_IT_END = (
    "sign in on the page that it opened; or end it (`kill {pid}`), then run the command again"
)

_OF_THIS_RUN = (
    "access_token_lifetime",
    "ca_bundle",
    "callback_cert",
    "callback_key",
    "port",
    "redirect_uris",
    "response_mode",
)


class Caller:
    """
    Who wants to be signed in.

    *wants* are flags that a sign-in must have been given, too, to be joined. *is_person*: somebody
    has typed this just now, and may open one page after the other. *is_done* says whether another
    process has done it meanwhile. *may_end* is asked whether to end a sign-in in progress.
    """

    def __init__(
        self,
        *,
        wants: tuple[str, ...] = (),
        is_person: bool = False,
        is_done: Callable[[], bool] = lambda: False,
        may_end: MayEnd | None = None,
    ) -> None:
        self.wants = wants
        self.is_person = is_person
        self.is_done = is_done
        self.may_end = may_end


async def sign_in_once(
    sign_in: SignIn, profile: Profile, services: Services, *, timeout_s: float, caller: Caller
) -> Credential:
    """
    Sign in to *profile* by *sign_in*; if another process is at it, wait for that one instead.

    Its result is this one's: the stored sign-in, or the error that it ended with. If it ends
    without one, since it was killed or stopped by Ctrl-C, this process signs in itself, with what
    is left of *timeout_s*. So does the first of several that wait.

    Raises:
        SignInInProgress: The other one asks for something else.
        LoginTimedOut: It did not end within *timeout_s*.
        LoopbackAuthError: It failed so; or it failed so a moment ago, and this caller is a program
            that would open one page after the other. Else what *sign_in* raises.
    """
    attempt = _Attempt(profile, services, timeout_s, caller)
    try:
        await attempt.wait()
        return attempt.result() or await attempt.sign_in(sign_in)
    finally:
        attempt.flight.end()


def _terms(profile: Profile) -> dict[str, Any]:
    """Return the settings by which two sign-ins to one profile are the same; none is a secret."""
    settings = {**profile.to_remember(), "storage": profile.get("storage")}
    return {
        name: value
        for name, value in settings.items()
        if name not in _OF_THIS_RUN and value is not None
    }


def of_own_sign_in(taken: PortInUse, home: str | None) -> PortInUse:
    """
    Return *taken*, which names the profile where the port is held by another sign-in of this user.

    Its fact `holding` is that profile.
    """
    pid = taken.facts.get("pid")
    profile = profile_signing_in(home, pid) if home and isinstance(pid, int) and pid else None
    if not profile:
        return taken
    return PortInUse(
        f"{taken.message}, your own sign-in to the profile {profile}",
        cause="Only one sign-in at a time can use a registered port, and that one still waits.",
        fix="finish that sign-in, or end it (`kill {pid}`), then run the command again;"
        " or use another port that is registered: `loopback-auth login {profile} --port N`",
        **{**taken.facts, "holding": profile},
    )


class _Attempt:
    def __init__(
        self, profile: Profile, services: Services, timeout_s: float, caller: Caller
    ) -> None:
        self.flight = SingleFlight(services.store.home, profile.name)
        self._profile = profile
        self._services = services
        self._timeout_s = timeout_s
        self._caller = caller
        self._terms = _terms(profile)
        self._began, self._began_at = running_s(), time.time()
        self._has_waited = False
        self._joined: FlightRecord | None = None
        self._is_examined = False
        self._next_notice = 0.0

    @property
    def _left_s(self) -> float:
        return max(self._began + self._timeout_s - running_s(), 0)

    async def wait(self) -> None:
        """Wait until this process may sign in: nobody else is at it."""
        while not self.flight.begin():
            self._has_waited = True
            if not self._left_s:
                raise self._not_in_time()
            await self._look()
            await paused(min(_LOOK_S, self._left_s))

    async def _look(self) -> None:
        """Join what the other process shows, or find out why it shows nothing."""
        record = self.flight.read()
        page = record.page
        if page and (self._joined is None or record.id != self._joined.id):
            if others := self._differing(record):
                await self._make_way(record, ", ".join(others))
                return
            self._joined = record
            joined = JoinedSignIn(page=page, pid=record.pid, terminal=record.terminal)
            self._services.notify(joined)
        now = running_s()
        if not self._is_examined and now >= self._began + _NOTICED_S:
            self._is_examined = True
            await self._examine(record)
        if self._joined and now >= self._next_notice:
            self._next_notice = now + _NOTICED_S
            self._services.notify(Waiting(timeout_s=self._timeout_s, left_s=self._left_s))

    def _differing(self, record: FlightRecord) -> list[str]:
        return record.differs_from(self._terms, self._caller.wants)

    async def _examine(self, record: FlightRecord) -> None:
        """Say that the other process is stopped, or end it where the person wants that."""
        holder = self.flight.holder()
        if holder is None or not holder.is_stopped:
            return
        if self._caller.may_end:
            await self._make_way(record, "and is stopped, perhaps by Ctrl-Z")
            return
        what = f"process {holder.pid}, which is signing in to this profile, is stopped"
        message = f"{what}; it goes on with fg, or kill -CONT {holder.pid}"
        self._services.notify(Warned(code="sign-in-stopped", message=message))

    async def _make_way(self, record: FlightRecord, how: str) -> None:
        """
        End the other sign-in, if the person agrees.

        Raises:
            SignInInProgress: It goes on.
        """
        holder, may_end = self.flight.holder(), self._caller.may_end
        pid = holder.pid if holder else record.pid
        what = f"process {pid} is signing in to the profile {self._profile.name} {how}"
        if holder and may_end and await may_end(what) and self.flight.ask_to_end(holder):
            deadline = running_s() + END_S
            while running_s() < deadline:
                if self.flight.begin():
                    return
                await paused(_LOOK_S)
        raise SignInInProgress(what, profile=self._profile.name, pid=pid)

    def result(self) -> Credential | None:
        """
        Return what another process achieved meanwhile; `None`: this one is to sign in.

        Raises:
            LoopbackAuthError: It failed so.
        """
        # By the time of day, since the record may be of another day.
        record, now = self.flight.read(), time.time()
        is_of_now = record.ended_between(self._began_at, now) and not self._differing(record)
        if is_of_now and record.is_shared and not (record.is_out_of_time and self._has_time):
            raise record.failure("which this one waited for")
        is_done = is_of_now or (self._joined and record.id == self._joined.id)
        if (is_done and record.is_saved) or self._caller.is_done():
            return self._stored()
        is_new = is_of_now or self._caller.is_person or self._differing(record)
        if not is_new and (repeated := record.repeated(now)):
            self.flight.write(repeated)
            raise record.failure(f"and a program opens no new page within {QUIET_S:g} s")
        if record.page:
            # Of a process that was killed.
            self.flight.write(FlightRecord({}))
        if self._joined:
            what = "the sign-in that this one waited for ended without a result"
            message = f"{what}: this is another one"
            self._services.notify(Warned(code="sign-in-taken-over", message=message))
        return None

    @property
    def _has_time(self) -> bool:
        """Whether the page of another sign-in would be open for long enough."""
        return self._left_s > self._timeout_s / 2

    def _stored(self) -> Credential | None:
        # Late: a sign-in shows its address without it.
        from ...oauth.credential import Credential

        document = self._services.store.load(self._profile.name)
        return Credential.from_document(document) if document else None

    async def sign_in(self, sign_in: SignIn) -> Credential:
        """Sign in by *sign_in*, and let those who wait know how it goes and ends."""
        begun = shown = FlightRecord.of_this_process(self._terms, self._caller.wants)

        def notify(notice: Notice) -> None:
            nonlocal shown
            self._services.notify(notice)
            if isinstance(notice, Saved):
                self.flight.write(shown.saved(time.time()))
            elif type(notice).__name__ in PAGES:
                shown = begun.showing(notice)
                self.flight.write(shown)

        # Without the page, whose address has the state in it.
        ended, time_s = begun, self._left_s if self._has_waited else self._timeout_s
        try:
            credential = await sign_in(self._services.with_notify(notify), time_s)
            ended = begun.saved(time.time())
        except LoopbackAuthError as error:
            ended = begun.failed(error, time.time(), has_page=shown is not begun)
            raise
        finally:
            if ended.is_saved or ended.is_shared:
                self.flight.write(ended)
            else:
                self.flight.forget()
        return credential

    def _not_in_time(self) -> LoginTimedOut:
        holder, joined = self.flight.holder(), self._joined
        pid = holder.pid if holder else joined and joined.pid
        is_stopped = holder is not None and holder.is_stopped
        return LoginTimedOut(
            f"the sign-in of process {pid} did not end within {self._timeout_s:g} s",
            cause="It is stopped, perhaps by Ctrl-Z."
            if is_stopped
            else "This one waited for it and opened no page; that one has more time.",
            fix=_LET_IT_GO_ON if is_stopped else _LET_IT_END,
            pid=pid,
        )
