"""DS-03: TLS is verified always, and a company's own CA is added by name of its file."""

from __future__ import annotations

import ssl
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import (
    CertificateExpired,
    CertificateNameDiffers,
    CertificateUntrusted,
    ConfigError,
    LoopbackAuthError,
)
from loopback_auth.oauth.http.messages import FormPost, Get
from loopback_auth.oauth.secret import Secret

from ...support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def company() -> trustme.CA:
    return trustme.CA(organization_name="A company")


@pytest.fixture(scope="module")
def stranger() -> trustme.CA:
    return trustme.CA(organization_name="A stranger")


@pytest.fixture
def bundle(company: trustme.CA, tmp_path: Path) -> str:
    company.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    return str(tmp_path / "company.pem")


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@contextmanager
def https(identity: trustme.LeafCert | ssl.SSLContext) -> Iterator[ScriptedServer]:
    context = identity if isinstance(identity, ssl.SSLContext) else context_of(identity)
    with ScriptedServer(tls=context, host="localhost") as server:
        server.answers["*"] = json_answer({"ok": True})
        yield server


def secret_post(url: str) -> FormPost:
    return FormPost(url=url, fields=(("code", Secret("canary")),))


async def refused(server: ScriptedServer, *, bundle: str | None = None) -> LoopbackAuthError:
    """Give the error of a POST that must not reach *server*."""
    with pytest.raises(LoopbackAuthError) as failed:
        await HttpTransport(timeout_s=5, ca_bundle=bundle)(secret_post(server.url("/token")))
    assert server.requests == []
    assert "canary" not in str(failed.value)
    return failed.value


async def test_ds_03_a_certificate_of_an_unknown_ca_is_refused_before_anything_is_sent(
    stranger: trustme.CA,
) -> None:
    with https(stranger.issue_cert("localhost")) as server:
        failed = await refused(server)
    assert type(failed) is CertificateUntrusted
    assert failed.exit_code == 7
    assert "--ca-bundle" in failed.fix


