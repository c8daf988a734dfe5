"""The pages that a person sees: sign-in, consent, and a refusal that is not sent to the client."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from ..http.pages import form, page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .registry import Client, User

MEANINGS = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
    "offline_access": "Stay signed in while you are away",
    "api": "Use the API in your name",
}
"""The words for a scope on the consent page."""


def sign_in(action: str, interaction: str, *, hint: str, wrong: bool, users: Iterable[User]) -> str:
    """Return the sign-in page with *hint* as the name; *wrong* adds that the try before failed."""
    people = "; ".join(
        f"<code>{escape(u.username)}</code>, password <code>{escape(u.password)}</code>"
        for u in users
    )
    # Whoever came with a name has only the password left to type.
    first, then = ("", " autofocus") if hint else (" autofocus", "")
    note = '<p role="alert">That is not the right name and password.</p>' if wrong else ""
    return page(
        "Sign in",
        f"<h1>Sign in</h1><p>People known here: {people or 'nobody'}.</p>"
        f"{note}{form(action, interaction)}"
        '<label for="username">User name</label>'
        f'<input id="username" name="username" value="{escape(hint)}" '
        f'autocomplete="username" autocapitalize="none" spellcheck="false" required{first}>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" '
        f'autocomplete="current-password" required{then}>'
        '<div class="row"><button class="main">Sign in</button></div></form>',
    )


def consent(
    action: str, interaction: str, *, user: User, client: Client, scope: str, redirect_uri: str
) -> str:
    """Return the consent page: who asks, for what, and where either answer leads."""
    rows = [(MEANINGS.get(name, name), name) for name in scope.split()]
    scopes = "".join(
        f"<li>{escape(meaning)} <small>{escape(name)}</small></li>" for meaning, name in rows
    )
    name, back = escape(client.client_name or client.client_id), urlsplit(redirect_uri)
    return page(
        "Allow access?",
        f"<h1>Allow access?</h1><p>Signed in as <strong>{escape(user.username)}</strong>. "
        f"<strong>{name}</strong> asks to:</p>"
        f"<ul>{scopes or '<li>Sign in, and nothing else</li>'}</ul>"
        f"<p>Either answer takes you to <code>{escape(back.netloc or back.scheme)}</code>.</p>"
        f"{form(action, interaction)}"
        '<div class="row"><button class="main" name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></div></form>',
    )


def refusal(error: str, description: str) -> str:
    """Return the page for a request whose client or redirect URI is not known to be right."""
    return page(
        "This sign-in stops here",
        f"<h1>This sign-in stops here</h1><p>{escape(description)}</p>"
        f"<p>Error: <code>{escape(error)}</code>. "
        "Nothing was sent to the program that opened this page. You can close it.</p>",
    )
