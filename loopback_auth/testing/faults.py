"""
Things that go wrong at a server, as values: `server.faults["token"] = HTML`.

A fault replaces or bends the endpoint's proper answer, every time until it is taken away (`del server.faults["token"]`) or, with
`once`, the next time only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    How an endpoint misbehaves.

    *status*, *headers* and *body* replace the answer. *members* bend the members of a JSON answer or of the redirect back to the client:
    `None` leaves one out. *repeated* are parameters the redirect carries once more. *connection* is what happens to the connection:
    `hang` never answers, `reset` breaks it, `truncate` ends it in the middle of the body, `drip` sends an octet a second. *stream_mib*
    sends that many MiB; *unseen* lets the endpoint not even act.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    repeated: tuple[tuple[str, str], ...] = ()
    connection: str = ""
    stream_mib: int = 0
    once: bool = False

    def only_once(self) -> Fault:
        """Give the same fault for one request."""
        return replace(self, once=True)


def status(code: int, *, body: bytes = b"", **headers: str) -> Fault:
    """Answer with a status; header names have `_` for `-`."""
    return Fault(
        status=code, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def redirect(code: int, location: str) -> Fault:
    """Answer with a redirect to *location*."""
    return Fault(status=code, body=b"", headers={"Location": location})


def json_body(body: bytes, *, code: int = 200) -> Fault:
    """Answer with *body* as application/json, whatever it is."""
    return Fault(status=code, body=body, headers={"Content-Type": "application/json"})


def members(**members: object) -> Fault:
    """Bend members of the answer: a value replaces or adds one, `None` leaves it out."""
    return Fault(members=members)


HTML = Fault(
    status=200,
    body=b"<!doctype html><title>Welcome</title><p>Please sign in to the network.",
    headers={"Content-Type": "text/html"},
)
ERROR_500 = Fault(status=500, body=b"Internal Server Error", headers={"Content-Type": "text/plain"})
UNAVAILABLE_503 = Fault(status=503, body=b"", headers={"Retry-After": "2"})
ARRAY = json_body(b"[1, 2]")
NOT_A_NUMBER = json_body(b'{"access_token": "a", "token_type": "Bearer", "expires_in": NaN}')
DEEP = json_body(b"[" * 100_000 + b"]" * 100_000)
DUPLICATE_NAMES = json_body(b'{"access_token": "a", "access_token": "b", "token_type": "Bearer"}')
ERROR_WITH_200 = json_body(b'{"error": "invalid_grant", "error_description": "said with status 200"}')
HANG = Fault(connection="hang")
RESET = Fault(connection="reset")
TRUNCATED = Fault(connection="truncate")
DRIP = Fault(connection="drip")
HUGE = Fault(stream_mib=64)
GZIP_BOMB = Fault(stream_mib=300, headers={"Content-Encoding": "gzip"})
