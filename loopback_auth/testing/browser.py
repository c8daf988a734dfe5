"""A browser without a window: follows redirects, keeps cookies, fills in the test server's forms, ends at the last page."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGES = 20
"""More than any sign-in has; a loop of redirects ends here."""

# What Chromium sends with a navigation that comes from another site.
NAVIGATION = {
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
    "Accept": "text/html,application/xhtml+xml",
    "User-Agent": "Mozilla/5.0 (loopback-auth test browser)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the browser ended, and every address it went through."""

    status: int
    url: str
    text: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    visited: tuple[str, ...] = ()


class Browser:
    """
    Visits pages and does what a person would: signs in as *username*, and says *decision* (`allow` or `deny`).

    With *decision* `leave` it stops at the consent page, as somebody who closes the tab.
    """

    def __init__(self, *, username: str = "ada", password: str = "lovelace", decision: str = "allow") -> None:  # noqa: S107 - the test server's own
        self._words = {"username": username, "password": password}
        self._decision = decision
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirects()
        )

    def visit(self, url: str, *, timeout_s: float = 30.0) -> Page:
        """Open *url* and go on until there is nothing left to follow or fill in."""
        visited: list[str] = []
        data: bytes | None = None
        for _ in range(PAGES):
            visited.append(url)
            page = self._open(url, data, timeout_s, visited)
            if location := page.headers.get("location"):
                url, data = urljoin(url, location), None
                continue
            form = _form(page.text)
            filled = form and self._fill_in(form)
            if not filled:
                return page
            url, data = urljoin(url, filled[0]), urlencode(filled[1]).encode()
        raise RuntimeError(f"{url} does not come to an end")

    def _open(self, url: str, data: bytes | None, timeout_s: float, visited: list[str]) -> Page:
        request = urllib.request.Request(url, data=data, headers=NAVIGATION)  # noqa: S310 - http, to this machine
        try:
            answer: Any = self._opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            text = answer.read().decode("utf-8", "replace")
            return Page(status=answer.status, url=url, text=text, headers=headers, visited=tuple(visited))

    def _fill_in(self, form: _Form) -> tuple[str, list[tuple[str, str]]] | None:
        fields = [(name, self._words.get(name, value)) for name, value in form.fields]
        if not form.buttons:
            return form.action, fields
        if "sign-in" in form.buttons:
            return form.action, [*fields, ("step", "sign-in")]
        if self._decision in form.buttons:
            return form.action, [*fields, ("step", self._decision)]
        return None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing: the browser does it, and remembers."""


class _Form(HTMLParser):
    """The first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = told.get("action", "")
        elif tag == "input" and self.action and "name" in told:
            self.fields.append((told["name"], told.get("value", "")))
        elif tag == "button" and self.action and "value" in told:
            self.buttons.append(told["value"])


def _form(text: str) -> _Form | None:
    form = _Form()
    form.feed(text)
    return form if form.action else None
