"""
The pages a person clicks through: sign-in, consent, and what is shown when nobody may
be sent back.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape
from string import Template
from urllib.parse import urlsplit

from ...resources import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .registry import Client, User

_FILE = read("testing/openid/page.html").decode()
_SUBMIT = "document.forms[0].submit()"

MEANINGS = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
    "offline_access": "Stay signed in while you are away",
    "api": "Use the API in your name",
}
"""What a scope is called for people."""


def _source(text: str) -> str:
    """Name an inline style or script by its digest, as a Content-Security-Policy does."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _headers(sources: str) -> dict[str, str]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        # No form-action: Chromium holds it against every redirect that follows the form, and those
        # go to the client and on.
        "Content-Security-Policy": f"default-src 'none'; {sources}; img-src data:; frame-ancestors 'none'; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


HEADERS = _headers(f"style-src {_source(_FILE.partition('<style>')[2].partition('</style>')[0])}")
"""Sent with every page."""

FORM_POST_HEADERS = _headers(f"script-src {_source(_SUBMIT)}")
"""Sent with the form that submits itself."""


def sign_in(action: str, interaction: str, *, hint: str, wrong: bool, users: Iterable[User]) -> str:
    """Ask who it is; *hint* is the name to begin with, *wrong* says that it did not fit."""
    people = "; ".join(
        f"<code>{escape(u.username)}</code>, password <code>{escape(u.password)}</code>"
        for u in users
    )
    # Whoever came with a name has only the password left to type.
    first, then = ("", " autofocus") if hint else (" autofocus", "")
    note = '<p role="alert">That is not the right name and password.</p>' if wrong else ""
    return page(
        "Sign in",
        f"<h1>Sign in</h1><p>People known here: {people or 'nobody'}.</p>{note}{form(action, interaction)}"
        f'<label for="username">User name</label><input id="username" name="username" value="{escape(hint)}" '
        f'autocomplete="username" autocapitalize="none" spellcheck="false" required{first}>'
        '<label for="password">Password</label><input id="password" name="password" type="password" '
        f'autocomplete="current-password" required{then}>'
        '<div class="row"><button class="main">Sign in</button></div></form>',
    )


def consent(
    action: str, interaction: str, *, user: User, client: Client, scope: str, redirect_uri: str
) -> str:
    """Ask whether the client may."""
    rows = [(MEANINGS.get(name, name), name) for name in scope.split()]
    scopes = "".join(
        f"<li>{escape(meaning)} <small>{escape(name)}</small></li>" for meaning, name in rows
    )
    name, back = escape(client.client_name or client.client_id), urlsplit(redirect_uri)
    return page(
        "Allow access?",
        f"<h1>Allow access?</h1><p>Signed in as <strong>{escape(user.username)}</strong>. "
        f"<strong>{name}</strong> asks to:</p><ul>{scopes or '<li>Sign in, and nothing else</li>'}</ul>"
        f"<p>Either answer takes you to <code>{escape(back.netloc or back.scheme)}</code>.</p>{form(action, interaction)}"
        '<div class="row"><button class="main" name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></div></form>',
    )


def form_post(redirect_uri: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Send the answer as a form that submits itself (OAuth 2.0 Form Post Response Mode)."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in pairs
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Going back</title>'
        f'<form method="post" action="{escape(redirect_uri)}">{hidden}'
        f"<noscript><button>Go back to the program</button></noscript></form><script>{_SUBMIT}</script></html>"
    )


def refusal(error: str, description: str) -> str:
    """
    Tell the person, since the client must not be told: its address is not known to be
    its own.
    """
    return page(
        "This sign-in stops here",
        f"<h1>This sign-in stops here</h1><p>{escape(description)}</p><p>Error: <code>{escape(error)}</code>. "
        "Nothing was sent to the program that opened this page. You can close it.</p>",
    )


def form(action: str, interaction: str) -> str:
    """Begin a form that names its *interaction*."""
    return f'<form method="post" action="{escape(action)}"><input type="hidden" name="interaction" value="{escape(interaction)}">'


def page(title: str, body: str) -> str:
    """Put *body*, which is HTML, into a page of the test server's."""
    return Template(_FILE).substitute(title=escape(title), body=body)
