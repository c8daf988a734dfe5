"""
What a flow says while it runs: values for `notify`, which prints them, draws them or drops them.

The library itself never prints. No notice holds a secret but `OpenThisPage`, whose URL is meant for
the person. With `--json` the members of most are those of an event.
"""

from __future__ import annotations

from .value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class OpenThisPage(Value):
    """
    The callback is listening, and the person signs in at *url*.

    *host* is that of the page, *client_id* and *scope* are what is asked with. *other_hosts* are
    the hosts of the server's endpoints, by their names, that are not the *issuer*'s. The sign-in
    waits for *timeout_s*.
    """

    url: str = field(repr=False)
    redirect_uri: str
    host: str
    client_id: str
    scope: str
    issuer: str | None = None
    other_hosts: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None


class EnterThisCode(Value):
    """
    The person enters *user_code* at *verification_uri*, in any browser on any device.

    *verification_uri_complete* is the same page with the code filled in, where the server has one.
    The code lasts *expires_in_s*, and the server is asked every *interval_s*. The rest is as in
    `OpenThisPage`.
    """

    user_code: str = field(repr=False)
    verification_uri: str
    verification_uri_complete: str | None = field(repr=False)
    expires_in_s: float
    interval_s: float
    client_id: str
    scope: str
    issuer: str | None = None
    other_hosts: Mapping[str, str] = field(default_factory=dict)


class JoinedSignIn(Value):
    """
    The process *pid* is signing in to the profile already; this one waits for its end.

    *page* is what that one shows. *terminal* is where it runs, "" where it has none.
    """

    page: OpenThisPage | EnterThisCode
    pid: int
    terminal: str = ""


class BrowserNotOpened(Value):
    """
    No browser was started.

    *hint* says how to come here from another machine, if that helps. *takes_paste*: a paste is read
    meanwhile. *deliver_to* is the profile that `deliver` in another terminal brings one to.
    """

    reason: str
    hint: str = ""
    takes_paste: bool = False
    deliver_to: str = ""


class Waiting(Value):
    """The sign-in waits: sent once a second until the answer comes."""

    timeout_s: float
    left_s: float


class Answered(Value):
    """The answer has come, and the code in it is sent next."""


class ShowAddress(Value):
    """The person asks for the address, which a browser was opened on without showing it."""


class NothingYet(Value):
    """
    No answer came for *waited_s* seconds.

    *hint* is what the provider says of that, and *takes_paste* whether a paste is read meanwhile.
    """

    waited_s: float
    hint: str
    takes_paste: bool


class PasteExplained(Value):
    """The explanation of what was pasted, which ends nothing: the sign-in goes on."""

    code: str
    title: str
    cause: str
    fix: str


class StrayVisit(Value):
    """
    A request to the callback server is not the answer: the sign-in goes on.

    *fix* is what the person can do about it, if anything.
    """

    reason: str
    fix: str = ""


class Exchanged(Value):
    """The code was redeemed."""


class Saved(Value):
    """The tokens are on disk."""

    profile: str
    path: str


class Refreshed(Value):
    """The access token was refreshed, and the new one is on disk."""

    profile: str


class Warned(Value):
    """Something the person should know, though the sign-in works."""

    code: str
    message: str


class Traced(Value):
    """One line of the redacted protocol trace (`--verbose`)."""

    message: str


Notice = (
    OpenThisPage
    | EnterThisCode
    | JoinedSignIn
    | BrowserNotOpened
    | Waiting
    | Answered
    | ShowAddress
    | NothingYet
    | PasteExplained
    | StrayVisit
    | Exchanged
    | Saved
    | Refreshed
    | Warned
    | Traced
)
