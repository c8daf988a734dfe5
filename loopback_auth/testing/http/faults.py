"""
Things that go wrong at a server, as values, to be switched on while it runs.

    server.faults.token = faults.HTML  # until it is taken away:
    server.faults.clear()
    server.faults["token"] = faults.UNAVAILABLE_503.times(2)  # two requests, then all is well
    server.faults.authorize = faults.members(state="forged", iss=None)

A fault either replaces the endpoint, so that nothing happens there, or alters the proper answer
after the endpoint has acted. Those that break the connection replace it; `RESET.after_acting()` is
the answer that got lost on the way.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, fields, replace
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

Delivery = Literal["whole", "late", "never", "closed", "reset", "truncated", "dripped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    How an endpoint misbehaves.

    *status*, *headers* and *body* replace those of the answer, and *filler_mib* MiB of spaces its
    whole body. *members* replace or add members of a JSON document or of the redirect back to the
    client, `None` takes one out, and *repeated* are said there a second time. *delivery* is what
    becomes of the answer: `late` waits *pause_s*, `never` holds the connection open, `closed` and
    `reset` end it without a word, `truncated` in the middle of the body, `dripped` waits *pause_s*
    before each octet. *acts*: the endpoint does its work first, which *members* and *repeated*
    need. *count* requests are altered, or all.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    filler_mib: int = 0
    members: Mapping[str, Any] = field(default_factory=dict)
    repeated: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = "whole"
    pause_s: float = 1.0
    acts: bool = False
    count: int | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for members where the endpoint is not asked: there are none then."""
        if self.alters and not self.acts:
            raise ValueError("members and repeated need acts=True")

    def times(self, count: int) -> Fault:
        """Return the same fault for the next *count* requests only."""
        return replace(self, count=count)

    def once(self) -> Fault:
        """Return the same fault for the next request only."""
        return self.times(1)

    def after_acting(self) -> Fault:
        """
        Return the same fault for an endpoint that has done its work.

        The code is redeemed by then, the token replaced or revoked.
        """
        return replace(self, acts=True)

    @property
    def alters(self) -> bool:
        """Whether this needs an answer with members to alter."""
        return bool(self.members or self.repeated)


@dataclass(slots=True)
class Faults:
    """
    The faults that are switched on, by endpoint.

    `discovery` is both documents, unless one of the two has its own.
    """

    authorize: Fault | None = None
    token: Fault | None = None
    revoke: Fault | None = None
    introspect: Fault | None = None
    userinfo: Fault | None = None
    jwks: Fault | None = None
    api: Fault | None = None
    discovery: Fault | None = None
    openid_configuration: Fault | None = None
    oauth_authorization_server: Fault | None = None

    def __getitem__(self, endpoint: str) -> Fault | None:
        if endpoint not in _names():
            raise KeyError(f"no endpoint is called {endpoint}; there are {', '.join(_names())}")
        fault: Fault | None = getattr(self, endpoint)
        return fault

    def __setitem__(self, endpoint: str, fault: Fault | None) -> None:
        self[endpoint]
        setattr(self, endpoint, fault)

    def update(self, what: Mapping[str, Fault]) -> None:
        """Switch several faults on."""
        for endpoint, fault in what.items():
            self[endpoint] = fault

    def clear(self) -> None:
        """Switch every fault off."""
        for endpoint in _names():
            self[endpoint] = None

    def find(self, endpoints: tuple[str, ...]) -> tuple[str, Fault] | None:
        """Return the first fault of *endpoints*, and whose it is; `None` without one."""
        return next(
            ((name, fault) for name in endpoints if (fault := self[name]) is not None), None
        )

    def use(self, endpoint: str, fault: Fault) -> None:
        """Count one request that *fault* has altered."""
        with _counting:
            if fault.count is not None and self[endpoint] is fault:
                self[endpoint] = fault.times(fault.count - 1) if fault.count > 1 else None


_counting = threading.Lock()


def _names() -> list[str]:
    return [f.name for f in fields(Faults)]


