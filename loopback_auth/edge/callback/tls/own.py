"""A certificate of this computer: made by mkcert where that is set up, else by ourselves."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import randbits
from shutil import which
from tempfile import TemporaryDirectory

from ....oauth.secret import Secret
from ...files.private_folder import create_private_folder, temporary_name
from .authority import ADDRESSES, issue
from .certificate import CertificateFiles, own_folder, server_context
from .trust import LOCALHOST, output_of, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who issued a certificate: its PEM file, if known, and its SHA-256 *fingerprint*."""

    path: str
    fingerprint: str


def create(environ: Mapping[str, str], *, now: datetime | None = None) -> CertificateFiles:
    """
    Make a certificate for localhost, 127.0.0.1 and ::1, and return its files.

    Raises:
        UsageError: The library `cryptography` is not there, nor mkcert.
        StoreUnsafe: Others can write the folder.
        StoreUnwritable: The system refuses.
    """
    pair, authority = _from_mkcert(environ) or issue(now or datetime.now(UTC), serial=randbits(16))
    path = own_folder(environ)
    with create_private_folder(path) as folder:
        # The pair last: it is one file, and from then on it counts.
        for name, content in (("ca.pem", authority), ("callback.pem", pair.reveal().encode())):
            folder.replace(name, content, temporary=temporary_name(name))
    own = os.path.join(path, "callback.pem")
    return CertificateFiles(certificate=own, key=own)


def authority_of(files: CertificateFiles) -> Authority | None:
    """
    Return who issued a certificate that `create` made.

    `None` of any other, and where the two files are of two runs: one was killed in between.
    """
    path = os.path.join(os.path.dirname(files.certificate), "ca.pem")
    try:
        if not _content(files.certificate).endswith(_content(path)):
            return None
    except OSError:
        return None
    return Authority(path=path, fingerprint=fingerprint(path))


def fingerprint(path: str) -> str:
    """Return the SHA-256 of the first certificate in a PEM file, as browsers show it."""
    from hashlib import sha256

    with open(path, encoding="ascii", errors="replace") as file:
        first = _BEGIN + file.read().partition(_BEGIN)[2].partition("-----BEGIN")[0]
    return sha256(ssl.PEM_cert_to_DER_cert(first.strip())).digest().hex(":").upper()


def _from_mkcert(environ: Mapping[str, str]) -> tuple[Secret, bytes] | None:
    """Return what mkcert makes, if it is there and its authority is trusted here."""
    program = which("mkcert", path=environ.get("PATH"))
    # Without an authority it would make one.
    folder = ((program and output_of([program, "-CAROOT"], environ)) or "").strip()
    root = os.path.join(folder, "rootCA.pem")
    if not program or not folder or not os.path.isfile(root):
        return None
    with TemporaryDirectory() as made:
        files = CertificateFiles(
            certificate=os.path.join(made, "cert.pem"), key=os.path.join(made, "key.pem")
        )
        where = ["-cert-file", files.certificate, "-key-file", files.key, LOCALHOST]
        if output_of([program, "-ecdsa", *where, *ADDRESSES], environ) is None:
            return None
        if True not in trust(server_context(files), LOCALHOST, environ).values():
            return None
        key, certificate, authority = map(_content, (files.key, files.certificate, root))
    return Secret((key + certificate + authority).decode()), authority


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
