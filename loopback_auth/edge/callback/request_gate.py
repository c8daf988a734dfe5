"""
A request to the callback server, and the checks that come before its parameters are read.

A request that does not pass gets a 4xx and changes nothing: a scanner, a prefetch, an image on
another page or a rebound host name can neither end nor delay nor forge a login.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARAMETERS = 64
"""The most parameters of a query; an answer has far fewer."""

REQUEST_LINE_OCTETS = 16 * 1024
"""The longest request line: room for the longest code (`CODE_CHARACTERS`) and all else."""

HEADER_OCTETS = 64 * 1024
"""
The most headers, of one and of all together.

A browser sends the cookies of all ports of a host to each of them: in Chromium up to 180 of 4 KiB
each. Other servers take far less (Node.js 16 KiB).
"""

FORM_OCTETS = 16 * 1024
"""The longest body of a form_post: as long as the request line."""


def _nobody() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """
    A request to the redirect URI.

    *target* is the raw request target; *headers* have lower-case names, which may repeat.
    *other_user* returns the name of the user whose program sent it, if that is not this user.
    """

    method: str
    target: str = field(repr=False)
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    other_user: Callable[[], str | None] = field(default=_nobody, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The raw path of the target."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Return the first header of the lower-case *name*."""
        return next((value for key, value in self.headers if key == name), None)

    def parameters(self) -> list[tuple[str, str]] | None:
        """Return the decoded query, or form of a POST; `None` if it is malformed or too long."""
        encoded = (
            self.body.decode("latin-1") if self.method == "POST" else self.target.partition("?")[2]
        )
        try:
            return parse_qsl(encoded, keep_blank_values=True, max_num_fields=PARAMETERS)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """
    The status of the answer, and the reason in our own words, which the terminal shows.

    *fix* is what the person can do about it, if anything.
    """

    status: int
    reason: str
    fix: str = ""


_LONGEST_PATH = 20
"""Of those that are shown."""

LINE_TOO_LONG = Refusal(status=414, reason="a request line of more than 16 KiB")
HEADERS_TOO_LONG = Refusal(
    status=431,
    reason="a request with more than 64 KiB of headers (clear the browser's cookies for this host)",
)
FORM_TOO_LONG = Refusal(status=413, reason="a form of more than 16 KiB")
NOT_HTTP = Refusal(status=400, reason="a request that is not HTTP")
NOT_PLAIN = Refusal(status=400, reason="an https request, where this address is http")
NOT_SECURE = Refusal(status=400, reason="an http request, where this address is https")
NEVER_WHOLE = Refusal(status=408, reason="a request that was not complete after 10 s")
TOO_MANY = Refusal(status=503, reason="more connections at once than a browser opens")

CERTIFICATE_REFUSED = Refusal(
    status=495,
    reason="a browser that does not trust the certificate of this address",
    fix="for this once, choose Advanced in that tab, and proceed: it is this computer;"
    " for good: `loopback-auth callback-cert show {profile}`",
)
"""It is never sent: who does not trust the certificate gets no answer (495 is nginx's for it)."""


def of_another_user(name: str) -> Refusal:
    """Return the refusal of a request from the user *name* of this computer."""
    shown = one_line(name, limit=60)
    return Refusal(status=403, reason=f"a request from another user of this computer ({shown})")


def _shown(path: str) -> str:
    """Return *path* as it may be shown: a plain one alone, since others may hold a code."""
    letters = path.strip("/").replace(".", "")
    is_plain = path.isascii() and len(path) <= _LONGEST_PATH and (not letters or letters.isalpha())
    return f" ({path})" if is_plain else ""


def check_request(
    request: CallbackRequest, *, redirect_uri: str, paths: Sequence[str], posts: bool
) -> Refusal | None:
    """
    Return why *request* is refused; `None` if its parameters may be read.

    *paths* are the raw paths that exist. With *posts* the answer may come as a POST (response_mode
    form_post).
    """
    if not _is_to(request, redirect_uri):
        return Refusal(status=421, reason="another host's name")
    if request.path not in paths:
        return Refusal(status=404, reason=f"an unrelated request{_shown(request.path)}")
    if request.method != "GET" and not (
        request.method == "POST" and posts and request.path == callback_path(redirect_uri)
    ):
        return Refusal(
            status=405,
            reason=f"a {request.method if request.method in _METHODS else 'strange'} request",
        )
    if _is_not_a_navigation(request):
        return Refusal(
            status=403, reason="a request that no person made (a prefetch, an image or a script)"
        )
    if request.method == "POST" and not (request.header("content-type") or "").startswith(
        "application/x-www-form-urlencoded"
    ):
        return Refusal(status=415, reason="a POST that is not a form")
    return None


def callback_path(redirect_uri: str) -> str:
    """Return the raw path of *redirect_uri*; `/`, which browsers ask for, if it has none."""
    return urlsplit(redirect_uri).path or "/"


def _is_to(request: CallbackRequest, redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    expected, default = parts.netloc.lower(), ":443" if parts.scheme == "https" else ":80"
    hosts = [value for key, value in request.headers if key == "host"]
    # RFC 9110 section 4.2.1: a browser leaves out the default port.
    is_host = hosts in ([expected], [expected.removesuffix(default)])
    return is_host and request.target.startswith("/")


_METHODS = frozenset({"HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"})


def _is_not_a_navigation(request: CallbackRequest) -> bool:
    # Absent Sec-Fetch headers pass (old browsers, curl): `state` protects the login; this only
    # rejects prefetches and subresources early.
    purposes = (request.header("sec-purpose"), request.header("purpose"), request.header("x-moz"))
    return (
        any(purpose and "prefetch" in purpose.lower() for purpose in purposes)
        or any(purpose and "prerender" in purpose.lower() for purpose in purposes)
        or request.header("sec-fetch-mode") not in (None, "navigate")
        or request.header("sec-fetch-dest") not in (None, "document")
    )


def is_private_network_preflight(request: CallbackRequest, *, redirect_uri: str) -> bool:
    """
    Return whether a browser asks if a page of the public network may send requests here.

    Private Network Access, now Local Network Access.
    """
    asks = ("access-control-request-private-network", "access-control-request-local-network")
    asked = request.method == "OPTIONS" and any(request.header(name) == "true" for name in asks)
    return asked and _is_to(request, redirect_uri)
