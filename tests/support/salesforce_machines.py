"""
Clients of the test kit's Salesforce that have no browser: certificates and assertions, made by a
library and not by the kit.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from loopback_auth.testing.salesforce import APP, USER
from tests.support.salesforce_asking import OAUTH, post

if TYPE_CHECKING:
    from tests.support.asking import Reply

    PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PRODUCTION = "https://login.salesforce.com"


@cache
def rsa_key(name: str = "first", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make a key; *name* tells one from another."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key: PrivateKey) -> str:
    """Make a self-signed certificate of *key*, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a pipeline")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def public_key(key: PrivateKey) -> str:
    """Give the key that verifies, as PEM."""
    encoding, kind = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, kind).decode()


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def assertion(
    now: float,
    *,
    key: rsa.RSAPrivateKey | None = None,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Sign an assertion, RS256; a change to `None` leaves a claim out."""
    claims = {
        "iss": APP.client_id,
        "sub": USER.username,
        "aud": PRODUCTION,
        "exp": int(now) + 180,
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", **(header or {})}, present)]
    signed = ".".join(map(base64url, parts))
    signature = (key or rsa_key()).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64url(signature)}"


def by_assertion(host: str, jwt: str, **form: str | None) -> Reply:
    """Ask for a token with an assertion, and nothing else."""
    return post(f"{host}{OAUTH}/token", {"grant_type": JWT_BEARER, "assertion": jwt, **form})


def by_client(host: str, **form: str | None) -> Reply:
    """Ask for a token with the client's secret."""
    whole = {
        "grant_type": "client_credentials",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
    }
    return post(f"{host}{OAUTH}/token", {**whole, **form})
