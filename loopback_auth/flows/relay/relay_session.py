"""The callback server's session of a relayed request, whose last page says what is true here."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_bytes

from ...edge.callback import pages
from ...edge.callback.session import CallbackSession
from ...oauth.authorize.relayed import RelayedAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...edge.callback.pages import Answer
    from ...oauth.authorize.relayed import RelayedRequest
    from ...seams import Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A sign-in that *machine* has finished: to its *profile*, as the person *name*."""

    machine: str
    profile: str
    name: str = ""


class RelaySession(CallbackSession[RelayedAnswer]):
    """A session that signs nobody in here."""

    def __init__(self, request: RelayedRequest, *, launch_path: str | None, notify: Notify) -> None:
        super().__init__(
            request, launch_path=launch_path, profile="", notify=notify, token_bytes=token_bytes
        )
        self._server = request.host
        self._error = ""
        self._finished: Finished | None = None

    def finished(self, answer: RelayedAnswer, finished: Finished | None) -> None:
        """Note what became of *answer*; `None` if it is for a person to carry on."""
        self._error, self._finished = answer.error, finished

    def done_page(self, name: str) -> Answer:
        """Return the last page; nobody is signed in here, whatever *name*."""
        del name
        done = self._finished
        if done is None:
            return pages.handed_over(server=self._server, error=self._error)
        return pages.signed_in_there(
            name=done.name, server=self._server, machine=done.machine, profile=done.profile
        )
