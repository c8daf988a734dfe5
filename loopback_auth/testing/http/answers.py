"""What an endpoint answers, as values, before anything is sent: a fault alters them by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from . import pages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749 section 5.1 asks for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A status, headers and a body, as they are sent."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """A page for a person."""

    html: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        return Wire(
            status=self.status, headers={**pages.HEADERS, **self.headers}, body=self.html.encode()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonObject:
    """A JSON document for a program; without members it has no body."""

    members: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: NOT_STORED)

    def altered(self, members: Mapping[str, Any], repeated: Mapping[str, str]) -> JsonObject:
        """
        Return the answer with *members* put in, and those taken out that are `None`.

        *repeated* has no effect: JSON has no good way to repeat a member.
        """
        del repeated
        return replace(self, members=_put_in(self.members, members))

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        if not self.members:
            return Wire(status=self.status, headers=self.headers)
        headers = {"Content-Type": "application/json", **self.headers}
        return Wire(
            status=self.status, headers=headers, body=json.dumps(dict(self.members)).encode()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """The authorization or error response: the browser goes to the client with *members*."""

    redirect_uri: str
    members: Mapping[str, Any]
    response_mode: str = "query"
    repeated: Mapping[str, str] = field(default_factory=dict)

    def altered(self, members: Mapping[str, Any], repeated: Mapping[str, str]) -> SentBack:
        """
        Return the answer with *members* put in, and those taken out that are `None`.

        *repeated* are sent a second time.
        """
        return replace(self, members=_put_in(self.members, members), repeated=repeated)

    def wire(self) -> Wire:
        """Return the answer as it is sent, by redirect or as a form (`response_mode`)."""
        members = (*self.members.items(), *self.repeated.items())
        pairs = [(name, str(value)) for name, value in members]
        if self.response_mode == "form_post":
            html = pages.form_post(self.redirect_uri, pairs)
            return Wire(headers=pages.FORM_POST_HEADERS, body=html.encode())
        # RFC 6749 section 3.1.2: a query that the redirect URI has is kept.
        location = (
            f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(pairs)}"
        )
        # RFC 9700 section 4.12: 303, so that no browser posts a password on.
        return Wire(status=HTTPStatus.SEE_OTHER, headers={**NOT_STORED, "Location": location})


Answer = HtmlPage | JsonObject | SentBack


class Spoken(Protocol):
    """Any answer of an endpoint."""

    def wire(self) -> Wire:
        """Return the answer as it is sent."""


class RequestRefused(Exception):
    """
    A request that is answered with an error (RFC 6749 section 5.2, RFC 7009, RFC 7662).

    *challenge* is the WWW-Authenticate header that a 401 must have.
    """

    def __init__(
        self, error: str, description: str, *, status: int = 400, challenge: str = ""
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.members = {"error": error, "error_description": description} if error else {}
        self.status = status
        self.challenge = challenge

    def answer(self) -> JsonObject:
        """Return the error answer."""
        challenge = {"WWW-Authenticate": self.challenge} if self.challenge else {}
        return JsonObject(
            members=self.members, status=self.status, headers={**NOT_STORED, **challenge}
        )


def _put_in(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
