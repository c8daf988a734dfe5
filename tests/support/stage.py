"""
A stage for the browser: an authorization server of forty lines that asks nobody, and pages that
other people might have made.

The standard library only, and none of our own code: what the callback server does is judged from
outside.
"""

from __future__ import annotations

import base64
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 20


@dataclass(slots=True, kw_only=True)
class Stage:
    """
    What the tests set and read.

    *authorize_page* is shown instead of the redirect, with `{answer}` replaced by the address that
    the redirect would have led to; *pages* maps other paths to HTML. The token endpoint answers
    once *may_exchange* is set.
    """

    port: int
    username: str = "ada"
    authorize_page: str | None = None
    error: str | None = None
    pages: dict[str, str] = field(default_factory=dict)
    may_exchange: Event = field(default_factory=Event)
    asked_for_tokens: Event = field(default_factory=Event)
    exchanges: int = 0
    answer: str = ""
    nonce: str = ""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def flags(self) -> list[str]:
        return ["--issuer", self.issuer, "--client-id", "stage", "--scope", "openid"]

    def get(self, target: str) -> tuple[int, str, str]:
        """Answer a GET: status, content type or place to go, body."""
        url = urlsplit(target)
        if url.path == "/.well-known/openid-configuration":
            return 200, "application/json", json.dumps(self._metadata())
        if url.path == "/authorize":
            return self._authorize(dict(parse_qsl(url.query)))
        page = self.pages.get(url.path)
        return (
            (200, "text/html", page.replace("{answer}", self.answer))
            if page
            else (404, "text/plain", "")
        )

    def _metadata(self) -> dict[str, str]:
        ends = ("authorization_endpoint", "authorize"), ("token_endpoint", "token")
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in ends}}

    def _authorize(self, asked: dict[str, str]) -> tuple[int, str, str]:
        answer = {"error": self.error} if self.error else {"code": "the-code"}
        self.nonce = asked.get("nonce", "")
        self.answer = f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}"
        if self.authorize_page is None:
            return 302, self.answer, ""
        return 200, "text/html", self.authorize_page.replace("{answer}", self.answer)

    def token(self) -> dict[str, Any]:
        self.exchanges += 1
        self.asked_for_tokens.set()
        self.may_exchange.wait(TIMEOUT_S)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "stage",
            "sub": "1",
            "iat": now,
            "exp": now + 600,
            "nonce": self.nonce,
        }
        id_token = _jwt({**claims, "preferred_username": self.username})
        return {
            "access_token": "a-token",
            "token_type": "Bearer",
            "expires_in": 600,
            "id_token": id_token,
        }


def _jwt(claims: dict[str, Any]) -> str:
    parts = (
        json.dumps({"alg": "RS256"}),
        json.dumps(claims),
        "a signature that nobody can check without keys",
    )
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


@contextmanager
def running_stage() -> Iterator[Stage]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(*stage.get(self.path))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(200, "application/json", json.dumps(stage.token()))

        def _reply(self, status: int, kind: str, body: str) -> None:
            self.send_response(status)
            self.send_header("Location" if status == 302 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest shows what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stage = Stage(port=server.server_port)
        stage.may_exchange.set()
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield stage
        finally:
            stage.may_exchange.set()
            server.shutdown()
