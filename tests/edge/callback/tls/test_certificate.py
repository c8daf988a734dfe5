"""What is wrong with a certificate or key is said before a browser opens, each in its own words."""

from __future__ import annotations

import os
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from loopback_auth.edge.callback.tls import authority
from loopback_auth.edge.callback.tls.certificate import (
    CertificateFiles,
    certificate_files,
    check_certificate,
    handshake,
    names_of,
    server_context,
    until_of,
)
from loopback_auth.edge.files.permissions import PermissionsIgnored
from loopback_auth.errors import (
    CallbackCertificateMissing,
    CallbackCertificateUnusable,
    FileUnsafe,
    LoopbackAuthError,
)

from ....support.callback.secure import install, issued, trusting
from ....support.certificates import Issued, issue

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and pipes are POSIX's")

LOCALHOST = issue("localhost")


def key_of(made: Issued, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def written(folder: Path, certificate: bytes, key: bytes) -> CertificateFiles:
    files = CertificateFiles(certificate=str(folder / "cert.pem"), key=str(folder / "key.pem"))
    for path, content in ((files.certificate, certificate), (files.key, key)):
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o600)
    return files


def judged(files: CertificateFiles, host: str = "localhost") -> LoopbackAuthError | None:
    try:
        check_certificate(server_context(files), files, host)
    except LoopbackAuthError as error:
        return error
    return None


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
NO_PEM = "there is no certificate, or no key, in PEM form"
WRONG: dict[str, tuple[bytes, bytes, str]] = {
    "another key": (LOCALHOST.pem, key_of(issue("localhost")), "is not that of the certificate"),
    "a key of another kind": (LOCALHOST.pem, RSA, "is not that of the certificate"),
    "an encrypted key": (LOCALHOST.pem, key_of(LOCALHOST, b"secret"), "is encrypted"),
    "nothing": (b"", b"", NO_PEM),
    "no key": (LOCALHOST.pem, LOCALHOST.pem, NO_PEM),
    "no certificate": (key_of(LOCALHOST), key_of(LOCALHOST), NO_PEM),
    "DER": (
        LOCALHOST.certificate.public_bytes(Encoding.DER),
        key_of(LOCALHOST),
        NO_PEM,
    ),
    "octets": (os.urandom(4096), os.urandom(4096), NO_PEM),
    "a cut certificate": (LOCALHOST.pem[:300], key_of(LOCALHOST), "cannot be used"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_loaded_says_why(case: str, tmp_path: Path) -> None:
    certificate, key, words = WRONG[case]
    error = judged(written(tmp_path, certificate, key))
    assert isinstance(error, CallbackCertificateUnusable)
    assert words in str(error)
    assert error.exit_code == 2
    is_encrypted = case == "an encrypted key"
    assert ("openssl pkey" if is_encrypted else "callback-cert create --force") in error.fix


def test_the_fix_of_an_encrypted_key_can_be_typed(tmp_path: Path) -> None:
    files = written(tmp_path, LOCALHOST.pem, key_of(LOCALHOST, b"secret"))
    error = judged(files)
    assert error is not None
    command = error.fix.partition(", and name")[0]
    subprocess.run(
        ("/bin/sh", "-c", f"umask 077; {command} -passin pass:secret"), cwd=tmp_path, check=True
    )
    plain = CertificateFiles(certificate=files.certificate, key=str(tmp_path / "callback-key.pem"))
    assert judged(plain) is None


ISSUED = {
    "expired": (issue("localhost", days=(-30, -1)), "has expired"),
    "not yet valid": (issue("localhost", days=(1, 30)), "is not valid yet"),
    "another name": (issue("example.test"), "is not for localhost; its names: example.test"),
    "a client's": (
        issue("localhost", usage=x509.ExtendedKeyUsageOID.CLIENT_AUTH),
        "cannot be used: unsuitable certificate purpose",
    ),
}


@pytest.mark.parametrize("case", ISSUED)
def test_what_no_browser_would_take_says_why(case: str, tmp_path: Path) -> None:
    made, words = ISSUED[case]
    error = judged(written(tmp_path, made.pem, key_of(made)))
    assert isinstance(error, CallbackCertificateUnusable)
    assert words in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_certificate_for_localhost_alone_is_none_for_its_addresses(
    tmp_path: Path, *, host: str
) -> None:
    error = judged(written(tmp_path, LOCALHOST.pem, key_of(LOCALHOST)), host)
    assert f"is not for {host}; its names: localhost" in str(error)


def test_one_that_others_may_not_trust_is_taken_with_its_chain_or_without(tmp_path: Path) -> None:
    """Whom a browser trusts is its own question."""
    ca = issue("A CA", is_ca=True)
    leaf = issue("localhost", by=ca)
    assert judged(written(tmp_path, leaf.pem, key_of(leaf))) is None
    assert judged(written(tmp_path, leaf.pem + ca.pem, key_of(leaf))) is None
    assert judged(written(tmp_path, key_of(leaf) + leaf.pem, key_of(leaf) + leaf.pem)) is None


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_files_that_others_can_write_are_not_believed(tmp_path: Path, *, name: str) -> None:
    files = written(tmp_path, LOCALHOST.pem, key_of(LOCALHOST))
    (tmp_path / name).chmod(0o602)
    # As root in a container it is a warning.
    with pytest.raises((FileUnsafe, PermissionsIgnored), match=f"{name} can be written by other"):
        server_context(files)


def test_a_file_that_is_none_is_not_waited_for(tmp_path: Path) -> None:
    files = written(tmp_path, LOCALHOST.pem, key_of(LOCALHOST))
    for path in (tmp_path / "pipe", tmp_path / "missing", tmp_path):
        if path.name == "pipe":
            os.mkfifo(path)
        error = judged(CertificateFiles(certificate=files.certificate, key=str(path)))
        assert isinstance(error, CallbackCertificateUnusable)
        assert f"{path} cannot be read" in str(error)
    assert isinstance(
        judged(CertificateFiles(certificate="a\0b", key="a\0b")), CallbackCertificateUnusable
    )


def test_the_files_are_those_given_else_our_own(tmp_path: Path) -> None:
    environ = {"LOOPBACK_AUTH_HOME": str(tmp_path)}
    with pytest.raises(CallbackCertificateMissing):
        certificate_files(None, None, environ)
    install(tmp_path)
    own = str(tmp_path / "callback-cert" / "callback.pem")
    assert certificate_files(None, None, environ) == CertificateFiles(certificate=own, key=own)
    assert certificate_files("a", None, environ) == CertificateFiles(certificate="a", key="a")
    assert certificate_files("a", "b", environ) == CertificateFiles(certificate="a", key="b")
    with pytest.raises(CallbackCertificateMissing, match="no certificate to the key b"):
        certificate_files(None, "b", environ)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_ours_is_for_this_computer_and_good_for_a_year(tmp_path: Path, *, host: str) -> None:
    install(tmp_path)
    own = str(tmp_path / "callback-cert" / "callback.pem")
    server = server_context(CertificateFiles(certificate=own, key=own))
    said = handshake(server, trusting(issued()[1]), host)
    assert names_of(said) == ["localhost", "127.0.0.1", "::1"]
    left = until_of(said) - datetime.now(UTC)
    assert timedelta(days=365) < left < timedelta(days=397)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "::2"])
