"""
The certificate of an https callback: loaded, and checked as a browser will, before one is opened.

Loaded by OpenSSL, and checked by a handshake in memory: no other library is needed for a sign-in.
"""

from __future__ import annotations

import errno
import os
import ssl
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from ....errors import CallbackCertificateMissing, CallbackCertificateUnusable
from ....oauth.text import one_line
from ...files.home import home
from ...files.permissions import check_trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, NoReturn

_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK"))
# A handshake has three, one more where the server asks again.
_ROUNDS = 8
# X509_V_ERR_...: what OpenSSL's verification found.
_NOT_YET_VALID, _EXPIRED, _HOST_DIFFERS, _ADDRESS_DIFFERS = 9, 10, 62, 64
_LOST = "make another one: `loopback-auth callback-cert create`; or name the right file"
_CREATE = "make one for this computer: `loopback-auth callback-cert create --force`"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """The PEM files of a certificate with its chain, and of its key; they may be the same."""

    certificate: str
    key: str


def own_folder(environ: Mapping[str, str] | None) -> str:
    """Return the folder of the certificate that `callback-cert create` makes."""
    return os.path.join(home(environ), "callback-cert")


def certificate_files(
    certificate: str | None, key: str | None, environ: Mapping[str, str] | None
) -> CertificateFiles:
    """
    Return the files that were given, else those of `callback-cert create`.

    Raises:
        CallbackCertificateMissing: Neither is there.
    """
    if certificate is not None:
        return CertificateFiles(certificate=certificate, key=key or certificate)
    if key is not None:
        raise CallbackCertificateMissing(f"there is no certificate to the key {key}")
    own = os.path.join(own_folder(environ), "callback.pem")
    if not os.path.lexists(own):
        raise CallbackCertificateMissing(
            "an https redirect URI needs a certificate, and there is none"
        )
    return CertificateFiles(certificate=own, key=own)


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """
    Return the TLS context of a server with the certificate of *files*.

    Raises:
        CallbackCertificateUnusable: It cannot be loaded.
        FileUnsafe: Another user owns or can write one of the files.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A system that demands a later version keeps it.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    context.set_alpn_protocols(["http/1.1"])
    # Nobody comes back: a browser that resumed a session would not see a new certificate.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0

    def passphrase() -> NoReturn:
        raise _unusable(
            f"the key in {files.key} is encrypted",
            cause="Nobody is asked for its passphrase: a sign-in may run without a terminal.",
            fix="`openssl pkey -in {key} -out callback-key.pem`,"
            " and name that file with --callback-key",
            key=files.key,
        )

    with ExitStack() as opened:
        names = [opened.enter_context(_believed(path)) for path in (files.certificate, files.key)]
        try:
            context.load_cert_chain(names[0], names[1], password=passphrase)
        except (OSError, ValueError) as error:
            raise _not_loaded(files, error) from None
    return context


def check_certificate(
    context: ssl.SSLContext, files: CertificateFiles, host: str
) -> Mapping[str, Any]:
    """
    Return what the certificate of *context* says, in the form of `SSLSocket.getpeercert`.

    Raises:
        CallbackCertificateUnusable: No browser would take it for *host*, whomever it trusts.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The certificate itself is the anchor: who issued it is the browser's question.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(files.certificate)
        return handshake(context, client, host)
    except ssl.SSLCertVerificationError as error:
        raise _not_verified(context, client, files, host, error) from None
    except ssl.SSLError as error:
        raise _unusable(f"no handshake succeeds with it: {_reason(error)}") from None


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> Mapping[str, Any]:
    """
    Return the certificate of *server* as *client* sees it, once both have shaken hands in memory.

    Raises:
        ssl.SSLError: They cannot, or the client does not take the certificate for *host*.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    seen = client.wrap_bio(to_client, to_server, server_hostname=host)
    shown = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_ROUNDS):
        waiting = 0
        for end in (seen, shown):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting += 1
        if not waiting:
            return seen.getpeercert() or {}
    raise ssl.SSLError("the handshake does not end")


def names_of(said: Mapping[str, Any]) -> list[str]:
    """Return the names and addresses that a certificate is for, by what it *said*."""
    return [
        str(ip_address(name.strip())) if kind == "IP Address" else name
        for kind, name in said.get("subjectAltName", ())
    ]


def until_of(said: Mapping[str, Any]) -> datetime:
    """Return when a certificate expires, by what it *said*."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notAfter"]), UTC)


@contextmanager
def _believed(path: str) -> Iterator[str]:
    """Open the file at *path*, which nobody else can write; give the name to read it by."""
    try:
        descriptor = os.open(path, _READ)
    except (OSError, ValueError) as error:
        raise _not_read(path, error) from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise _not_read(path, OSError(errno.EINVAL, "it is not a regular file"))
        check_trusted(path, about)
        # The file that was checked is the one that is read.
        name = f"/dev/fd/{descriptor}"
        yield name if os.path.exists(name) else path
    finally:
        os.close(descriptor)


def _not_read(path: str, error: OSError | ValueError) -> CallbackCertificateUnusable:
    why = (getattr(error, "strerror", None) or "it is no path").lower()
    return _unusable(f"{path} cannot be read: {why}", fix=_LOST)


def _not_loaded(
    files: CertificateFiles, error: OSError | ValueError
) -> CallbackCertificateUnusable:
    reason = getattr(error, "reason", None) or ""
    # Of another kind of key, RSA or EC, OpenSSL says that there is no certificate to it.
    if "MISMATCH" in reason or reason == "NO_CERTIFICATE_ASSIGNED":
        return _unusable(
            f"the key in {files.key} is not that of the certificate in {files.certificate}",
            cause="Each certificate is made for one key.",
        )
    return _unusable(
        f"{files.certificate} with the key in {files.key} cannot be used: {_reason(error)}",
        cause="Both must be PEM: -----BEGIN CERTIFICATE----- and -----BEGIN PRIVATE KEY-----.",
    )


def _reason(error: OSError | ValueError) -> str:
    # Without a word of OpenSSL's: it found something else, or nothing.
    if reason := getattr(error, "reason", None):
        return str(reason).replace("_", " ").lower()
    return "there is no certificate, or no key, in PEM form"


def _not_verified(
    context: ssl.SSLContext,
    client: ssl.SSLContext,
    files: CertificateFiles,
    host: str,
    error: ssl.SSLCertVerificationError,
) -> CallbackCertificateUnusable:
    path = files.certificate
    if error.verify_code in (_HOST_DIFFERS, _ADDRESS_DIFFERS):
        client.check_hostname = False
        shown = one_line(", ".join(names_of(handshake(context, client, host))) or "none")
        return _unusable(
            f"the certificate in {path} is not for {host}; its names: {shown}",
            cause="A browser takes a certificate only for the names that are in it.",
        )
    known = {_EXPIRED: "has expired", _NOT_YET_VALID: "is not valid yet, by this computer's clock"}
    why = known.get(error.verify_code, f"cannot be used: {error.verify_message}")
    return _unusable(f"the certificate in {path} {why}")


def _unusable(
    message: str, *, cause: str = "", fix: str = _CREATE, **facts: str
) -> CallbackCertificateUnusable:
    return CallbackCertificateUnusable(message, cause=cause, fix=fix, **facts)
