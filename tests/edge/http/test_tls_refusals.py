"""
DS-03, RB-06: each reason why a connection is not safe has its own cause and fix; a CA that was
given by name is taken as it is.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.http.failures import translated
from loopback_auth.edge.http.tls import Trust
from loopback_auth.errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNameDiffers,
    CertificateNotYetValid,
    CertificateUntrusted,
    ClientCertificateWanted,
    ConnectionFailed,
    PlainHTTPAnswered,
    TLSFailed,
    TLSTooOld,
    TransportError,
)
from loopback_auth.oauth.http.messages import FormPost, Get
from loopback_auth.oauth.secret import Secret

from ...support.certificates import Issued, issue
from ...support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

linux = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="there the system's own store decides"
)


@contextmanager
def https(context: ssl.SSLContext, host: str = "localhost") -> Iterator[ScriptedServer]:
    with ScriptedServer(tls=context, host=host) as server:
        server.answers["*"] = json_answer({})
        yield server


async def refused(url: str, **options: object) -> TransportError:
    """Return the error of a POST that must not arrive."""
    message = FormPost(url=url, fields=(("code", Secret("canary")),))
    with pytest.raises(TransportError) as failed:
        await HttpTransport(timeout_s=5, **options)(message)  # type: ignore[arg-type]  # its keywords
    message = f"{failed.value} {failed.value.cause} {failed.value.fix}"
    assert "canary" not in message
    assert failed.value.exit_code == 7
    return failed.value


def company_files(tmp_path: Path, company: Issued) -> dict[str, dict[str, object]]:
    """Name *company*'s certificate in each way there is."""
    (tmp_path / "company.pem").write_bytes(company.pem)
    path = str(tmp_path / "company.pem")
    return {
        "ca_bundle": {"ca_bundle": path, "environ": {}},
        "SSL_CERT_FILE": {"environ": {"SSL_CERT_FILE": path}},
    }


def company_makes(**altered: object) -> Callable[[], tuple[Issued, Issued, tuple[Issued, ...]]]:
    def make() -> tuple[Issued, Issued, tuple[Issued, ...]]:
        company = issue("A company", is_ca=True, **altered)  # type: ignore[arg-type]  # its keywords
        return company, issue("localhost", by=company), ()

    return make


def _leaf_without(*names: str) -> tuple[Issued, Issued, tuple[Issued, ...]]:
    company = issue("A company", is_ca=True)
    return company, issue("localhost", by=company, without=names), ()


def _intermediate_alone() -> tuple[Issued, Issued, tuple[Issued, ...]]:
    root = issue("A root that nobody has", is_ca=True)
    company = issue("A company", is_ca=True, by=root)
    return company, issue("localhost", by=company), ()


def _intermediate_without(*names: str) -> tuple[Issued, Issued, tuple[Issued, ...]]:
    company = issue("A company", is_ca=True)
    between = issue("A department", is_ca=True, by=company, without=names)
    return company, issue("localhost", by=between), (between,)


# Seen at companies and in tools that make certificates; every one is fine for Python 3.12, curl, Go
# and browsers.
TAKEN: dict[str, Callable[[], tuple[Issued, Issued, tuple[Issued, ...]]]] = {
    "as it should be": company_makes(),
    "no key usage": company_makes(without=["key-usage"]),
    "constraints that are not critical": company_makes(without=["critical"]),
    "no key identifier": company_makes(without=["ski"]),
    "no key usage, and a path length": company_makes(without=["key-usage"], path_length=0),
    "a leaf without its CA's key identifier": lambda: _leaf_without("aki"),
    "a leaf without key identifiers": lambda: _leaf_without("aki", "ski"),
    "an intermediate without its CA's key identifier": lambda: _intermediate_without("aki"),
    "an intermediate without key usage": lambda: _intermediate_without("key-usage"),
    "an intermediate alone": _intermediate_alone,
}


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
async def test_ds_03_a_ca_that_the_person_gave_is_not_checked_strictly(
    tmp_path: Path, make: Callable[[], tuple[Issued, Issued, tuple[Issued, ...]]]
) -> None:
    """DS-03: Python 3.13's X509_STRICT refuses most of these."""
    company, leaf, chain = make()
    with https(leaf.server_context(tmp_path, *chain)) as server:
        for name, options in company_files(tmp_path, company).items():
            if name == "ca_bundle" or sys.platform not in ("darwin", "win32"):
                reply = await HttpTransport(timeout_s=5, **options)(Get(url=server.url("/")))  # type: ignore[arg-type]
                assert reply.status == 200


