"""
An authorization server that costs next to nothing, in a thread: the same for everybody who is
measured.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import urllib.parse
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

CODE = "bench-code"
TOKENS = {
    "access_token": "t" * 40,
    "token_type": "Bearer",
    "expires_in": 3600,
    "refresh_token": "r" * 40,
    "scope": "api",
}


class Server(http.server.ThreadingHTTPServer):
    """Takes the one code, once for each challenge that was seen in an authorize URL."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoints)
        if tls is not None:
            # The handshake waits for the thread of its connection.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.is_reached_at(f"http://127.0.0.1:{self.server_address[1]}")
        self.challenges: set[str] = set()
        self.refreshes = 0
        self.exchanges = 0

    def is_reached_at(self, origin: str) -> None:
        """Have the server be known by *origin*."""
        self.issuer = origin
        self.endpoints = [f"{origin}/authorize", f"{origin}/token"]

    def handle_error(self, *_: object) -> None:
        """Take it that a connection was opened and not used."""

    def redeem(self, form: dict[str, str]) -> bool:
        """Return whether *form* brings the code and the verifier of a challenge; spend that."""
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = challenge in self.challenges
        self.challenges.discard(challenge)
        return known and form.get("code") == CODE and form.get("grant_type") == "authorization_code"

    def grant(self, form: dict[str, str]) -> bool:
        """Return whether *form* is worth tokens; every refresh token is, and is counted."""
        if form.get("grant_type") == "refresh_token":
            self.refreshes += 1
            return bool(form.get("refresh_token"))
        self.exchanges += 1
        return self.redeem(form)

    def metadata(self) -> dict[str, object]:
        """Return the server's metadata (RFC 8414)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.endpoints[0],
            "token_endpoint": self.endpoints[1],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }


class _Endpoints(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        known = self.path.startswith("/.well-known/")
        self._answer(200 if known else 404, self.server.metadata() if known else {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = self.server.grant(dict(urllib.parse.parse_qsl(body)))
        self._answer(200 if good else 400, TOKENS if good else {"error": "invalid_grant"})

    def _answer(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Give the block a server; *tls* makes it an https server."""
    with Server(tls) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
