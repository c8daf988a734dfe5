"""
A certificate for this computer, and the authority that issued it and nothing else.

Whoever trusts an authority believes all that it signs. So this one may sign for this computer
alone (name constraints, RFC 5280 section 4.2.1.10), and its key is gone once it has signed: nobody
can find it. A later certificate has an authority of its own, which has to be trusted again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from ....errors import UsageError
from ....oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DAYS = 397
"""As long as browsers let certificates of public authorities last, at the most."""

ADDRESSES = ("127.0.0.1", "::1")
"""Beside `localhost`, what a certificate is for."""


def issue(now: datetime, *, serial: int) -> tuple[Secret, bytes]:
    """
    Return in PEM a new key with its certificate and authority, and the authority alone.

    *serial* is random: databases of certificates want each authority to have a name of its own.

    Raises:
        UsageError: The library `cryptography` is not there.
    """
    try:
        # Late, and an extra: only who makes a certificate here needs it. Python has none that can.
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise UsageError(
            "making a certificate needs the library cryptography, which is not installed",
            cause="Python itself can use certificates, and not make them.",
            fix="`pip install cryptography`; under pipx: `pipx inject loopback-auth cryptography`;"
            " or install mkcert, which is used where it is set up",
        ) from None
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = f"loopback-auth callback {now:%Y-%m-%d} {serial % 0x10000:04x}"
    authority = _authority(name, authority_key, now)
    certificate = _certificate(authority, authority_key, key, now)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown = authority.public_bytes(serialization.Encoding.PEM)
    own = certificate.public_bytes(serialization.Encoding.PEM)
    return Secret((private + own + shown).decode()), shown


def _authority(name: str, key: EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    only = [x509.DNSName("localhost"), *(x509.IPAddress(ip_network(a)) for a in ADDRESSES)]
    return (
        _begun(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(only, None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    authority: x509.Certificate,
    authority_key: EllipticCurvePrivateKey,
    key: EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    names = [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(a)) for a in ADDRESSES)]
    issuer = authority.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _begun("localhost", str(issuer), key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(known_by, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _begun(
    name: str, issuer: str, key: EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    for_servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of virtual machines and of remote browsers are late.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS - 1))
        .add_extension(for_servers, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