async def test_ds_03_a_self_signed_certificate_is_refused(
    stranger: trustme.CA, tmp_path: Path
) -> None:
    (tmp_path / "own.pem").write_bytes(stranger.private_key_pem.bytes() + stranger.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    with https(context) as server:
        assert "self-signed" in str(await refused(server)).replace("self signed", "self-signed")


async def test_ds_03_a_certificate_for_another_host_is_refused(
    company: trustme.CA, bundle: str
) -> None:
    with https(company.issue_cert("id.example.com")) as server:
        failed = await refused(server, bundle=bundle)
    assert type(failed) is CertificateNameDiffers
    assert "not valid for 'localhost'" in str(failed)


async def test_ds_03_an_expired_certificate_is_refused(company: trustme.CA, bundle: str) -> None:
    now = datetime.now(UTC)
    with https(
        company.issue_cert("localhost", not_before=now - 3 * DAY, not_after=now - DAY)
    ) as server:
        failed = await refused(server, bundle=bundle)
    assert type(failed) is CertificateExpired
    assert "expired" in str(failed)


async def test_ds_03_a_certificate_of_the_future_is_refused(
    company: trustme.CA, bundle: str
) -> None:
    now = datetime.now(UTC)
    with https(
        company.issue_cert("localhost", not_before=now + DAY, not_after=now + 3 * DAY)
    ) as server:
        assert "not yet valid" in str(await refused(server, bundle=bundle))


async def test_ds_03_the_reasons_are_told_apart(
    company: trustme.CA, stranger: trustme.CA, bundle: str
) -> None:
    messages = set()
    for certificate in (company.issue_cert("id.example.com"), stranger.issue_cert("localhost")):
        with https(certificate) as server:
            messages.add(
                str(await refused(server, bundle=bundle)).replace(str(server.port), "PORT")
            )
    assert len(messages) == 2


async def test_ds_03_an_https_address_where_http_is_spoken_is_refused() -> None:
    with ScriptedServer() as server:
        server.answers["*"] = json_answer({})
        url = server.url("/token").replace("http://", "https://")
        with pytest.raises(LoopbackAuthError):
            await HttpTransport(timeout_s=0.5)(secret_post(url))
        assert server.requests == []


ASK = """
import asyncio, sys
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import LoopbackAuthError
from loopback_auth.oauth.http.messages import Get

try:
    transport = HttpTransport(timeout_s=10, ca_bundle=sys.argv[2])
    print(asyncio.run(transport(Get(url=sys.argv[1]))).status)
except LoopbackAuthError as error:
    print(error.code)
"""

LENIENT = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = None
CipherString = ALL:@SECLEVEL=0
"""


@pytest.mark.slow_cases
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "expected"), [("TLSv1_1", "tls-too-old"), ("TLSv1_2", "200"), ("TLSv1_3", "200")]
)
def test_ds_03_nothing_older_than_tls_1_2_is_spoken_even_where_the_system_would(
    company: trustme.CA, bundle: str, tmp_path: Path, version: str, expected: str
) -> None:
    context = context_of(company.issue_cert("localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    (tmp_path / "openssl.cnf").write_text(LENIENT)
    with https(context) as server:
        done = subprocess.run(
            [sys.executable, "-c", ASK, server.url("/"), bundle],
            env={"OPENSSL_CONF": str(tmp_path / "openssl.cnf"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.stdout.strip() == expected, done.stderr


async def test_ds_03_a_ca_bundle_is_trusted(company: trustme.CA, bundle: str) -> None:
    with https(company.issue_cert("localhost")) as server:
        reply = await HttpTransport(ca_bundle=bundle)(Get(url=server.url("/")))
        upper = await HttpTransport(ca_bundle=bundle)(
            Get(url=server.url("/").replace("https", "HTTPS"))
        )
    assert (reply.status, upper.status) == (200, 200)


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="elsewhere the system's own store is asked, which has no such variable",
)
async def test_ds_03_a_ca_bundle_adds_to_ssl_cert_file_and_does_not_replace_it(
    company: trustme.CA,
    stranger: trustme.CA,
    bundle: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger.cert_pem.write_to_path(str(tmp_path / "system.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    transport = HttpTransport(ca_bundle=bundle)
    for ca in (company, stranger):
        with https(ca.issue_cert("localhost")) as server:
            assert (await transport(Get(url=server.url("/")))).status == 200
    with https(stranger.issue_cert("localhost")) as server:
        assert (await HttpTransport()(Get(url=server.url("/")))).status == 200


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
async def test_ds_03_a_bundle_that_cannot_be_read_is_reported_and_nothing_is_sent(
    company: trustme.CA, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with https(company.issue_cert("localhost")) as server:
        failed = await refused(server, bundle=str(path))
    assert type(failed) is ConfigError
    assert failed.exit_code == 2
    assert str(path) in str(failed)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "variable",
    [
        "PYTHONHTTPSVERIFY",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "GIT_SSL_NO_VERIFY",
        "NODE_TLS_REJECT_UNAUTHORIZED",
    ],
)
async def test_ds_03_no_variable_of_the_environment_switches_the_check_off(
    stranger: trustme.CA, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for value in ("0", "", "1"):
        monkeypatch.setenv(variable, value)
        with https(stranger.issue_cert("localhost")) as server:
            assert type(await refused(server)) is CertificateUntrusted


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "flag", ["--insecure", "-k", "--no-verify", "--no-check-certificate", "--skip-tls-verify"]
)
def test_ds_03_there_is_no_flag_that_switches_the_check_off(flag: str) -> None:
    command = [
        sys.executable,
        "-m",
        "loopback_auth",
        "login",
        "--issuer",
        "https://localhost:1",
        "--client-id",
        "x",
        flag,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "error[usage]" in done.stderr
