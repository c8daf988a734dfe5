"""What goes over HTTP and what comes back, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ...errors import HTMLAnswer, ProtocolError, ServerUnavailable, UnexpectedRedirect, URLRefused
from ..secret import Secret
from ..text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any, NoReturn

    from ...errors import TransportError

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# RFC 3986 leaves these out of a URL; shells and terminals give them meanings.
_NEVER_IN_A_URL = frozenset(" \"'\\`<>^{|}")

SECRET_CHARACTERS = 6
"""Of the shortest secret that is worth hiding."""

NESTING = 64
"""
How deep an answer may be: real ones have five levels, and what writes JSON gives up before what
reads it does.
"""


UNIQUE_ANSWER_S = 60.0
"""The least that is waited for an answer that exists only once, whatever other limit there is."""


class Delivery:
    """
    How far a request has come whose answer exists only once: its transport says so here.

    A transport that says nothing has to be taken to have sent it.
    """

    is_connecting = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPost:
    """
    A POST of `application/x-www-form-urlencoded`, the one form in which OAuth endpoints take
    anything.

    *encoded* are the secrets that *authorization* holds in another spelling. With *allow_partial*
    an answer that breaks off is returned as far as it came, `incomplete` set, instead of raised: it
    may hold the only copy of a token. With a *delivery* the answer exists only once, and is waited
    for at least `UNIQUE_ANSWER_S`.
    """

    url: str
    fields: tuple[tuple[str, str | Secret], ...]
    authorization: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()
    encoded: tuple[Secret, ...] = ()
    allow_partial: bool = False
    delivery: Delivery | None = field(default=None, repr=False, compare=False)

    def body(self) -> bytes:
        """Encode the form once. Holds secrets: for the transport's eyes only."""
        pairs = [
            (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in self.fields
        ]
        return urlencode(pairs, errors="surrogateescape").encode("ascii")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What of it no answer may bring to light."""
        return (*(value for _, value in self.fields if isinstance(value, Secret)), *self.encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """A GET of a JSON document: discovery, userinfo."""

    url: str
    authorization: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """
    An answer: *headers* have lower-case names; they and *body* may hold secrets and are hidden from
    repr.

    *sent* are the secrets of the request, which some servers repeat in an error. *incomplete* says
    why *body* is only the beginning of what the server sent (`FormPost.allow_partial`).
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(repr=False)
    sent: tuple[Secret, ...] = field(default=(), repr=False)
    incomplete: TransportError | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is of the 2xx class (RFC 9110 section 15.3)."""
        return 200 <= self.status < 300  # noqa: PLR2004

    def without_sent(self, text: str) -> str:
        """
        Give *text*, a part of the answer, without the secrets that were sent, for it to
        be printed.
        """
        for value in (secret.reveal() for secret in self.sent):
            # What is shorter is no secret, and may be a part of any word.
            text = text.replace(value, "(hidden)") if len(value) >= SECRET_CHARACTERS else text
        return text


def check_url(raw: str, *, name: str) -> str:
    """
    Return *raw* unchanged if it may be an issuer or an endpoint (RFC 8414 sections 2 and 3).

    https, or http to a literal loopback address or `localhost`; no userinfo, no fragment, nothing
    outside printable ASCII. The raw string is looked at before any parser, since parsers drop what
    they do not like. Raises `URLRefused`.
    """
    shown = one_line(_without_userinfo(raw), limit=120)
    if not raw or any(not "!" <= c <= "~" or c in _NEVER_IN_A_URL for c in raw):
        raise URLRefused(f"{name} is not a URL that can be used: {shown!r}", name=name)
    try:
        parts = urlsplit(raw)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise URLRefused(f"{name} is not a URL: {shown!r}", name=name) from None
    # A percent sign in a host is decoded by some clients and not by others.
    if "@" in parts.netloc or "%" in parts.netloc or "#" in raw or not host or port == 0:
        raise URLRefused(
            f"{name} must have a host, and neither a user name nor a fragment: {shown!r}", name=name
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise URLRefused(f"{name} must begin with https://: {shown!r}", name=name)
    return raw


def _without_userinfo(raw: str) -> str:
    # A password may stand there, and what is refused is shown.
    before, at, host = raw.rpartition("@")
    return f"{before.partition('://')[0]}://***@{host}" if at and "://" in before else raw


def is_loopback(host: str) -> bool:
    """Tell whether *host* can only be this machine: `localhost` or a literal loopback address."""
    octets = host.split(".")
    # All four and each a number: anything else, such as 127.0.0.1.5, is a name that a resolver may
    # know.
    return host in _LOOPBACK_NAMES or (
        len(octets) == 4  # noqa: PLR2004 - IPv4
        and octets[0] == "127"
        and all(n.isdecimal() and int(n) < 256 for n in octets)  # noqa: PLR2004 - IPv4
    )


def read_json_object(reply: HttpReply, *, what: str) -> dict[str, Any]:
    """
    Read the body of *reply* as one JSON object, strictly: no duplicate names, no NaN, no bottomless
    nesting.

    Raises `ProtocolError` naming *what* was being read, or the subclass or sibling that fits
    better: a redirect, a page of HTML (a captive portal, a wrong host), a server that is down.
    """
    try:
        value = strict_json(reply.body)
    except ValueError:
        _not_json(reply, what)
    if not isinstance(value, dict):
        raise ProtocolError(
            f"{what}: expected a JSON object, got {type(value).__name__} (status {reply.status})"
        )
    return value


def strict_json(octets: bytes) -> Any:
    """
    Decode JSON as RFC 8259 has it; raises `ValueError` for what Python takes besides, and for what
    it cannot write again.
    """
    try:
        value = json.loads(
            octets, object_pairs_hook=_unique, parse_constant=_no_constants, parse_float=_finite
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if is_nested_too_deep(value):
        raise ValueError("nested too deep")
    return value


def is_nested_too_deep(value: Any) -> bool:
    """Tell whether *value* has more than `NESTING` levels of arrays and objects."""
    level = [value]
    for _ in range(NESTING):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return False
    return True


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _no_constants(name: str) -> NoReturn:
    raise ValueError(name)


def _not_json(reply: HttpReply, what: str) -> NoReturn:
    host = urlsplit(reply.url).netloc
    refuse_unusable(reply, what)
    start = reply.body[:512].lstrip().lower()
    if "html" in reply.headers.get("content-type", "") or start.startswith(
        (b"<!doctype", b"<html")
    ):
        raise HTMLAnswer(
            f"{what}: {host} answered with a web page (status {reply.status})", host=host
        )
    raise ProtocolError(
        f"{what}: {host} did not answer with a JSON object (status {reply.status})", host=host
    )


def refuse_unusable(reply: HttpReply, what: str, *, said: str = "") -> None:
    """
    Raise for an answer whose status alone says that it is not what we asked for; *said*
    is why.
    """
    host = urlsplit(reply.url).netloc
    if 300 <= reply.status < 400:  # noqa: PLR2004 - the 3xx class
        raise UnexpectedRedirect(
            f"{what}: {host} answered with a redirect (status {reply.status}), which is never followed",
            host=host,
        )
    if reply.status == 511:  # noqa: PLR2004 - RFC 6585 6
        raise HTMLAnswer(
            f"{what}: this network wants a sign-in of its own before it lets us reach {host} (status 511)",
            host=host,
        )
    if reply.status >= 500 or reply.status == 429:  # noqa: PLR2004 - RFC 9110 15.6, RFC 6585 4
        why = f"status {reply.status}{said and ': '}{said}"
        raise ServerUnavailable(f"{what}: {host} cannot answer now ({why})", host=host)


def retry_after_s(reply: HttpReply, now: datetime) -> float | None:
    """
    Read `Retry-After`, seconds or a date (RFC 9110 section 10.2.3), as seconds from *now*; `None`
    without one that can be read.
    """
    told = reply.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit() and len(told) < 12:  # noqa: PLR2004 - more digits are no time
        return float(told)
    from email.utils import parsedate_to_datetime

    try:
        return max((parsedate_to_datetime(told) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
