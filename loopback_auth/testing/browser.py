"""
A browser without a window.

It follows redirects, keeps cookies, signs in, decides, and ends at the last page. It sends what a
real one sends with a navigation; where a server does not answer it shows a page of its own, with
status 0.
"""

from __future__ import annotations

import http.client
import urllib.request
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar
from typing import Literal
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from ..edge.interaction.environment import without_variables
from .html_form import read_form

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from .html_form import Form

STEPS = 30
"""More than any sign-in has; a loop of redirects ends here."""

_KEEPS_METHOD = {307, 308}
_REDIRECTS = {301, 302, 303, *_KEEPS_METHOD}

_ALWAYS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (compatible; loopback-auth test browser)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    The page where the browser ended, and every address it visited, in order.

    Header names are lower-case.
    """

    status: int
    url: str
    text: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    visited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Navigation:
    """A request to be made: *origin* is the page it comes from, *is_clicked* a person's click."""

    url: str
    form: Mapping[str, str] | None = None
    origin: str = ""
    site: str = "none"
    is_clicked: bool = True


class Browser:
    """
    Visits a page and does what a person would: signs in as *username*, then says *decision*.

    `close` is somebody who closes the tab at the consent page. Cookies last as long as the browser
    does. *ssl_context* knows the private certificate authority of a test, where there is one.
    """

    def __init__(
        self,
        *,
        username: str = "ada",
        password: str = "lovelace",  # noqa: S107 - the test server's own, known to everybody
        decision: Literal["allow", "deny", "close"] = "allow",
        timeout_s: float = 30.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._words = {"username": username, "password": password}
        self._decision = decision
        self._timeout_s = timeout_s
        self._opener = urllib.request.OpenerDirector()
        # Only these: no proxy for this computer, no file or ftp to be redirected to, no exception
        # for a status.
        self._opener.add_handler(urllib.request.HTTPHandler())
        # Which it would obey as soon as there is a context, from Python 3.12 on.
        with without_variables(("SSLKEYLOGFILE",)):
            self._opener.add_handler(urllib.request.HTTPSHandler(context=ssl_context))
        self._opener.add_handler(urllib.request.HTTPCookieProcessor(CookieJar()))

    def visit(self, url: str) -> Page:
        """Open *url* and return the page where nothing is left to follow or to fill in."""
        visited: list[str] = []
        navigation: _Navigation | None = _Navigation(url=url)
        page = Page(status=0, url=url)
        has_signed_in = False
        for _ in range(STEPS):
            if navigation is None:
                return replace(page, visited=tuple(visited))
            visited.append(navigation.url)
            page = self._open(navigation)
            if page.status in _REDIRECTS and "location" in page.headers:
                navigation = _redirected(navigation, page)
                continue
            form = read_form(page.text) if "html" in page.headers.get("content-type", "") else None
            if form is None or (form.asks_password and has_signed_in):
                return replace(page, visited=tuple(visited))
            has_signed_in = has_signed_in or form.asks_password
            navigation = self._filled_in(form, page)
        return replace(page, status=0, text="too many redirects", visited=tuple(visited))

    def _open(self, navigation: _Navigation) -> Page:
        data = None if navigation.form is None else urlencode(navigation.form).encode()
        # S310: the opener has no handler but those of http and https.
        headers = _headers(navigation)
        request = urllib.request.Request(navigation.url, data, headers=headers)  # noqa: S310
        try:
            answer = self._opener.open(request, timeout=self._timeout_s)
            if answer is None:
                return Page(status=0, url=navigation.url, text="this address opens another program")
            with answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                text = answer.read().decode("utf-8", "replace")
                return Page(status=answer.status, url=navigation.url, text=text, headers=headers)
        except (OSError, http.client.HTTPException) as error:
            return Page(status=0, url=navigation.url, text=f"no answer: {error}")

    def _filled_in(self, form: Form, page: Page) -> _Navigation | None:
        """Return where the form leads once it is filled in, or `None` where a person would stop."""
        fields = {name: self._words.get(name, value) for name, value in form.fields.items()}
        decisions = [name for name, value in form.buttons if value == self._decision]
        if decisions:
            fields[decisions[0]] = self._decision
        elif not (form.asks_password or form.submits_itself):
            return None
        url = urldefrag(urljoin(page.url, form.action)).url
        # A page that asks not to be named is not named in the Origin of its form either.
        is_named = "no-referrer" not in page.headers.get("referrer-policy", "")
        return _Navigation(
            url=url,
            form=fields,
            origin=_origin(page.url) if is_named else "null",
            site=_site(page.url, url),
            is_clicked=not form.submits_itself,
        )


def _headers(navigation: _Navigation) -> dict[str, str]:
    sent = {**_ALWAYS, "Sec-Fetch-Site": navigation.site}
    if navigation.is_clicked:
        sent["Sec-Fetch-User"] = "?1"
    if navigation.form is not None:
        sent["Origin"] = navigation.origin
    return sent


def _redirected(navigation: _Navigation, page: Page) -> _Navigation:
    """
    Return the next request, as the Fetch standard says.

    A POST becomes a GET on all but 307 and 308, and a request that left its site stays cross-site.
    """
    url = urldefrag(urljoin(page.url, page.headers["location"])).url
    keeps = page.status in _KEEPS_METHOD
    worst = max(navigation.site, _site(page.url, url), key=_SITES.index)
    return replace(
        navigation,
        url=url,
        form=navigation.form if keeps else None,
        site="none" if navigation.site == "none" else worst,
        origin=navigation.origin if _origin(url) == _origin(page.url) else "null",
    )


_SITES = ("none", "same-origin", "same-site", "cross-site")


def _site(here: str, there: str) -> str:
    if _origin(here) == _origin(there):
        return "same-origin"
    # A site has a scheme and a host but no port.
    one, other = urlsplit(here), urlsplit(there)
    return (
        "same-site"
        if (one.scheme, one.hostname) == (other.scheme, other.hostname)
        else "cross-site"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
