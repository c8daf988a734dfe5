"""What all pages of the test servers share: frame, headers, and the form that submits itself."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape
from string import Template

from ...resources import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = read("testing/http/page.html").decode()
_SUBMIT = "document.forms[0].submit()"


def _source(text: str) -> str:
    """Return the source expression of an inline style or script (CSP Level 3 section 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _headers(sources: str) -> dict[str, str]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        # No form-action: Chromium holds it against every redirect that follows the form, and those
        # go to the client and on.
        "Content-Security-Policy": (
            f"default-src 'none'; {sources}; img-src data:; frame-ancestors 'none'; base-uri 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


HEADERS = _headers(f"style-src {_source(_FILE.partition('<style>')[2].partition('</style>')[0])}")
"""The headers of every page."""

FORM_POST_HEADERS = _headers(f"script-src {_source(_SUBMIT)}")
"""The headers of the form that submits itself."""


def form_post(redirect_uri: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the answer as a form that submits itself (OAuth 2.0 Form Post Response Mode)."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in pairs
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Going back</title>'
        f'<form method="post" action="{escape(redirect_uri)}">{hidden}'
        "<noscript><button>Go back to the program</button></noscript></form>"
        f"<script>{_SUBMIT}</script></html>"
    )


def form(action: str, interaction: str) -> str:
    """Return the start of a form that is posted to *action* and names its *interaction*."""
    return (
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="interaction" value="{escape(interaction)}">'
    )


def page(title: str, body: str) -> str:
    """Return a page with *title*, a text, and *body*, which is HTML."""
    return Template(_FILE).substitute(title=escape(title), body=body)