def test_its_authority_vouches_for_no_other_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, host: str
) -> None:
    """Whoever had its key could do nothing with it (RFC 5280 section 4.2.1.10)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    unused = iter(keys)
    monkeypatch.setattr(ec, "generate_private_key", lambda _: next(unused))
    _, own = authority.issue(datetime.now(UTC), serial=1)
    monkeypatch.undo()
    stolen = Issued(certificate=x509.load_pem_x509_certificate(own), key=keys[0])
    forged = issue(host, by=stolen)
    files = written(tmp_path, forged.pem, key_of(forged))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(server_context(files), trusting(own), host)


def test_the_key_of_the_authority_is_nowhere(tmp_path: Path) -> None:
    """What is kept has one key, which is the certificate's."""
    install(tmp_path)
    pair = (tmp_path / "callback-cert" / "callback.pem").read_bytes()
    assert pair.count(b"PRIVATE KEY-----") == 2
    assert b"PRIVATE KEY" not in (tmp_path / "callback-cert" / "ca.pem").read_bytes()
    chain = x509.load_pem_x509_certificates(pair)
    assert [
        each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for each in chain
    ] == [
        False,
        True,
    ]
    chain[0].verify_directly_issued_by(chain[1])


def test_two_authorities_have_two_names() -> None:
    """A browser's database takes no second one of the same name."""
    names = set()
    for serial in (1, 2):
        _, own = authority.issue(datetime.now(UTC), serial=serial)
        names.add(x509.load_pem_x509_certificate(own).subject)
    assert len(names) == 2
