"""An authorize URL of a sign-in on another machine, for the machine that has the browser."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...errors import URLRefused
from ..http.url import is_loopback, is_plain
from ..secret import Secret
from ..text import one_line
from .response import Stray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from urllib.parse import SplitResult

CHARACTERS = 16 * 1024
"""The longest URL; ours have a tenth of that."""

_NEEDED = ("client_id", "redirect_uri", "state", "code_challenge")
# RFC 8707 section 2: a request may name several resources.
_REPEATABLE = ("resource",)
_QUOTES = "\"'`<>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedAnswer:
    """The address that the browser ended at, and the *error* that the server reports in it."""

    url: Secret
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedRequest:
    """
    What `read_authorize_url` found: enough to say where it leads, and to know its answer.

    *host* is that of the sign-in page, with its port.
    """

    url: str = field(repr=False)
    host: str
    client_id: str
    redirect_uri: str
    state: Secret
    scope: str = ""
    response_mode: str | None = None

    def read(self, query: Sequence[tuple[str, str]]) -> Stray | RelayedAnswer:
        """
        Return what *query*, the parameters of a request to the redirect URI, are.

        With the state of the URL they are the answer, which the other machine judges.
        """
        said = dict(query)
        if len(said) < len(query):
            return Stray(reason="a parameter occurs twice")
        if "state" not in said:
            return Stray(reason="no state")
        if not self.state.matches(said["state"]):
            return Stray(reason="wrong state")
        if {"access_token", "id_token", "response"} & said.keys():
            return Stray(reason="a token, which only the token endpoint may send")
        if not {"code", "error"} & said.keys():
            return Stray(reason="neither a code nor an error is in it")
        url = f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(query)}"
        return RelayedAnswer(url=Secret(url), error=one_line(said.get("error", ""), limit=60))


def read_authorize_url(text: str) -> RelayedRequest:
    """
    Return the request of *text*, the authorize URL of another machine's sign-in.

    Blanks, line breaks and quotes, which a terminal or a chat puts in, are dropped.

    Raises:
        URLRefused: It is none that may be relayed; the message says why, and repeats nothing of it.
    """
    url = "".join(text[: CHARACTERS + 1].split()).strip(_QUOTES)
    parts, query = _parsed(url)
    pairs = dict(query)
    if fault := _fault_of_address(url, parts) or _fault_of_query(query, pairs):
        raise _refused(fault)
    return RelayedRequest(
        url=url,
        host=parts.netloc.lower(),
        client_id=pairs["client_id"],
        redirect_uri=pairs["redirect_uri"],
        state=Secret(pairs["state"]),
        scope=pairs.get("scope", ""),
        response_mode=pairs.get("response_mode"),
    )


def _parsed(url: str) -> tuple[SplitResult, list[tuple[str, str]]]:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
        return parts, parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise _refused("it is no address") from None


def _refused(fault: str) -> URLRefused:
    return URLRefused(
        f"that address is not relayed: {fault}",
        cause="What is relayed is the address that loopback-auth prints on the other machine,"
        " whose answer comes back to a port of your own.",
        fix="copy the whole address that the sign-in on the other machine printed;"
        " other ways to sign in there: `loopback-auth help remote`",
        name="url",
    )


def _fault_of_address(url: str, parts: SplitResult) -> str:
    host = parts.hostname or ""
    faults = {
        "it is empty, or longer than any": not 0 < len(url) <= CHARACTERS,
        "it holds characters that no address has, such as letters that look like others": (
            not is_plain(url)
        ),
        "it does not begin with https:// and a host": parts.scheme not in ("http", "https")
        or not host,
        "it has a user name before its host, or a fragment behind it": "@" in parts.netloc
        or "%" in parts.netloc
        or "#" in url,
        "its host has letters of another alphabet (xn--), which may look like a known name": any(
            label.startswith("xn--") for label in host.split(".")
        ),
        "it is http, which others on the way can read and change": parts.scheme == "http"
        and not is_loopback(host),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _fault_of_query(query: Sequence[tuple[str, str]], pairs: Mapping[str, str]) -> str:
    twice = [
        name
        for name, n in Counter(n for n, _ in query).items()
        if n > 1 and name not in _REPEATABLE
    ]
    if twice:
        return f"the parameter {one_line(twice[0], limit=40)} occurs twice in it"
    if missing := next((name for name in _NEEDED if not pairs.get(name)), ""):
        return f"it has no {missing}"
    if pairs.get("response_type") != "code" or pairs.get("code_challenge_method") != "S256":
        return "it asks for something else than a code with PKCE (S256)"
    if pairs.get("response_mode") not in (None, "query", "form_post"):
        return "its response_mode sends nothing here"
    if {"request", "request_uri"} & pairs.keys():
        return "it refers to a request elsewhere, which this machine cannot read"
    return _fault_of_redirect_uri(pairs["redirect_uri"])


def _fault_of_redirect_uri(redirect_uri: str) -> str:
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "its redirect URI is no address"
    if not is_plain(redirect_uri) or not is_loopback(host):
        return "its redirect URI is not on this machine (localhost, 127.0.0.1 or [::1])"
    if (
        parts.scheme not in ("http", "https")
        or "@" in parts.netloc
        or "#" in redirect_uri
        or port == 0
    ):
        return "its redirect URI is none that can be listened on"
    return ""
