"""
Canaille (an identity provider on Authlib) with clients for our tests: `.servers/venv/bin/python
tests/support/servers/canaille_server.py`.

It takes the registered redirect URIs and no other port, wants a nonce, and asks for name and
password on two pages.
"""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

from start import PASSWORD, USERNAME, database, leave, options, ready

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

# A person whose answer at the consent page nobody remembers: the first one's is kept once it was
# given.
OTHER_USERNAME = "bob"

# Three ports for those who do not say: what a developer registers when one of them may be taken.
CALLBACK_PORTS = (21717, 21718, 21719)


def configuration(port: int, path: Path, access_ttl: int) -> dict[str, Any]:
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)
    return {
        "SECRET_KEY": "only for these tests",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "OAUTH2_TOKEN_EXPIRES_IN": {"authorization_code": access_ttl, "refresh_token": access_ttl},
        "CANAILLE": {
            "DATABASE": "sql",
            "LOGO": None,
            "FAVICON": None,
            "JAVASCRIPT": False,
            "LOGGING": QUIET,
        },
        "CANAILLE_SQL": {
            "DATABASE_URI": f"sqlite:///{path}",
            "PASSWORD_HASH_PARAMS": {"pbkdf2_sha512__rounds": 1000},
        },
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key], "DYNAMIC_CLIENT_REGISTRATION_OPEN": True},
    }


QUIET = {
    "version": 1,
    "root": {"level": "ERROR", "handlers": []},
    "disable_existing_loggers": False,
}


def clients(callback_ports: list[int]) -> dict[str, dict[str, Any]]:
    exact = [f"http://127.0.0.1:{port}/callback" for port in callback_ports]
    by_post = {"token_endpoint_auth_method": "client_secret_post"}
    return {
        "public": {"client_id": "public", "redirect_uris": exact},
        "confidential": {
            "client_id": "confidential",
            "client_secret": "secret",
            "redirect_uris": exact,
        },
        "post": {"client_id": "post", "client_secret": "secret", "redirect_uris": exact, **by_post},
        "odd": {"client_id": "cli:odd+id", "client_secret": "p%+:& /=~é", "redirect_uris": exact},
    }


def fill(app: Flask, known: dict[str, dict[str, Any]]) -> None:
    from canaille.app import models
    from canaille.backends import Backend

    with app.app_context(), Backend.instance.session():
        for name in (USERNAME, OTHER_USERNAME):
            person = {
                "user_name": name,
                "display_name": name,
                "formatted_name": name,
                "family_name": name,
            }
            user = models.User(**person, emails=[f"{name}@example.com"], password=PASSWORD)
            Backend.instance.save(user)
        for name, facts in known.items():
            client = _client(models.Client, name, facts)
            Backend.instance.save(client)
            # Its own registration endpoint does the same: an ID token is for its client.
            client.audience = [client]
            Backend.instance.save(client)


def _client(make: Any, name: str, client: dict[str, Any]) -> Any:
    method = "client_secret_basic" if "client_secret" in client else "none"
    return make(
        client_name=name,
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        scope=["openid", "profile", "email"],
        # Not RS256: with that, two access tokens of one person in one second are the same, and the
        # second is refused.
        id_token_signed_response_alg="PS256",
        **{"token_endpoint_auth_method": method, **client},
    )


def serve(port: int) -> BaseWSGIServer:
    """Bind the port first: the issuer holds it."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return make_server("127.0.0.1", port, lambda *_: [], threaded=True)


def main() -> None:
    from canaille import create_app

    chosen = options("Canaille for the tests").parse_args()
    path = database("canaille")
    signal.signal(signal.SIGTERM, lambda *_: leave(path))
    known = clients(chosen.callback_port or list(CALLBACK_PORTS))
    server = serve(chosen.port)
    server.app = app = create_app(configuration(server.port, path, chosen.access_ttl))
    fill(app, known)
    issuer = f"http://127.0.0.1:{server.port}"
    facts = {"issuer": issuer, "clients": known, "other_username": OTHER_USERNAME}
    ready(facts, until_eof=chosen.until_eof, database=path)
    server.serve_forever()


if __name__ == "__main__":
    main()
