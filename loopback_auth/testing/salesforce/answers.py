"""The forms of answers that only Salesforce has."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ..http.answers import NOT_STORED, JsonObject, SentBack, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def form(members: Mapping[str, str]) -> str:
    """Return *members* as a form; a space is %20 here."""
    return urlencode(members, quote_via=quote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A bare text; without a type, browsers save what should have been an error page."""

    text: str
    status: int = 200
    content_type: str = ""

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        headers = {**NOT_STORED, "Content-Type": self.content_type}
        return Wire(status=self.status, headers=headers, body=self.text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Json:
    """A JSON document of any kind: the API's errors are arrays."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: NOT_STORED)

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        headers = {**self.headers, "Content-Type": "application/json;charset=UTF-8"}
        return Wire(status=self.status, headers=headers, body=json.dumps(self.document).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """A redirect to an address of this server."""

    location: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        return Wire(status=302, headers={**NOT_STORED, **self.headers, "Location": self.location})


@dataclass(frozen=True, slots=True, kw_only=True)
class BackToTheApp(SentBack):
    """The redirect to the Callback URL: 302, and code before state."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def wire(self) -> Wire:
        """Return the answer as it is sent."""
        pairs = [*self.members.items(), *self.repeated.items()]
        joint = "&" if "?" in self.redirect_uri else "?"
        location = f"{self.redirect_uri}{joint}{urlencode(pairs, quote_via=quote)}"
        return Wire(status=302, headers={**NOT_STORED, **self.headers, "Location": location})


def refused_before_sign_in(error: str, description: str) -> Text:
    """
    Return the refusal of an authorize request whose client or callback is wrong.

    The browser alone sees it, as a form without a type.
    """
    return Text(text=form({"error": error, "error_description": description}), status=400)


def token_error(error: str, description: str, status: int = 400) -> JsonObject:
    """Return the refusal of a token request."""
    return JsonObject(members={"error": error, "error_description": description}, status=status)


def api_error(status: int, code: str, message: str) -> Json:
    """Return the refusal of a request to the API: an array, even of one."""
    return Json(document=[{"message": message, "errorCode": code}], status=status)
