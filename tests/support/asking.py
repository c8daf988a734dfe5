"""
A client of the server that takes nothing from the code under test: http.client, and parameters
spelled out.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.testing import AuthorizationServer

# Nobody listens there: where the browser would have gone is all that counts.
REDIRECT_URI = "http://127.0.0.1:9/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
# Both are RFC 7636 appendix B's.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

SECRET = "a:b%c+d é/=& ~"


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def sent_back(self) -> dict[str, list[str]]:
        """What the redirect tells the client."""
        return parse_qs(urlsplit(self.headers["location"]).query, keep_blank_values=True)


def ask(
    server: AuthorizationServer,
    path: str,
    *,
    method: str = "GET",
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Make one request; nothing is followed, kept or retried."""
    connection = http.client.HTTPConnection(urlsplit(server.issuer).netloc, timeout=5)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        sent_back = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(status=answer.status, headers=sent_back, body=answer.read())
    finally:
        connection.close()


def post(
    server: AuthorizationServer, path: str, form: Mapping[str, str] | str, **headers: str
) -> Reply:
    """Post a form; header names have `_` for `-`."""
    body = form if isinstance(form, str) else urlencode(form)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(
        server,
        path,
        method="POST",
        body=body,
        headers={"Content-Type": "application/x-www-form-urlencoded", **sent},
    )


def basic(client_id: str, secret: str) -> str:
    """RFC 6749 section 2.3.1: both halves form-urlencoded, then joined."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def authorize(
    server: AuthorizationServer, *, method: str = "GET", more: str = "", **changes: Any
) -> Reply:
    """Ask for authorization; a change to `None` leaves the parameter out, *more* is put behind."""
    parameters = {
        "client_id": "public",
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid profile email offline_access",
        "state": "s&t=a te",
        "nonce": "a-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    query = (
        urlencode({name: value for name, value in parameters.items() if value is not None}) + more
    )
    return (
        post(server, "/authorize", query)
        if method == "POST"
        else ask(server, f"/authorize?{query}")
    )


def hidden(page: Reply) -> str:
    """The name of the interaction that a page's form carries."""
    return page.text.partition('name="interaction" value="')[2].partition('"')[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    page: Reply
    cookie: str

    @property
    def interaction(self) -> str:
        return hidden(self.page)


def sign_in(
    server: AuthorizationServer,
    page: Reply,
    *,
    username: str = "ada",
    password: str = "lovelace",  # noqa: S107 - the test server's own
) -> SignedIn:
    """Fill in the sign-in page: the consent page, and the session's cookie."""
    form = {"interaction": hidden(page), "username": username, "password": password}
    reply = post(server, "/sign-in", form)
    cookies = SimpleCookie(reply.headers.get("set-cookie", ""))
    return SignedIn(
        page=reply, cookie="; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    )


def decide(server: AuthorizationServer, at: SignedIn, decision: str) -> Reply:
    return post(
        server, "/consent", {"interaction": at.interaction, "decision": decision}, Cookie=at.cookie
    )


def allowed(server: AuthorizationServer, **changes: Any) -> Reply:
    """Sign in and allow: the way back."""
    return decide(server, sign_in(server, authorize(server, **changes)), "allow")


def code(server: AuthorizationServer, **changes: Any) -> str:
    return allowed(server, **changes).sent_back["code"][0]


def exchange(server: AuthorizationServer, form: Mapping[str, str | None], **headers: str) -> Reply:
    """Redeem a code; a `None` leaves a parameter out."""
    whole = {
        "grant_type": "authorization_code",
        "client_id": "public",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **form,
    }
    return post(
        server,
        "/token",
        {name: value for name, value in whole.items() if value is not None},
        **headers,
    )


def tokens(
    server: AuthorizationServer, *, client_id: str = "public", **changes: Any
) -> dict[str, Any]:
    """Go the whole way to the tokens."""
    headers = {"Authorization": basic(client_id, SECRET)} if client_id != "public" else {}
    reply = exchange(
        server,
        {"code": code(server, client_id=client_id, **changes), "client_id": client_id},
        **headers,
    )
    assert reply.status == 200, reply.text
    return reply.json


def refresh(server: AuthorizationServer, token: str, **form: str) -> Reply:
    return post(
        server,
        "/token",
        {"grant_type": "refresh_token", "client_id": "public", "refresh_token": token, **form},
    )


def me(server: AuthorizationServer, access_token: str) -> int:
    """The status of a request to the API: 200 as long as the token is good."""
    return ask(server, "/api/me", headers={"Authorization": f"Bearer {access_token}"}).status


def challenge_of(verifier: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )
