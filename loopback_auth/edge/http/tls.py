"""
TLS: which certificates are trusted, and which variables of the environment count.

`ssl` obeys more variables than it should. Keys are never logged: `SSLKEYLOGFILE` is for programs
under test. If `SSL_CERT_FILE`, `SSL_CERT_DIR` or `OPENSSL_CONF` cannot be used, errors say so.
"""

from __future__ import annotations

import os
import ssl
import stat
import sys
from contextlib import contextmanager, suppress
from importlib import import_module

from ...errors import ConfigError, TLSUnavailable
from ..files.permissions import check_trusted
from ..interaction.environment import without_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BUNDLE_OCTETS = 64 * 1024 * 1024
"""The most that is read of a file of certificates; all public CAs take a quarter of a MiB."""

_ELSEWHERE = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The variables that name a company's CA to other programs."""

_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Trust:
    """
    The trusted certificates: a *context* to connect with, and where they come from.

    *given* maps the settings and variables that name certificates to their paths, *unusable* those
    of them that cannot be used to the reason. *elsewhere* is a variable for other programs, and its
    path, where that is none of the system's.
    """

    def __init__(self, ca_bundle: str | None, environ: Mapping[str, str]) -> None:
        self.given: dict[str, str] = {}
        self.unusable: dict[str, str] = {}
        self.system = "the system's certificates"
        self.context = _new_context()
        file = environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().openssl_cafile
        self.elsewhere = next(
            (
                (name, path)
                for name in _ELSEWHERE
                if os.path.isfile(path := environ.get(name, ""))
                and os.path.realpath(path) != os.path.realpath(file)
            ),
            None,
        )
        if sys.platform not in ("darwin", "win32"):
            self._load_system(environ)
        if ca_bundle:
            if why := _load_file(self.context, ca_bundle, is_trusted=True):
                raise _bundle_unusable(ca_bundle, why)
            self.given["ca_bundle"] = ca_bundle
        self._check_as_asked()

    def _load_system(self, environ: Mapping[str, str]) -> None:
        """Load what OpenSSL would load; an empty variable counts as unset."""
        paths = ssl.get_default_verify_paths()
        file, folder = (environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
        self._take("SSL_CERT_FILE", file, _load_file(self.context, file or paths.openssl_cafile))
        self._take(
            "SSL_CERT_DIR", folder, _load_folders(self.context, folder or paths.openssl_capath)
        )
        there = os.path.exists(paths.openssl_cafile), _hashed(paths.openssl_capath)
        if not (file or there[0]) and not (folder or there[1]):
            where = f"{paths.openssl_cafile} or {paths.openssl_capath}"
            self.system = f"no certificates: there are none in {where}"

    def _take(self, variable: str, value: str, why: str) -> None:
        if value:
            self.given[variable] = value
            if why:
                self.unusable[variable] = why

    def _check_as_asked(self) -> None:
        """Check certificates as this Python does, but with a given CA as Python 3.12 does."""
        flags = self.context.verify_flags
        if self.given:
            # A company's CA often breaks RFC 5280 in small ways, and need not be a root.
            flags = (flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
        elif sys.version_info >= (3, 13):
            # As ssl.create_default_context does, which would obey SSLKEYLOGFILE.
            flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
        self.context.verify_flags = flags

    def described(self) -> str:
        """Return, in words, which certificates are trusted."""
        used = [
            f"{name} = {path}" for name, path in self.given.items() if name not in self.unusable
        ]
        return " and ".join([self.system, *used])


def _new_context() -> ssl.SSLContext:
    """Return a context that trusts nobody yet; on macOS and Windows, whom the system trusts."""
    with _beginning():
        if sys.platform in ("darwin", "win32"):
            import truststore

            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # A system that demands a later version keeps it.
        context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def load_aiohttp(*, trusting_nobody: bool = False) -> None:
    """
    Import aiohttp without letting the TLS context that it makes obey `SSLKEYLOGFILE`.

    Nothing of ours uses that context. Making it takes longer than importing asyncio, unless it is
    *trusting_nobody*; that is for a process in which nobody else uses aiohttp.

    Raises:
        TLSUnavailable: OpenSSL cannot be initialized.
    """
    if "aiohttp" in sys.modules:
        return
    # Reading one that is no file, such as a pipe, could take for ever.
    file = () if os.path.isfile(os.environ.get("SSL_CERT_FILE", "")) else ("SSL_CERT_FILE",)
    nobody = dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR"), os.devnull) if trusting_nobody else {}
    with without_variables(("SSLKEYLOGFILE", *file, *nobody)), _beginning():
        os.environ.update(nobody)
        try:
            import_module("aiohttp")
        finally:
            for name in nobody:
                del os.environ[name]


@contextmanager
def _beginning() -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        settings = os.environ.get("OPENSSL_CONF")
        raise TLSUnavailable(
            f"OpenSSL does not work here: {str(error.reason or error).replace('_', ' ').lower()}",
            fix="unset OPENSSL_CONF, or correct {settings}" if settings else "",
            settings=settings,
            cause=f"Its settings are those of OPENSSL_CONF = {settings}." if settings else "",
        ) from None


def _load_file(context: ssl.SSLContext, path: str, *, is_trusted: bool = False) -> str:
    """
    Trust the certificates in *path*; return why they cannot be used, or "".

    With *is_believed*, because a setting names it, raise `FileUnsafe` if others can write it.
    """
    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            return "it is a folder" if stat.S_ISDIR(about.st_mode) else "it is no regular file"
        if about.st_size > BUNDLE_OCTETS:
            return "it is far larger than all certificates there are"
        with open(path, "rb") as file:
            if is_trusted:
                check_trusted(path, os.fstat(file.fileno()))
            head = file.read(3)
            encoding = next(
                (_BYTE_ORDER_MARKS[mark] for mark in _BYTE_ORDER_MARKS if head.startswith(mark)), ""
            )
            if encoding or is_trusted:
                # After a byte order mark OpenSSL would overlook the first certificate, or all. And
                # the file that was checked must be the one that is read.
                text = (head + file.read()).decode(encoding or "ascii", "replace")
                context.load_verify_locations(
                    cadata=text.encode("ascii", "replace").decode() or "\n"
                )
            else:
                context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return (
            "it is in DER form, not PEM"
            if head[:2] == b"\x30\x82"
            else "it holds no PEM certificate, or a damaged one"
        )
    except (OSError, ValueError) as error:
        return (getattr(error, "strerror", None) or "it is no path").lower()
    return ""


def _load_folders(context: ssl.SSLContext, path: str) -> str:
    """Trust the list of folders *path*; return why none of them can be used, if none can."""
    if os.path.isfile(path):
        return "it is a file"
    folders = [folder for folder in path.split(os.pathsep) if _hashed(folder)]
    if not folders:
        missing = not any(map(os.path.isdir, path.split(os.pathsep)))
        return (
            "there is no such folder"
            if missing
            else f"no certificate in it is found by its hash: openssl rehash {path}"
        )
    context.load_verify_locations(capath=os.pathsep.join(folders))
    return ""


def _hashed(folder: str) -> bool:
    """Return whether OpenSSL finds certificates in *folder*, by names such as 5ad8a5d6.0."""
    with suppress(OSError, ValueError):
        return any(name[8:9] == "." and name[9:].isdecimal() for name in os.listdir(folder))
    return False


def _bundle_unusable(path: str, why: str) -> ConfigError:
    name = "name the right one with --ca-bundle FILE"
    if "DER" in why:
        fix = "`openssl x509 -inform der -in {path} -out {path}.pem`; then name that file"
    elif not os.path.isfile(path):
        fix = name
    else:
        fix = f"look at it: `openssl x509 -in {{path}} -noout -subject`; then {name}"
    return ConfigError(
        f"the CA bundle {path} cannot be used: {why}",
        cause="ca_bundle must name a file of PEM certificates, "
        "which begin with -----BEGIN CERTIFICATE-----.",
        fix=fix,
        path=path,
    )
