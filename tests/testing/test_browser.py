"""The browser does what browsers and people do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from loopback_auth.testing import Browser
from tests.support.asking import CHALLENGE, REDIRECT_URI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loopback_auth.testing import AuthorizationServer


class Site:
    """A site of fixed pages: path -> status, headers, body. It remembers what it was sent."""

    def __init__(self, port: int) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], str]] = {}
        self.seen: list[tuple[str, str, dict[str, str], str]] = []
        self.netloc = f"127.0.0.1:{port}"
        self.url = f"http://{self.netloc}"
        self.other_host = f"http://localhost:{port}"

    def page(
        self,
        path: str,
        body: str = "",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.pages[path] = (status, {"Content-Type": "text/html", **(headers or {})}, body)

    def redirect(self, path: str, location: str, *, status: int = 302) -> None:
        self.page(path, status=status, headers={"Location": location})

    def headers(self, path: str) -> dict[str, str]:
        """What came with the one request for *path*."""
        (headers,) = (headers for _, seen, headers, _ in self.seen if seen == path)
        return headers


@contextmanager
def running_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            path = urlsplit(self.path).path
            headers = {name.lower(): value for name, value in self.headers.items()}
            running.seen.append((self.command, path, headers, body))
            status, extra, text = running.pages.get(path, (404, {}, "not here"))
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        running = Site(listening.server_port)
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        listening.shutdown()


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def start(server: AuthorizationServer, redirect_uri: str = REDIRECT_URI, **more: str) -> str:
    parameters = {
        "client_id": "public",
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "state": "the-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{server.issuer}/authorize?{urlencode(parameters)}"


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize(("decision", "brings"), [("allow", "code"), ("deny", "error")])
def test_it_signs_in_decides_and_ends_at_the_client(
    server: AuthorizationServer,
    site: Site,
    mode: str,
    decision: Literal["allow", "deny"],
    brings: str,
) -> None:
    """By either response mode; the client's own redirect is followed to the last page."""
    site.redirect("/callback", "/done", status=303)
    site.page("/done", "signed in")
    page = Browser(decision=decision).visit(
        start(server, f"{site.url}/callback", response_mode=mode)
    )

    assert (page.status, page.url, page.text) == (200, f"{site.url}/done", "signed in")
    asked = [urlsplit(url).path for url in page.visited]
    assert asked == ["/authorize", "/sign-in", "/consent", "/callback", "/done"]
    method, _, _, body = site.seen[0]
    extra = parse_qs(body if mode == "form_post" else urlsplit(page.visited[3]).query)
    assert method == ("POST" if mode == "form_post" else "GET")
    assert (extra["state"], brings in extra) == (["the-state"], True)


def test_who_closes_the_tab_is_never_seen_again(server: AuthorizationServer, site: Site) -> None:
    page = Browser(decision="close").visit(start(server, f"{site.url}/callback"))

    assert urlsplit(page.url).path == "/sign-in"
    assert "Allow access?" in page.text
    assert site.seen == []


def test_a_wrong_password_is_tried_once(server: AuthorizationServer) -> None:
    page = Browser(password="wrong").visit(start(server))

    assert (page.status, urlsplit(page.url).path) == (403, "/sign-in")
    assert len(server.seen("sign-in")) == 1


def test_another_person_can_sign_in(server: AuthorizationServer) -> None:
    """And a password with marks in it arrives as it is."""
    page = Browser(username="grace", password="hopper <&>").visit(start(server))

    assert urlsplit(page.url).netloc == urlsplit(REDIRECT_URI).netloc


def test_it_stays_signed_in(server: AuthorizationServer) -> None:
    """Cookies last as long as the browser: the second time nobody asks for a password."""
    browser = Browser()
    browser.visit(start(server))
    again = browser.visit(start(server))

    assert [urlsplit(url).path for url in again.visited] == ["/authorize", "/consent", "/callback"]
    assert urlsplit(Browser().visit(start(server)).visited[1]).path == "/sign-in"


def test_a_page_of_refusal_is_the_end(server: AuthorizationServer) -> None:
    page = Browser().visit(start(server, "https://evil.example/"))

    assert page.status == 400
    assert "invalid_redirect_uri" in page.text
    assert len(page.visited) == 1


def test_it_navigates_as_browsers_do(site: Site) -> None:
    """The headers by which a server tells a navigation from an image or a prefetch."""
    site.page("/")
    Browser().visit(f"{site.url}/")
    sent = site.headers("/")

    assert sent["sec-fetch-mode"] == "navigate"
    assert sent["sec-fetch-dest"] == "document"
    assert sent["sec-fetch-site"] == "none"
    assert sent["sec-fetch-user"] == "?1"
    assert sent["upgrade-insecure-requests"] == "1"
    assert sent["accept"].startswith("text/html")
    assert sent["host"] == site.netloc
    assert not {"origin", "referer", "purpose", "sec-purpose", "x-moz"} & sent.keys()


