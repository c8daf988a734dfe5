"""The requests that a server was sent, kept for a test to look at."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

FORM = "application/x-www-form-urlencoded"

Fields = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    One request. Header names are lower-case; a name in *query* or *form* has the list of its
    values. *parts* are the text fields of a multipart body, which OAuth endpoints need not read.

    *endpoint* is `discovery`, `authorize`, `sign-in`, `consent`, `token`, `revoke`, `introspect`,
    `userinfo`, `jwks`, `api`, or `unknown` for a path that nobody serves.
    """

    endpoint: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Fields = field(default_factory=dict, repr=False)
    form: Fields = field(default_factory=dict, repr=False)
    parts: Fields = field(default_factory=dict, repr=False)

    def value(self, name: str) -> str:
        """
        Return the one value of a form or query parameter.

        Raises:
            KeyError: The request has none.
            ValueError: It has more than one.
        """
        (value,) = self.form[name] if name in self.form else self.query[name]
        return value

    @property
    def is_form(self) -> bool:
        """Whether the body says that it is form-urlencoded."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or an empty text."""
        try:
            cookies = SimpleCookie(self.headers.get("cookie", ""))
        except CookieError:
            return ""
        return cookies[name].value if name in cookies else ""


def read_fields(text: str) -> dict[str, list[str]]:
    """
    Return the parameters of a query or a form.

    Empty values are kept: to repeat an empty parameter is to repeat it.
    """
    return parse_qs(text, keep_blank_values=True, errors="replace")


class Records:
    """All requests so far, for threads to look at and to wait on."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._arrived = threading.Condition()

    def add(self, request: Request) -> None:
        """Keep *request*, and wake the threads that wait for it."""
        with self._arrived:
            self._requests.append(request)
            self._arrived.notify_all()

    def all(self, endpoint: str | None = None) -> list[Request]:
        """Return the requests so far, to *endpoint* or to all, oldest first."""
        with self._arrived:
            return [request for request in self._requests if endpoint in {None, request.endpoint}]

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._arrived:
            self._requests.clear()

    def wait_for(self, endpoint: str, *, count: int, timeout_s: float) -> list[Request]:
        """
        Return the requests to *endpoint* once there are *count* of them.

        Raises:
            TimeoutError: There were fewer after *timeout_s*.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.all(endpoint)) >= count, timeout_s):
                raise TimeoutError(
                    f"{endpoint} had {len(self.all(endpoint))} requests, not {count}"
                )
            return self.all(endpoint)
