"""
One HTTP request to the callback server, and the gates it must pass before anybody reads what it
says.

A request that does not pass gets a 4xx and changes nothing: not a scanner, a prefetch, an image on
another page, nor a name that was rebound to this address can end, delay or forge a login.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARAMETERS = 64
"""More than any answer has; the rest of a longer query is an attack on our patience."""

REQUEST_LINE_OCTETS = 16 * 1024
"""Of a request line: the longest code that `oauth.authorization` takes, and room for the rest."""

HEADER_OCTETS = 64 * 1024
"""
Of one header and of all together. A browser sends the cookies of every port of a host to each of
them: up to 180 of 4 KiB each in Chromium. Servers on those ports refuse far less (Node.js 16 KiB).
"""

FORM_OCTETS = 16 * 1024
"""Of a form_post body: as the request line."""


def _nobody() -> None:
    """Answer where nobody asks whose program it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """
    A request as it came: *target* is the raw request target, *headers* have lower-case names and
    may repeat.

    *other_user* looks up the name of the user whose program sent it, if that is another user's.
    """

    method: str
    target: str = field(repr=False)
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    other_user: Callable[[], str | None] = field(default=_nobody, repr=False, compare=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Give the first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    def parameters(self) -> list[tuple[str, str]] | None:
        """Decode the query, or the form of a POST; `None` when it is malformed or too long."""
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
    An HTTP status and the reason that is told in the terminal: our words, never the
    visitor's.
    """

    status: int
    reason: str


LINE_TOO_LONG = Refusal(status=414, reason="a request line of more than 16 KiB")
HEADERS_TOO_LONG = Refusal(
    status=431,
    reason="a request with more than 64 KiB of headers (clear the browser's cookies for this host)",
)
FORM_TOO_LONG = Refusal(status=413, reason="a form of more than 16 KiB")
NOT_HTTP = Refusal(status=400, reason="a request that is no HTTP")
NOT_PLAIN = Refusal(status=400, reason="an https request, where this address is http")
NEVER_WHOLE = Refusal(status=408, reason="a request that was not complete after 10 s")
TOO_MANY = Refusal(status=503, reason="more connections at once than a browser opens")


def of_another_user(name: str) -> Refusal:
    """Return the refusal of what the user *name* of this computer has sent."""
    shown = one_line(name, limit=60)
    return Refusal(status=403, reason=f"a request from another user of this computer ({shown})")


def check_request(
    request: CallbackRequest, *, redirect_uri: str, paths: Sequence[str], posts: bool
) -> Refusal | None:
    """
    Say why *request* is none of ours, or `None` when it may be read.

    *paths* are the raw paths there are; *posts* tells whether the callback may come as a POST
    (response_mode form_post).
    """
    if not _is_to(request, redirect_uri):
        return Refusal(status=421, reason="another host's name")
    if request.path not in paths:
        return Refusal(status=404, reason="a path that is not ours")
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
        return Refusal(status=415, reason="a POST that is no form")
    return None


def callback_path(redirect_uri: str) -> str:
    """
    Give the raw path at which the answer arrives; a browser asks for `/` where the URI
    has none.
    """
    return urlsplit(redirect_uri).path or "/"


def _is_to(request: CallbackRequest, redirect_uri: str) -> bool:
    expected = urlsplit(redirect_uri).netloc.lower()
    hosts = [value for key, value in request.headers if key == "host"]
    # RFC 9110 section 4.2.1: a browser leaves out the port that http has anyway.
    return hosts in ([expected], [expected.removesuffix(":80")]) and request.target.startswith("/")


_METHODS = frozenset({"HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"})


def _is_not_a_navigation(request: CallbackRequest) -> bool:
    # Browsers that send no Sec-Fetch headers, and programs that are none, are let through: state is
    # the lock, this is the fence.
    purposes = (request.header("sec-purpose"), request.header("purpose"), request.header("x-moz"))
    return (
        any(purpose and "prefetch" in purpose.lower() for purpose in purposes)
        or any(purpose and "prerender" in purpose.lower() for purpose in purposes)
        or request.header("sec-fetch-mode") not in (None, "navigate")
        or request.header("sec-fetch-dest") not in (None, "document")
    )


def is_private_network_preflight(request: CallbackRequest, *, redirect_uri: str) -> bool:
    """
    Tell whether a browser asks if a page of the public network may come here (Private / Local
    Network Access).
    """
    asks = ("access-control-request-private-network", "access-control-request-local-network")
    asked = request.method == "OPTIONS" and any(request.header(name) == "true" for name in asks)
    return asked and _is_to(request, redirect_uri)
