"""
django-oauth-toolkit in one file, its issuer at /o: `.servers/venv/bin/python
tests/support/servers/django_oauth.py --port 9000`.

Its issuer has a path, its two discovery documents lie in different places, and with `--iss` it
promises RFC 9207's `iss` and then leaves it out of its errors.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import django
from django.conf import settings
from start import PASSWORD, USERNAME, database, leave, options, ready

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path
    from typing import Any

LOGIN_PAGE = """<!DOCTYPE html><title>Sign in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"><button type="submit">Sign in</button></form>"""

APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def configure(arguments: Namespace, path: Path) -> None:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": path,
                "OPTIONS": {"timeout": 20},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=APPS,
        MIDDLEWARE=MIDDLEWARE,
        # The tables straight from the models: replaying the history takes a second.
        MIGRATION_MODULES={app.rpartition(".")[2]: None for app in APPS},
        OAUTH2_PROVIDER=oauth2_provider(arguments),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="django_site",
        SECRET_KEY="only for these tests",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"registration/login.html": LOGIN_PAGE},
                        ),
                        "django.template.loaders.app_directories.Loader",
                    ],
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()


def oauth2_provider(arguments: Namespace) -> dict[str, Any]:
    return {
        "ACCESS_TOKEN_EXPIRE_SECONDS": arguments.access_ttl,
        "ALLOW_LOCALHOST_LOOPBACK": arguments.localhost_any_port,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": arguments.code_ttl,
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": arguments.iss,
        "OAUTH2_VALIDATOR_CLASS": "django_site.Validator",
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": rsa_private_key(),
        "REFRESH_TOKEN_REUSE_PROTECTION": arguments.reuse_protection,
        "SCOPES": {
            "openid": "Know who you are",
            "profile": "Your name",
            "email": "Your address",
            "read": "Read",
        },
    }


def rsa_private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def clients(callback_ports: list[int]) -> dict[str, dict[str, Any]]:
    any_port = ["http://127.0.0.1/callback", "http://[::1]/callback"]
    known = {
        "public": {"client_id": "public", "redirect_uris": any_port},
        "confidential": {
            "client_id": "confidential",
            "client_secret": "confidential-secret",
            "redirect_uris": any_port,
        },
        "odd": {
            "client_id": "cli:odd+id",
            "client_secret": "p%+:& /=~é",
            "redirect_uris": any_port,
        },
    }
    known["device"] = {
        "client_id": "device",
        "redirect_uris": [],
        "authorization_grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    }
    known["machine"] = {
        "client_id": "machine",
        "client_secret": "machine-secret",
        "redirect_uris": [],
        "authorization_grant_type": "client-credentials",
    }
    if callback_ports:
        # Here `localhost` means the one port that was registered, unless --localhost-any-port.
        exact = [f"http://localhost:{port}/callback" for port in callback_ports]
        known["localhost"] = {"client_id": "localhost", "redirect_uris": exact}
    return known


def fill(known: dict[str, dict[str, Any]]) -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", run_syncdb=True, verbosity=0)
    get_user_model().objects.create_user(USERNAME, "alice@example.com", PASSWORD)
    for name, client in known.items():
        secret = client.get("client_secret", "")
        Application.objects.create(
            name=name,
            client_id=client["client_id"],
            client_secret=secret,
            client_type="confidential" if secret else "public",
            authorization_grant_type=client.get("authorization_grant_type", "authorization-code"),
            redirect_uris=" ".join(client["redirect_uris"]),
            algorithm="RS256",
        )


def arguments() -> Namespace:
    parser = options("django-oauth-toolkit for the tests")
    parser.add_argument("--iss", action="store_true", help="promise iss in the redirect (RFC 9207)")
    parser.add_argument("--localhost-any-port", action="store_true")
    parser.add_argument(
        "--reuse-protection", action="store_true", help="a reused refresh token kills its family"
    )
    return parser.parse_args()


def main() -> None:
    chosen, path = arguments(), database("django")
    signal.signal(signal.SIGTERM, lambda *_: leave(path))
    known = clients(chosen.callback_port)
    configure(chosen, path)
    fill(known)
    server = serve(chosen.port)
    origin = f"http://127.0.0.1:{server.server_port}"
    settings.OAUTH2_PROVIDER["OAUTH_DEVICE_VERIFICATION_URI"] = f"{origin}/o/device/"
    ready(
        {"issuer": f"{origin}/o", "origin": origin, "clients": known},
        until_eof=chosen.until_eof,
        database=path,
    )
    server.serve_forever()


def serve(port: int) -> Any:
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    server = ThreadedWSGIServer(("127.0.0.1", port), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    return server


if __name__ == "__main__":
    main()
