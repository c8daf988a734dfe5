"""HTTP requests and answers as values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from ...errors import HTMLAnswer, ProtocolError, ServerUnavailable, UnexpectedRedirect
from ..secret import Secret
from .status import NETWORK_AUTHENTICATION_REQUIRED, HasStatus
from .strict_json import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, NoReturn

    from ...errors import TransportError

# RFC 9110 section 10.2.3; more digits are no time.
_DELAY_SECONDS = re.compile(r"[0-9]{1,11}")

SECRET_CHARACTERS = 6
"""The length of the shortest secret that is hidden in a text."""

UNIQUE_ANSWER_S = 60.0
"""The shortest time limit of a request whose answer exists only once."""


class Delivery:
    """
    How far a request whose answer exists only once has come; its transport writes it.

    A transport that writes nothing counts as having sent the request.
    """

    is_connecting = False
    """Whether nothing was sent yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPost:
    """
    A POST of `application/x-www-form-urlencoded`, which all OAuth endpoints take.

    *encoded* are the secrets that *authorization* holds in another spelling. With *allow_partial*
    an answer that breaks off is returned as far as it came, with `incomplete` set, since it may
    hold the only copy of a token. With a *delivery* the answer exists only once; the time limit is
    then at least `UNIQUE_ANSWER_S`.
    """

    url: str
    fields: tuple[tuple[str, str | Secret], ...]
    authorization: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()
    encoded: tuple[Secret, ...] = ()
    allow_partial: bool = False
    delivery: Delivery | None = field(default=None, repr=False, compare=False)

    def body(self) -> bytes:
        """Return the encoded form, which holds secrets in clear."""
        pairs = [
            (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in self.fields
        ]
        return urlencode(pairs, errors="surrogateescape").encode("ascii")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets of the request, which nothing that is shown of the answer may hold."""
        return (*(value for _, value in self.fields if isinstance(value, Secret)), *self.encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """A GET of a JSON document, such as metadata or userinfo."""

    url: str
    authorization: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply(HasStatus):
    """
    An answer.

    *headers* have lower-case names. They and *body* may hold secrets and are hidden from repr.
    *sent* are the secrets of the request, which some servers repeat in an error. *incomplete* says
    why *body* is only the beginning of what the server sent (`FormPost.allow_partial`).
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(repr=False)
    sent: tuple[Secret, ...] = field(default=(), repr=False)
    incomplete: TransportError | None = None

    def without_sent(self, text: str) -> str:
        """Return *text*, a part of the answer, without the secrets of the request."""
        for value in (secret.reveal() for secret in self.sent):
            # Anything shorter is no secret, and may be a part of any word.
            text = text.replace(value, "(hidden)") if len(value) >= SECRET_CHARACTERS else text
        return text


def read_json_object(reply: HttpReply, *, what: str) -> dict[str, Any]:
    """
    Return the JSON object that the body of *reply* is, read by `strict_json`.

    *what* names the endpoint in the errors.

    Raises:
        UnexpectedRedirect: The answer is a redirect.
        HTMLAnswer: It is a web page, as of a captive portal or a wrong host.
        ServerUnavailable: The server is busy or down.
        ProtocolError: The answer is anything else but a JSON object.
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
    Raise an error if the status of *reply* alone says that it is not the answer that was asked for.

    *what* names the endpoint, and *said* are the server's own words.

    Raises:
        UnexpectedRedirect: The status is of the 3xx class.
        HTMLAnswer: A captive portal wants a sign-in of its own (511).
        ServerUnavailable: The status is 429 or of the 5xx class.
    """
    host = urlsplit(reply.url).netloc
    if reply.is_redirect:
        raise UnexpectedRedirect(
            f"{what}: {host} answered with a redirect (status {reply.status}),"
            " which is never followed",
            host=host,
        )
    if reply.status == NETWORK_AUTHENTICATION_REQUIRED:
        raise HTMLAnswer(
            f"{what}: this network wants a sign-in of its own"
            f" before it lets us reach {host} (status 511)",
            host=host,
        )
    if reply.is_busy:
        why = f"status {reply.status}{said and ': '}{said}"
        raise ServerUnavailable(f"{what}: {host} cannot answer now ({why})", host=host)


def retry_after_s(reply: HttpReply, now: datetime) -> float | None:
    """
    Return `Retry-After` in seconds from *now*; `None` if *reply* has none that can be read.

    The header is a number of seconds or a date (RFC 9110 section 10.2.3).
    """
    value = reply.headers.get("retry-after", "").strip()
    if _DELAY_SECONDS.fullmatch(value):
        return float(value)
    from email.utils import parsedate_to_datetime

    try:
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
