"""
Authlib's JWT bearer grant (RFC 7523) in one file: `.servers/venv/bin/python
tests/support/servers/authlib_server.py --public-key server.pub`.

It has a token endpoint and nothing else, and knows one client, `machine`, who may act for alice.
"""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc7523 import JWTBearerGrant
from flask import Flask
from joserfc.jwk import import_key
from start import USERNAME, leave, options, ready
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from typing import Any


class Machine(ClientMixin):
    """The one client."""

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == JWTBearerGrant.GRANT_TYPE

    def get_allowed_scope(self, scope: str) -> str:
        return scope or ""

    def get_client_id(self) -> str:
        return "machine"


def grant(public_key: str, audience: str) -> type[JWTBearerGrant]:
    class Grant(JWTBearerGrant):
        """Takes what the client's key has signed, for alice."""

        def get_audiences(self) -> list[str]:
            return [audience]

        def resolve_issuer_client(self, issuer: str) -> Machine | None:
            return Machine() if issuer == "machine" else None

        def resolve_client_public_key(self, client: Machine) -> Any:
            del client
            return import_key(public_key, "RSA")

        def authenticate_user(self, subject: str) -> str | None:
            return subject if subject in (USERNAME, "bob") else None

        def has_granted_permission(self, client: Machine, user: str) -> bool:
            del client
            return user == USERNAME

    return Grant


def main() -> None:
    parser = options("Authlib's JWT bearer grant for the tests")
    parser.add_argument("--public-key", type=Path, required=True)
    chosen = parser.parse_args()
    path = Path(tempfile.mkdtemp(prefix="loopback-auth-authlib-")) / "nothing"
    signal.signal(signal.SIGTERM, lambda *_: leave(path))
    app = Flask(__name__)
    server = make_server("127.0.0.1", chosen.port, app, threaded=True)
    issuer = f"http://127.0.0.1:{server.server_port}"
    endpoint = AuthorizationServer(app, query_client=lambda _: None, save_token=lambda *_: None)
    endpoint.register_grant(grant(chosen.public_key.read_text(), f"{issuer}/token"))
    app.post("/token")(endpoint.create_token_response)
    ready({"issuer": issuer, "clients": {}}, until_eof=chosen.until_eof, database=path)
    server.serve_forever()


if __name__ == "__main__":
    main()
