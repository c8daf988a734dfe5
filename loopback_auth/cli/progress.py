"""A flow's notices, as lines for a person and as events for a program."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..notices import (
    Answered,
    BrowserNotOpened,
    EnterThisCode,
    Exchanged,
    JoinedSignIn,
    NothingYet,
    OpenThisPage,
    PasteExplained,
    Refreshed,
    Saved,
    ShowAddress,
    StrayVisit,
    Traced,
    Waiting,
    Warned,
)
from ..oauth.text import one_line, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..notices import Notice
    from .console import Console


_ONE_TIME_CODE = (
    "After you sign in, the browser's address contains a one-time code. Paste it only here."
)
_NEXT_STEP = (
    "Have the person open url in a browser on this computer and sign in; this command then goes on."
    " If their browser is elsewhere, it ends at an address that it cannot reach: pipe that address"
    " into loopback-auth deliver, or into this command's standard input if it was given --paste."
    " It holds a one-time code, so never put it into an argument or a log."
)
_NEXT_STEP_OF_A_CODE = (
    "Show the person verification_uri and user_code. They open the one in any browser, check the"
    " other and allow; this command then goes on. Nothing has to be passed back."
)
"""For an agent that reads the events."""


class ProgressReporter:
    """Prints notices on *console*: `notify=ProgressReporter(console)`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting = False
        self._said_waiting = False
        self._unseen: OpenThisPage | None = None
        """The page whose address has not been shown: on a terminal, a browser opens on it."""
        self._printers: Mapping[type, Callable[[Any], None]] = {
            OpenThisPage: self._open_this_page,
            EnterThisCode: self._enter_this_code,
            BrowserNotOpened: self._browser_not_opened,
            JoinedSignIn: self._joined,
            Waiting: self._wait,
            Answered: lambda _: self._answered(),
            ShowAddress: lambda _: self._show_address(),
            NothingYet: self._nothing_yet,
            PasteExplained: self._explain,
            StrayVisit: self._stray,
            Exchanged: lambda notice: self._event("exchanged", notice),
            Saved: lambda notice: self._event("saved", notice),
            Refreshed: self._refreshed,
            Warned: self._warn,
            Traced: self._trace,
        }

    def __call__(self, notice: Notice) -> None:
        """Print *notice*."""
        self._printers[type(notice)](notice)

    def _event(self, name: str, notice: Notice, **more: object) -> None:
        """Print the event *name* with the members of *notice*, and *more*."""
        members = {member: getattr(notice, member) for member in type(notice).names}
        self._console.event(name, **{**members, **more})

    def _refreshed(self, notice: Refreshed) -> None:
        self._event("refreshed", notice)
        if self._console.verbose:
            self._console.say(f"Refreshed the access token of the profile {notice.profile}.")

    def _warn(self, notice: Warned) -> None:
        # Whole: it may end in a command, which is copied whole, too.
        message = one_line(notice.message, limit=1200)
        self._event("warning", notice, message=message)
        commands: tuple[str, ...] = getattr(notice.message, "commands", ())
        if commands and message.endswith(command := commands[-1]):
            self._console.say(f"Note: {message.removesuffix(command).rstrip()}", command=command)
        else:
            self._console.say(f"Note: {message}.")

    def _open_this_page(self, notice: OpenThisPage) -> None:
        console = self._console
        self._event("open_page", notice, next_step=_NEXT_STEP)
        console.nothing_sent = True
        console.say(_what_is_asked(notice.host, notice))
        issuer = notice.issuer
        if console.may_ask and urlsplit(issuer or "").netloc == notice.host:
            # The line above names it.
            issuer = None
        for line in server_lines(issuer, notice.other_hosts):
            console.say(line)
        self._unseen = notice
        if console.may_ask and console.terminal:
            # It is shown once it is known that no browser opens, or when Enter is pressed.
            return
        self._show_address()
        if notice.timeout_s is not None:
            # At once, for what reads these lines: it follows the address.
            self._say_waiting(notice.timeout_s)

    def _show_address(self, caution: str = _ONE_TIME_CODE) -> None:
        """Show the address that has not been shown, once."""
        page, self._unseen = self._unseen, None
        if page and caution:
            self._console.say(caution)
        if page:
            self._console.say("Sign in at this address:")
            # -q silences talk, but a sign-in nobody can find helps nobody.
            self._console.insist(page.url)

    def _answered(self) -> None:
        self._unseen = None
        self._console.nothing_sent = False
        self._console.erase_line()

    def _enter_this_code(self, notice: EnterThisCode) -> None:
        console, page = self._console, notice.verification_uri
        self._event("enter_code", notice, next_step=_NEXT_STEP_OF_A_CODE)
        console.say(_what_is_asked(host_of(page), notice))
        for line in server_lines(notice.issuer, notice.other_hosts):
            console.say(line)
        console.say("Open this address in any browser, on any device:")
        console.insist(page)
        console.insist(f"Enter this code there: {notice.user_code}")
        if console.terminal and not (console.quiet or console.json):
            from ..edge.interaction.qr_code import qr_code

            if picture := qr_code(notice.verification_uri_complete or page, console.stderr):
                console.say(picture)
        console.say(
            "Enter it only if you started this sign-in yourself: anyone else who gives you a code"
            " would be signed in as you."
        )

    def _joined(self, notice: JoinedSignIn) -> None:
        where = f" on {one_line(notice.terminal)}" if notice.terminal else ""
        self._console.say(
            f"Process {notice.pid}{where} is already signing in to this profile."
            " Waiting for it; no second page is opened."
        )
        self(notice.page)
        # No key is read here, and nothing that is pasted: both are the other one's.
        self._show_address(caution="")
        self._console.event("joined", pid=notice.pid, terminal=notice.terminal)

    def _browser_not_opened(self, notice: BrowserNotOpened) -> None:
        self._event("browser_not_opened", notice, deliver_to=notice.deliver_to or None)
        if notice.reason != "as asked":
            self._console.say(f"No browser was opened: {notice.reason}.")
        if notice.hint:
            self._console.say(notice.hint)
        anywhere = "Or sign in on any computer. If its browser cannot open the address it ends at"
        if notice.takes_paste:
            self._console.say(f"{anywhere}, paste that here (unseen).")
        elif notice.deliver_to:
            self._console.say(
                f"{anywhere}, bring that from another terminal here:",
                command=f"loopback-auth deliver {notice.deliver_to}",
            )
        self._show_address()

    def _wait(self, notice: Waiting) -> None:
        console = self._console
        if not self._waiting:
            self._waiting = True
            console.event("waiting", timeout_s=notice.timeout_s)
            if self._unseen:
                text = "Opening your browser. Press Enter to see the address."
                console.say(text, draw=lambda sheet: sheet.aside(text))
        self._say_waiting(notice.left_s)
        console.redraw(_waiting_line(notice.left_s))

    def _say_waiting(self, left_s: float) -> None:
        """Say once that the browser is waited for, where no line can be drawn again."""
        if not (self._said_waiting or self._console.terminal):
            self._said_waiting = True
            self._console.say(_waiting_line(left_s))

    def _nothing_yet(self, notice: NothingYet) -> None:
        console, hint = self._console, notice.hint or "Some errors appear only in the browser."
        self._event("nothing_yet", notice)
        console.say(f"Nothing has come back yet. {hint}")
        if notice.takes_paste:
            console.say(
                "If the browser shows an error, paste it here (unseen),"
                " or the address that it ended at; then Enter."
            )
        else:
            console.say(
                "If the browser shows an error, find out what to do:",
                command="loopback-auth explain",
            )
        self._show_address()

    def _stray(self, notice: StrayVisit) -> None:
        fix = {"fix": notice.fix} if notice.fix else {}
        self._console.event("stray", reason=notice.reason, **fix)
        self._console.say(f"Ignored {notice.reason}; still waiting.")
        if fix:
            self._console.say(f"  fix: {notice.fix}")

    def _explain(self, notice: PasteExplained) -> None:
        console = self._console
        self._event("explained", notice)
        title = f"{notice.code}: {notice.title}."
        console.say(
            f"{title}\n  cause: {notice.cause}\n  fix: {notice.fix}",
            draw=lambda sheet: sheet.explanation(title, notice.cause, notice.fix),
        )
        console.say("Still waiting.")

    def _trace(self, notice: Traced) -> None:
        if self._console.verbose:
            self._event("trace", notice)
            self._console.say(f"  . {notice.message}")


def _waiting_line(left_s: float) -> str:
    minutes, seconds = divmod(round(left_s), 60)
    return f"Waiting for your browser... {minutes}:{seconds:02} left (Ctrl-C cancels)"


def _what_is_asked(host: str, notice: OpenThisPage | EnterThisCode) -> str:
    scope = one_line(notice.scope, limit=600)
    scope = f"scopes {scope}" if scope else "default scopes"
    client_id = short(notice.client_id)
    return f"Signing in to {host} (client {client_id}, {scope})"


def server_lines(issuer: str | None, other_hosts: Mapping[str, str]) -> list[str]:
    """
    Return the lines that name the server and the hosts of its endpoints that are not
    the issuer's.
    """
    ends = [f"{name.removesuffix('_endpoint')} at {host}" for name, host in other_hosts.items()]
    named = [f"Issuer: {issuer}"] if issuer else []
    return named + ([f"Endpoints at other hosts: {', '.join(ends)}"] if ends else [])


def host_of(url: str) -> str:
    """Return the host of *url*, for a sentence."""
    return urlsplit(url).hostname or url