def status(code: int, *, body: bytes = b"", **headers: str) -> Fault:
    """
    Return a fault that answers with a status.

    Header names have `_` for `-`: `status(503, Retry_After="2")`.
    """
    return Fault(
        status=code,
        body=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def redirect(code: int, location: str) -> Fault:
    """Return a fault that answers with a redirect to *location*."""
    return status(code, Location=location)


def json_body(body: bytes, *, code: int = 200) -> Fault:
    """Return a fault that answers with *body* as application/json, whatever it is."""
    return status(code, body=body, Content_Type="application/json")


def oauth_error(error: str, description: str = "", *, code: int = 400) -> Fault:
    """Return a fault that answers with an error (RFC 6749 section 5.2)."""
    document = {"error": error, "error_description": description}
    body = json.dumps({name: value for name, value in document.items() if value}).encode()
    return json_body(body, code=code)


def members(**members: object) -> Fault:
    """
    Return a fault that alters the proper answer.

    A value replaces or adds a member, `None` takes it out.
    """
    return Fault(members=members, acts=True)


def repeated(**members: str) -> Fault:
    """Return a fault that adds these parameters once more to the redirect to the client."""
    return Fault(repeated=members, acts=True)


def late(pause_s: float) -> Fault:
    """Return a fault that acts, waits *pause_s*, and only then sends the proper answer."""
    return Fault(delivery="late", pause_s=pause_s, acts=True)


def dripped(pause_s: float) -> Fault:
    """Return a fault that sends the proper answer octet by octet, with a pause before each."""
    return Fault(delivery="dripped", pause_s=pause_s, acts=True)


def huge(mib: int) -> Fault:
    """Return a fault that answers with a body of *mib* MiB; a client with a limit hangs up."""
    return Fault(status=200, filler_mib=mib, headers={"Content-Type": "application/json"})


def gzip_bomb(mib: int) -> Fault:
    """Return a fault that answers with a small body that unpacks to *mib* MiB."""
    return Fault(
        status=200,
        filler_mib=mib,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )


# Statuses and bodies that are no answer.
HTML = status(
    200,
    body=b"<!doctype html><title>Welcome</title><p>Sign in to the hotel's network.",
    Content_Type="text/html",
)
ERROR_500 = status(500, body=b"Internal Server Error", Content_Type="text/plain")
UNAVAILABLE_503 = status(503, Retry_After="2")
TOO_MANY_429 = status(429, Retry_After="2")
EMPTY = json_body(b"")
ARRAY = json_body(b"[1, 2]")
NOT_A_NUMBER = json_body(b'{"access_token": "a", "token_type": "Bearer", "expires_in": NaN}')
DEEP = json_body(b"[" * 100_000 + b"]" * 100_000)
DUPLICATE_NAMES = json_body(b'{"access_token": "a", "access_token": "b", "token_type": "Bearer"}')
NOT_UTF8 = json_body(b'{"access_token": "\xff\xfe", "token_type": "Bearer"}')
ERROR_WITH_200 = json_body(
    b'{"error": "invalid_grant", "error_description": "said with status 200"}'
)
HUGE = huge(64)
GZIP_BOMB = gzip_bomb(300)

# Connections that fail.
HANG = Fault(delivery="never")
CLOSED = Fault(delivery="closed")
RESET = Fault(delivery="reset")
TRUNCATED = Fault(delivery="truncated", acts=True)
DRIP = dripped(1.0)

# Token answers that are not quite right; anything else is `members(...)`.
NO_EXPIRES_IN = members(expires_in=None)
EXPIRES_IN_STRING = members(expires_in="3600")
NEGATIVE_EXPIRES_IN = members(expires_in=-1)
NO_TOKEN_TYPE = members(token_type=None)
TOKEN_TYPE_MAC = Fault(members={"token_type": "mac"}, acts=True)
NO_ACCESS_TOKEN = members(access_token=None)
NEWLINE_IN_TOKEN = Fault(members={"access_token": "a\r\nSet-Cookie: b=c"}, acts=True)

# Redirects back to the client that are not quite right.
WRONG_STATE = members(state="not-the-state-that-was-sent")
NO_STATE = members(state=None)
WRONG_ISS = members(iss="https://attacker.example")
NO_ISS = members(iss=None)
NO_CODE = members(code=None)
SECOND_CODE = repeated(code="another-code")
ERROR_BESIDE_CODE = members(error="access_denied")
UNKNOWN_PARAMETERS = members(session_state="s", scope="openid", authuser="0", hd="example.com")
