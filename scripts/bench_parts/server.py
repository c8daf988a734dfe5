"""A token endpoint that costs next to nothing, in a thread: the same for everybody who is measured."""

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
    from collections.abc import Iterator

CODE = "bench-code"


class _Endpoint(http.server.BaseHTTPRequestHandler):
    challenges: set[str] = set()  # noqa: RUF012 - one server, one set

    def do_POST(self) -> None:
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = form.get("code") == CODE and challenge in self.challenges
        answer = {
            "access_token": "t" * 40,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": "r",
            "scope": "api",
        }
        body = json.dumps(answer if good else {"error": "invalid_grant"}).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def token_endpoint() -> Iterator[tuple[str, set[str]]]:
    """Give the server's address, and the set of challenges it takes codes for."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", _Endpoint.challenges
    finally:
        server.shutdown()
        server.server_close()
