"""The pages a person clicks through: sign-in, consent, and what is shown when nobody may be sent back."""

from __future__ import annotations

from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --ground: #eceff6; --card: #fff; --ink: #1b2333; --soft: #56627a; --line: #cfd6e4; --tone: #2f4fd0 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: #10131c; --card: #1a1f2c; --ink: #edf0f7; --soft: #a3aec4; --line: #343d52; --tone: #8ea6ff }}
}}
* {{ box-sizing: border-box }}
body {{ margin: 0; min-height: 100vh; padding: 1rem; display: grid; place-items: center; font: 100%/1.5 system-ui, sans-serif;
  background: var(--ground); color: var(--ink) }}
main {{ width: 100%; max-width: 25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .8rem }}
h1 {{ margin: 0 0 .5rem; font-size: 1.4rem }}
p, li {{ color: var(--soft); overflow-wrap: anywhere }}
label {{ display: block; margin-top: .9rem; font-weight: 600 }}
input {{ width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem }}
.row {{ display: flex; gap: .75rem; margin-top: 1.5rem }}
button {{ flex: 1; padding: .65rem; font: inherit; font-weight: 600; border: 1px solid var(--tone); border-radius: .4rem;
  background: transparent; color: var(--tone); cursor: pointer }}
button.main {{ background: var(--tone); color: var(--card) }}
.wrong {{ color: #c62828; font-weight: 600 }}
</style>
</head>
<body><main>{body}</main></body>
</html>
"""

HEADERS = {
    # No form-action: Chromium holds it against the redirect that follows the form, and that goes to the client.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every page."""


def sign_in(parameters: Mapping[str, str], *, wrong: bool, hint: str) -> str:
    """Ask who it is; *parameters* are those of the authorization request, carried along."""
    note = '<p class="wrong" role="alert">That is not the right name and password.</p>' if wrong else ""
    return _page(
        "Sign in",
        f"<h1>Sign in</h1><p>to a test server of loopback-auth, on this computer.</p>{note}"
        f'<form method="post" action="/authorize">{_carried(parameters)}'
        f'<label for="username">User name</label><input id="username" name="username" value="{escape(hint)}" autocomplete="off">'
        '<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="off">'
        '<div class="row"><button class="main" name="step" value="sign-in">Sign in</button></div></form>',
    )


def consent(parameters: Mapping[str, str], *, username: str, client_id: str, scope: str) -> str:
    """Ask whether the client may."""
    scopes = "".join(f"<li>{escape(name)}</li>" for name in scope.split()) or "<li>nothing in particular</li>"
    return _page(
        "Allow access?",
        f"<h1>Allow access?</h1><p>{escape(username)}, the program <strong>{escape(client_id)}</strong> asks for:</p><ul>{scopes}</ul>"
        f'<form method="post" action="/authorize">{_carried(parameters)}<div class="row">'
        '<button class="main" name="step" value="allow">Allow</button><button name="step" value="deny">Deny</button></div></form>',
    )


def form_post(redirect_uri: str, parameters: list[tuple[str, str]]) -> str:
    """Send the answer as a form that submits itself (OAuth 2.0 Form Post Response Mode)."""
    fields = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in parameters)
    return (
        f'<!doctype html><title>Going back</title><body onload="document.forms[0].submit()"><form method="post" '
        f'action="{escape(redirect_uri)}">{fields}<noscript><button>Go back to the program</button></noscript></form>'
    )


def refusal(error: str, description: str) -> str:
    """Tell the person, since the client must not be told: its address is not known to be its own."""
    return _page(
        "Error",
        f"<h1>This request cannot go on</h1><p><strong>{escape(error)}</strong>: {escape(description)}</p>",
    )


def _carried(parameters: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in parameters.items()
    )


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)
