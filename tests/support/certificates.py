"""
Certificates as companies make them: right in what counts, and wrong in ways that only some programs
mind.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def server_context(self, folder: Path, *chain: Issued) -> ssl.SSLContext:
        """Return the context of a server that shows this certificate, and those of *chain*."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = folder / f"server-{self.certificate.serial_number}.pem"
        file.write_bytes(key + self.pem + b"".join(each.pem for each in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def issue(
    name: str,
    *,
    by: Issued | None = None,
    is_ca: bool = False,
    without: Collection[str] = (),
    path_length: int | None = None,
    days: tuple[int, int] = (-30, 30),
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
) -> Issued:
    """
    Make a certificate for the host or the CA *name*, signed *by* another one or itself, valid from
    and until so many *days* from now.

    *without* names what is left out or bent: key-usage, aki, ski, constraints, critical.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
    )
    if "constraints" not in without:
        constraints = x509.BasicConstraints(ca=is_ca, path_length=path_length)
        builder = builder.add_extension(constraints, critical="critical" not in without)
    if is_ca and "key-usage" not in without:
        builder = builder.add_extension(_key_usage(), critical=True)
    if "ski" not in without:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    if by and "aki" not in without:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    if not is_ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(name)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Issued(certificate=builder.sign(by.key if by else key, hashes.SHA256()), key=key)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