FORM = (
    '<form method="post" action="{action}"><input type="hidden" name="a" value="1 '
    '&amp; 2"></form><script>document.forms[0].submit()</script>'
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("same page's", "same-origin"), ("other port", "same-site"), ("other host", "cross-site")],
)
def test_a_form_says_where_it_comes_from(site: Site, kind: str, expected: str) -> None:
    """Fetch Metadata section 2.3; a form that posts itself was clicked by nobody."""
    with running_site() as other:
        target = {"same page's": site.url, "other port": other.url, "other host": other.other_host}[
            kind
        ]
        receiver = site if kind == "same page's" else other
        site.page("/", FORM.format(action=f"{target}/in"))
        receiver.page("/in")
        Browser().visit(f"{site.url}/")
        sent = receiver.headers("/in")

    assert sent["sec-fetch-site"] == expected
    assert "sec-fetch-user" not in sent
    assert sent["origin"] == site.url
    assert receiver.seen[-1][3] == "a=1+%26+2"


def test_a_page_that_wants_no_referrer_is_not_named(site: Site) -> None:
    """As Chromium does with a form_post: the origin is null."""
    site.page("/", FORM.format(action="/in"), headers={"Referrer-Policy": "no-referrer"})
    site.page("/in")
    Browser().visit(f"{site.url}/")

    assert site.headers("/in")["origin"] == "null"


def test_a_redirect_from_a_form_to_another_host_is_cross_site(site: Site) -> None:
    """And it stays so on the way back: the worst of the chain counts."""
    site.page("/", FORM.format(action="/in"))
    site.redirect("/in", f"{site.other_host}/out", status=303)
    site.redirect("/out", f"{site.url}/end")
    site.page("/end")
    Browser().visit(f"{site.url}/")

    assert site.headers("/in")["sec-fetch-site"] == "same-origin"
    assert site.headers("/out")["sec-fetch-site"] == "cross-site"
    assert site.headers("/end")["sec-fetch-site"] == "cross-site"


def test_an_address_that_was_typed_stays_so_through_redirects(site: Site) -> None:
    site.redirect("/", f"{site.other_host}/out")
    site.page("/out")
    Browser().visit(f"{site.url}/")

    assert site.headers("/out")["sec-fetch-site"] == "none"


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", "a=1+%26+2"),
        (308, "POST", "a=1+%26+2"),
    ],
)
def test_redirects_of_a_form_keep_or_drop_it(
    site: Site, status: int, method: str, body: str
) -> None:
    """RFC 9110 section 15.4."""
    site.page("/", FORM.format(action="/in"))
    site.redirect("/in", "out", status=status)
    site.page("/out", "the end")
    page = Browser().visit(f"{site.url}/")

    assert page.text == "the end"
    assert (site.seen[-1][0], site.seen[-1][3]) == (method, body)


def test_a_fragment_is_not_sent(site: Site) -> None:
    site.redirect("/", "/end#part")
    site.page("/end", "the end")

    assert Browser().visit(f"{site.url}/").url == f"{site.url}/end"


def test_cookies_know_hosts_but_no_ports(site: Site) -> None:
    """As in every browser: what one port of this computer set, the next one gets."""
    browser = Browser()
    site.page("/", headers={"Set-Cookie": "a=b; Path=/"})
    browser.visit(f"{site.url}/")
    with running_site() as other:
        other.page("/")
        browser.visit(f"{other.url}/")

        assert other.headers("/")["cookie"] == "a=b"


@pytest.mark.parametrize("status", [404, 405, 500])
def test_a_page_with_an_error_status_is_a_page(site: Site, status: int) -> None:
    site.page("/", "what is wrong", status=status)
    page = Browser().visit(f"{site.url}/")

    assert (page.status, page.text) == (status, "what is wrong")


def test_a_server_that_is_gone_is_a_page_without_a_status() -> None:
    """As the page that says so in a browser's window: nothing is raised."""
    page = Browser().visit(REDIRECT_URI)

    assert (page.status, page.url) == (0, REDIRECT_URI)
    assert "no answer" in page.text


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "com.example.app:/back", "ftp://127.0.0.1/", "data:,x"]
)
def test_an_address_of_another_kind_is_the_end(site: Site, location: str) -> None:
    """Nothing on this computer is read through a redirect."""
    site.redirect("/", location)
    page = Browser().visit(f"{site.url}/")

    assert (page.status, page.url) == (0, location)
    assert page.visited == (f"{site.url}/", location)


def test_redirects_without_an_end_have_one(site: Site) -> None:
    site.redirect("/", "/")
    page = Browser().visit(f"{site.url}/")

    assert (page.status, page.text) == (0, "too many redirects")


@pytest.mark.parametrize(
    "html",
    [
        '<form method="post" action="/in"><button name="what" value="ever">Go</button></form>',
        '<form action="/search"><input name="q"></form>',
        '<form method="post" action="/in"></form><script>track()</script>',
    ],
    ids=["an unknown question", "a search", "a script of another kind"],
)
def test_a_form_that_nobody_knows_is_left_alone(site: Site, html: str) -> None:
    site.page("/", html)

    assert Browser().visit(f"{site.url}/").text == html
    assert len(site.seen) == 1
