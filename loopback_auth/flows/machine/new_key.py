"""A key for a machine profile, and its self-signed certificate, which is what servers take."""

from __future__ import annotations

from datetime import timedelta

from ...edge.files.client_secrets import SigningKey, signing_key, write_signing_key
from ...oauth.jose.signing import without_cryptography
from ...oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

DAYS = 3650
"""How long the certificate lasts; the key is replaced by who replaces it, not by the calendar."""

BITS = 2048


def key_for(home: str, profile: str, *, now: datetime) -> SigningKey:
    """
    Return the files of the key of *profile*, which are made where there are none.

    One that is there stays: its certificate may be uploaded already.

    Raises:
        KeyUnusable: The library that makes keys is not there.
        StoreError: The files cannot be written.
    """
    files = signing_key(home, profile)
    if not files.exists:
        write_signing_key(files, *_made(profile, now))
    return files


def _made(profile: str, now: datetime) -> tuple[Secret, bytes]:
    """Return a new RSA key and its certificate, both as PEM: all servers take RS256."""
    with without_cryptography():
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, f"loopback-auth {profile}"[:64])]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The server's clock may be late.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(private.decode()), certificate.public_bytes(serialization.Encoding.PEM)
