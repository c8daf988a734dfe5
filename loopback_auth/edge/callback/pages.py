"""The pages of the callback server: one HTML file with fixed texts; all else is escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from html import escape
from string import Template

from ...errors import AuthorizationDenied, Cancelled
from ...explain import explanation
from ...explain.fix import after_command, ended, pieces
from ...oauth.http.status import REQUEST_HEADER_FIELDS_TOO_LARGE
from ...oauth.text import SHOWN_CHARACTERS, one_line
from ...resources import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import LoopbackAuthError

_EXPLANATION_CHARACTERS = 4000
"""The most of a cause or a fix, which are our own texts with values of the profile in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a browser's request."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


_BARE = (
    '<!doctype html><html lang="en" class="$kind"><meta charset="utf-8"><title>$title</title>'
    "<style></style><h1>$title</h1><p>$lead</p>$details<p>$closing</p>"
)


@cache
def _file() -> tuple[Template, str]:
    html = _BARE
    # A sign-in does not fail for a file that is missing or of another version.
    with suppress(OSError, ValueError):
        found = read("edge/callback/page.html").decode()
        if set(Template(found).get_identifiers()) == set(Template(_BARE).get_identifiers()):
            html = found
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return Template(html), f"'sha256-{digest}'"


def fixed_headers() -> dict[str, str]:
    """Return the headers of every answer: nothing is stored, framed, referred, sniffed or run."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {_file()[1]}; img-src data:; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Connection": "close",
        "Server": "loopback-auth",
    }


def redirect(location: str) -> Answer:
    """
    Return a redirect by GET to *location*.

    It leads away from an address that holds a code (RFC 9700 section 4.3.1).
    """
    return Answer(status=303, headers={"Location": location})


def signed_in(*, name: str, server: str, profile: str) -> Answer:
    """Return the page of success; *name* is the server's spelling, *server* a host name."""
    who = (
        f"<strong>{_shown(name)}</strong> at <strong>{_shown(server)}</strong>"
        if name
        else f"<strong>{_shown(server)}</strong>"
    )
    return _page(
        status=200,
        kind="done",
        title="Signed in",
        lead=f"{'You are signed in as' if name else 'You are signed in to'} {who}.",
        details=f"<p>The tokens are saved in the profile <code>{_shown(profile)}</code>.</p>",
        closing="You can close this tab and go back to your terminal.",
    )


def handed_over(*, server: str, error: str) -> Answer:
    """
    Return the page of an answer of *server* for a sign-in on another machine.

    Nobody is signed in yet. *error* is what the server reports in it.
    """
    what = f"refused (<code>{_shown(error)}</code>)" if error else "has answered"
    return _page(
        status=200,
        kind="failed" if error else "done",
        title="Go back to the other machine",
        lead=f"<strong>{_shown(server)}</strong> {what}, and your terminal has the answer.",
        details="<p>You are not signed in yet, and no token came here. Paste the answer where you"
        " started the sign-in: it goes on there.</p>",
        closing="You can close this tab and go back to your terminal.",
    )


def signed_in_there(*, name: str, server: str, machine: str, profile: str) -> Answer:
    """Return the page of a sign-in that another machine has finished."""
    return _page(
        status=200,
        kind="done",
        title="Signed in on the other machine",
        lead=f"<strong>{_shown(machine)}</strong> is signed in to <strong>{_shown(server)}</strong>"
        + (f" as <strong>{_shown(name)}</strong>." if name else "."),
        details="<p>The tokens are stored there, and never were on this computer,"
        f" in the profile <code>{_shown(profile)}</code>.</p>",
        closing="You can close this tab and go back to your terminal.",
    )


def failed(error: LoopbackAuthError, *, profile: str = "", is_stored: bool = False) -> Answer:
    """
    Return the page that explains *error* of a sign-in to *profile* in our own texts.

    With *is_stored* the tokens are stored, and about to be removed again. The server's own words
    are only shown in the terminal: nothing of a request is put into a page.
    """
    words = error.explanation or explanation(error.code, **{"profile": profile, **error.facts})
    denied = isinstance(error, (AuthorizationDenied, Cancelled))
    return _page(
        status=403 if denied else 400,
        kind="denied" if denied else "failed",
        title="Sign-in refused" if denied else "Sign-in failed",
        lead=_shown(words.title) + ".",
        details="<dl><dt>Why</dt>"
        f"<dd>{_shown(words.cause, limit=_EXPLANATION_CHARACTERS)}</dd>"
        f"<dt>What to do</dt><dd>{_steps(words.fix)}</dd></dl>"
        f"<p>Your terminal says more (<code>{_shown(error.code)}</code>).</p>",
        closing=f"{'The sign-in is undone' if is_stored else 'Nothing was stored'}."
        " You can close this tab.",
    )


def interrupted() -> Answer:
    """Return the page of a sign-in that was stopped in the terminal."""
    return _page(
        status=400,
        kind="failed",
        title="Sign-in stopped",
        lead="The command in your terminal was stopped before the sign-in was complete.",
        details="<dl><dt>What to do</dt><dd>Run the same command again in your terminal.</dd></dl>",
        closing="Nothing was stored. You can close this tab.",
    )


_WHEN_REFUSED = (
    "<p>If you were signing in, the sign-in goes on: return to the tab where you started, "
    "or open the address in your terminal again.</p>"
)
_WITH_TOO_MANY_COOKIES = (
    "<p>Your browser sent more than 64 KiB of headers: cookies, most likely, that programs on "
    "other ports of this host have set. The sign-in goes on. Clear the cookies of this host in "
    "your browser's settings and reload this page, or open the address in your terminal in a "
    "private window, which has none.</p>"
)


def unmade(*, is_done: bool) -> Answer:
    """Return a plain text instead of a page that could not be made."""
    outcome = "You are signed in." if is_done else "The sign-in has ended."
    return Answer(
        status=200 if is_done else 400,
        body=f"{outcome} Your terminal says more.\n".encode(),
        headers={"Content-Type": "text/plain; charset=utf-8"},
    )


def refused(status: int) -> Answer:
    """Return the answer to a request that is not the one that is waited for."""
    is_too_large = status == REQUEST_HEADER_FIELDS_TOO_LARGE
    return _page(
        status=status,
        kind="failed",
        title="Not the page you want",
        lead="A program on this computer is waiting for one answer here,"
        " and this request is not it.",
        details=_WITH_TOO_MANY_COOKIES if is_too_large else _WHEN_REFUSED,
        closing="" if is_too_large else "You can close this tab.",
    )


def _page(*, status: int, kind: str, title: str, lead: str, details: str, closing: str) -> Answer:
    body = _file()[0].substitute(
        kind=kind, title=title, lead=lead, details=details, closing=closing
    )
    return Answer(
        status=status, body=body.encode(), headers={"Content-Type": "text/html; charset=utf-8"}
    )


def _steps(fix: str) -> str:
    """Return *fix* as HTML: each command as code on its own lines, which no word is broken at."""
    html = ""
    parts = list(pieces(fix))
    for number, (text, is_command) in enumerate(parts, 1):
        begun = after_command(text) if html and not is_command else text
        begun = ended(begun) if 1 < number == len(parts) and not is_command else begun
        shown = _shown(begun, limit=_EXPLANATION_CHARACTERS)
        if is_command:
            words = " ".join(f"<span>{word}</span>" for word in shown.split(" "))
            html += f'<code class="command">{words}</code>'
        else:
            html += shown
    return html


def _shown(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    return escape(one_line(text, limit=limit))
