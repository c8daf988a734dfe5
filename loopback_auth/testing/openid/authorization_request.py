"""
An authorization request, and what may be wrong with it.

RFC 6749 section 4.1.1, RFC 7636 section 4.4, OpenID Connect Core section 3.1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.records import Fields
    from .registry import Client

RESPONSE_MODES = ("query", "form_post")

# RFC 8252 section 7.3 leaves out the port, and nothing but the port.
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::[0-9]{1,5})?([/?].*)?")
# RFC 6749 appendix A.5 and section 3.3.
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
# RFC 7636 section 4.2: SHA-256 in base64url without padding.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# For max_age: thirty years are enough, and int() takes no number of thousands of digits.
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that passed every check."""

    client: Client
    redirect_uri: str
    response_mode: str
    scope: str
    code_challenge: str
    state: str | None
    nonce: str | None
    login_hint: str
    prompt: frozenset[str]
    max_age: int | None


def problem(sent: Fields, client: Client) -> tuple[str, str] | None:
    """Return what is wrong with a request: an error and a description, or `None`."""
    found = (
        (error, description) for is_wrong, error, description in _RULES if is_wrong(sent, client)
    )
    return next(found, None)


def read_request(sent: Fields, client: Client, redirect_uri: str) -> AuthorizationRequest:
    """
    Return the request as a value.

    What a rule will refuse may be nonsense in it, but the redirect URI is right.
    """
    mode, max_age = one(sent, "response_mode"), one(sent, "max_age") or ""
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        response_mode=mode if mode in RESPONSE_MODES else "query",
        scope=one(sent, "scope") or "",
        code_challenge=one(sent, "code_challenge") or "",
        state=one(sent, "state"),
        nonce=one(sent, "nonce"),
        login_hint=one(sent, "login_hint") or "",
        prompt=frozenset((one(sent, "prompt") or "").split()),
        max_age=int(max_age) if _SECONDS.fullmatch(max_age) else None,
    )


def one(sent: Fields, name: str) -> str | None:
    """
    Return the value of a parameter that occurs once, or `None`.

    A parameter without a value counts as absent (RFC 6749 section 3.1).
    """
    values = sent.get(name, [])
    return values[0] if len(values) == 1 and values[0] else None


def is_registered(redirect_uri: str, client: Client) -> bool:
    """Return whether *redirect_uri* is one that *client* registered, byte for byte."""
    if redirect_uri in client.redirect_uris:
        return True
    asked = _LOOPBACK.fullmatch(redirect_uri)
    if asked is None or not client.any_loopback_port:
        return False
    registered = [_LOOPBACK.fullmatch(uri) for uri in client.redirect_uris]
    return any(uri is not None and uri.groups() == asked.groups() for uri in registered)


def _has_bad_scope(sent: Fields, client: Client) -> bool:
    scope = one(sent, "scope") or ""
    return bool(scope) and (
        _SCOPE.fullmatch(scope) is None or not set(scope.split()) <= set(client.scopes)
    )


def _has_bad_prompt(sent: Fields, _: Client) -> bool:
    prompt = (one(sent, "prompt") or "").split()
    return not set(prompt) <= {"none", "login", "consent", "select_account"} or (
        "none" in prompt and len(prompt) > 1
    )


_RULES: tuple[tuple[Callable[[Fields, Client], bool], str, str], ...] = (
    (
        lambda s, _: any(len(values) > 1 for values in s.values()),
        "invalid_request",
        "A parameter occurs twice.",
    ),
    (lambda s, _: "request" in s, "request_not_supported", "Request objects are not supported."),
    (
        lambda s, _: "request_uri" in s,
        "request_uri_not_supported",
        "Request objects are not supported.",
    ),
    (lambda s, _: not one(s, "response_type"), "invalid_request", "response_type is missing."),
    (
        lambda s, _: one(s, "response_type") != "code",
        "unsupported_response_type",
        "Only code is supported.",
    ),
    (
        lambda s, _: (one(s, "response_mode") or "query") not in RESPONSE_MODES,
        "invalid_request",
        "The response_mode is not supported.",
    ),
    (
        lambda _, c: "authorization_code" not in c.grant_types,
        "unauthorized_client",
        "This client may not use codes.",
    ),
    (
        lambda s, _: not _VISIBLE.fullmatch(one(s, "state") or ""),
        "invalid_request",
        "state is not printable ASCII.",
    ),
    (lambda s, _: not one(s, "code_challenge"), "invalid_request", "code challenge required"),
    (
        # Absent means plain (RFC 7636 section 4.3), which RFC 9700 section 2.1.1 does away with.
        lambda s, _: one(s, "code_challenge_method") != "S256",
        "invalid_request",
        "transform algorithm not supported",
    ),
    (
        lambda s, _: not _CHALLENGE.fullmatch(one(s, "code_challenge") or ""),
        "invalid_request",
        "The code challenge is not a SHA-256 in base64url.",
    ),
    (
        _has_bad_scope,
        "invalid_scope",
        "The scope is malformed, or more than this client may ask for.",
    ),
    (_has_bad_prompt, "invalid_request", "The prompt is not supported."),
    (
        lambda s, _: not _SECONDS.fullmatch(one(s, "max_age") or "0"),
        "invalid_request",
        "max_age is not a number of seconds.",
    ),
)
"""
What may be wrong with a request whose way back is known, in the order in which it is looked for:
RFC 6749 section 4.1.2.1.
"""