CERTIFICATES: dict[str, tuple[Callable[[Issued], Issued], type[TLSFailed], str]] = {
    "of a stranger": (
        lambda _: issue("localhost", by=issue("A stranger", is_ca=True)),
        CertificateUntrusted,
        "--ca-bundle",
    ),
    "of its own": (lambda _: issue("localhost"), CertificateUntrusted, "--ca-bundle"),
    "expired": (lambda ca: issue("localhost", by=ca, days=(-9, -1)), CertificateExpired, "date"),
    "of the future": (
        lambda ca: issue("localhost", by=ca, days=(1, 9)),
        CertificateNotYetValid,
        "clock",
    ),
    "for another name": (
        lambda ca: issue("id.example", by=ca),
        CertificateNameDiffers,
        "config show",
    ),
    "for an address": (lambda ca: issue("127.0.0.1", by=ca), CertificateNameDiffers, "config show"),
    "for clients": (
        lambda ca: issue("localhost", by=ca, usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        CertificateMalformed,
        "another certificate",
    ),
    "of one who may not sign": (
        lambda ca: issue("localhost", by=issue("someone.example", by=ca)),
        CertificateUntrusted,
        "--ca-bundle",
    ),
}


@pytest.mark.parametrize(("make", "kind", "fix"), CERTIFICATES.values(), ids=CERTIFICATES)
async def test_rb_06_each_certificate_that_is_refused_says_why(
    tmp_path: Path, make: Callable[[Issued], Issued], kind: type[TLSFailed], fix: str
) -> None:
    """RB-06, DS-03: nothing is sent; what happened, why, and what to do differ."""
    company = issue("A company", is_ca=True)
    options = company_files(tmp_path, company)["ca_bundle"]
    with https(make(company).server_context(tmp_path)) as server:
        failed = await refused(server.url("/"), **options)
        assert server.requests == []
    assert type(failed) is kind
    assert fix in failed.fix
    assert f"localhost:{server.port}" in failed.message


ELSEWHERE = [
    ("macOS", -67843, CertificateUntrusted),
    ("macOS", -67818, CertificateExpired),
    ("macOS", -67819, CertificateNotYetValid),
    ("macOS", -67602, CertificateNameDiffers),
    ("Windows", 0x800B0109, CertificateUntrusted),
    ("Windows", 0x800B0101, CertificateExpired),
    ("Windows", 0x800B010F, CertificateNameDiffers),
    ("any", 12345, CertificateMalformed),
]


@pytest.mark.parametrize(("system", "code", "kind"), ELSEWHERE)
def test_rb_06_the_systems_that_check_by_themselves_have_numbers_of_their_own(
    system: str, code: int, kind: type[TLSFailed]
) -> None:
    """RB-06: as truststore hands them on."""
    refusal = ssl.SSLCertVerificationError("refused")
    refusal.verify_code, refusal.verify_message = code, f"{system} says no."
    failed = translated(refusal, "id.example", proxy=None, trust=None)
    assert type(failed) is kind
    assert failed.message == f"no safe connection to id.example: {system} says no"


async def test_rb_06_the_reasons_are_unlike_each_other() -> None:
    """RB-06."""
    kinds = {kind for _, kind, _ in CERTIFICATES.values()} | {
        TLSTooOld,
        PlainHTTPAnswered,
        ClientCertificateWanted,
    }
    errors = [kind("what happened", host="id.example:443") for kind in kinds]
    for part in ("code", "cause", "fix"):
        assert len({getattr(each, part) for each in errors}) == len(kinds)
    assert "{" not in "".join(each.cause + each.fix for each in errors)


@linux
@pytest.mark.parametrize("without", ["key-usage", "critical"])
def test_ds_03_a_ca_of_the_system_is_checked_as_this_python_does(
    tmp_path: Path, without: str
) -> None:
    """DS-03: by X509_STRICT from 3.13 on, and the way around it is told."""
    company = issue("A company", is_ca=True, without=[without])
    context = Trust(None, {}).context
    context.load_verify_locations(cadata=company.pem.decode())
    error = handshake(context, issue("localhost", by=company).server_context(tmp_path))
    assert (error is None) is (sys.version_info < (3, 13))


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> ssl.SSLError | None:
    """Let the two meet without a network; return the client's error."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs, ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError as error:
            return error
    return None


def answering(octets: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(octets)

    return answer


def resetting(connection: socket.socket) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def speaking(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        with context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        ) as tls:
            with suppress(ssl.SSLError):
                tls.do_handshake()
                tls.recv(4096)
            # A close with octets unread would reset the connection, and our last words with it.
            tls.shutdown(socket.SHUT_WR)
            while tls.recv(4096):
                pass

    return speak


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen, and have *behave* deal with every connection; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection, suppress(OSError):
                        behave(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}/token"


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"<html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 mail.example ESMTP\r\n",
    ],
)
async def test_rb_06_a_server_without_tls_is_reported_as_that(octets: bytes) -> None:
    """RB-06."""
    with listening(answering(octets)) as url:
        assert type(await refused(url)) is PlainHTTPAnswered


@pytest.mark.parametrize("behave", [resetting, answering(b"")])
async def test_rb_06_a_server_that_closes_at_once_is_not_out_of_reach(
    behave: Callable[[socket.socket], None],
) -> None:
    """RB-06: "no route" would send people to their network."""
    with listening(behave) as url:
        failed = await refused(url)
    assert type(failed) is ConnectionFailed
    assert "no route" not in failed.message


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
async def test_rb_06_a_server_of_old_tls_is_reported_as_that(tmp_path: Path, version: str) -> None:
    """RB-06."""
    context = issue("localhost").server_context(tmp_path)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with listening(speaking(context)) as url:
        assert type(await refused(url)) is TLSTooOld


async def test_rb_06_a_server_that_wants_our_certificate_is_reported_as_that(
    tmp_path: Path,
) -> None:
    """RB-06: with TLS 1.3 its refusal comes after our request."""
    company = issue("A company", is_ca=True)
    options = company_files(tmp_path, company)["ca_bundle"]
    context = issue("localhost", by=company).server_context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=company.pem.decode())
    with listening(speaking(context)) as url:
        assert type(await refused(url, **options)) is ClientCertificateWanted
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with listening(speaking(context)) as url:
        failed = await refused(url, **options)
    assert type(failed) is TLSFailed
    assert "certificate of the client" in failed.cause


async def test_ds_06_a_proxys_own_certificate_is_reported_as_the_proxys(tmp_path: Path) -> None:
    """DS-06: so that nobody looks at the server for it."""
    with https(issue("localhost").server_context(tmp_path)) as proxy:
        for scheme in ("http", "https"):
            environ = {"ALL_PROXY": proxy.origin.replace("https://", "https://jane:canary@")}
            failed = await refused(f"{scheme}://id.example.test/token", environ=environ)
            assert type(failed) is CertificateUntrusted
            assert f"the proxy localhost:{proxy.port} (ALL_PROXY)" in failed.message
