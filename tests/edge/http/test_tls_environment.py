"""
DS-03, RB-06: what `ssl` takes from the environment is obeyed where it is meant, and named where it
cannot be used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ...support.certificates import issue
from ...support.command import run, run_process
from ...support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ...support.certificates import Issued
    from ...support.command import Outcome

linux = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"),
    reason="there the system's own store decides, and no variable",
)


@pytest.fixture(scope="module")
def company() -> Issued:
    return issue("A company", is_ca=True)


@pytest.fixture
def server(company: Issued, tmp_path: Path) -> Iterator[ScriptedServer]:
    context = issue("localhost", by=company).server_context(tmp_path)
    with ScriptedServer(tls=context, host="localhost") as running:
        running.answers["/.well-known/*"] = json_answer({})
        document = {
            "issuer": running.origin,
            "authorization_endpoint": running.url("/authorize"),
            "token_endpoint": running.url("/token"),
        }
        running.answers["/.well-known/openid-configuration"] = json_answer(document)
        running.answers["/.well-known/oauth-authorization-server"] = json_answer(document)
        yield running


@pytest.fixture
def bundle(company: Issued, tmp_path: Path) -> str:
    (tmp_path / "company.pem").write_bytes(company.pem)
    return str(tmp_path / "company.pem")


def by_hand(server: ScriptedServer, *words: str) -> tuple[str, ...]:
    """Return a sign-in by hand, which ends as soon as the server's metadata is there."""
    start = ("login", "--manual", "--issuer", server.origin, "--client-id", "c", "--json")
    return (*start, *words)


async def discovered(server: ScriptedServer, home: Path, *words: str, **environ: str) -> Outcome:
    """Begin a sign-in in a process, since OpenSSL reads the environment of its own."""
    return await run_process(*by_hand(server, *words), home=home, more=environ)


KEY_LOGS: dict[str, Callable[[Path], str]] = {
    "a file that can be written": lambda folder: str(folder / "keys"),
    "below a folder that is not there": lambda folder: str(folder / "none" / "keys"),
    "a folder": str,
    "a device without room": lambda _: "/dev/full",
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("key_log", KEY_LOGS.values(), ids=KEY_LOGS)
async def test_ds_03_keys_are_logged_for_nobody(
    server: ScriptedServer, bundle: str, tmp_path: Path, key_log: Callable[[Path], str]
) -> None:
    """
    DS-03: whoever has them reads the tokens in what was recorded on the way, and antivirus sets the
    variable for all.
    """
    path = key_log(tmp_path)
    outcome = await discovered(server, tmp_path, "--ca-bundle", bundle, SSLKEYLOGFILE=path)
    assert outcome.exit_code == 0, outcome.stdout
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "words", [("demo", "--auto"), ("demo", "--auto", "--provider", "salesforce")]
)
async def test_ds_03_nor_by_what_imports_aiohttp_first(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """DS-03: it makes a TLS context of its own as soon as it is imported."""
    outcome = await run_process(
        *words, home=tmp_path, more={"SSLKEYLOGFILE": str(tmp_path / "keys")}
    )
    assert outcome.exit_code == 0, outcome.stderr
    assert not (tmp_path / "keys").exists()


async def test_ds_03_doctor_says_that_keys_are_not_logged(
    server: ScriptedServer, bundle: str, tmp_path: Path
) -> None:
    """DS-03."""
    settings = f'issuer = "{server.origin}"\nclient_id = "c"\nca_bundle = "{bundle}"\n'
    (tmp_path / "config.toml").write_text(f"[profiles.default]\n{settings}")
    for path in (tmp_path / "keys", tmp_path / "none" / "keys"):
        outcome = await run_process("doctor", home=tmp_path, more={"SSLKEYLOGFILE": str(path)})
        (row,) = (line for line in outcome.stdout.splitlines() if "certificates" in line)
        assert "SSLKEYLOGFILE is ignored" in row
        assert "TLS, its certificate is valid" in outcome.stdout
        assert not path.exists()


OPENSSL_CONFS = {
    "not there": None,
    "no configuration": "[[[ = ",
    "a section that is not there": "openssl_conf = a\n[a]\nssl_conf = nowhere\n",
    "ciphers that make no sense": "openssl_conf = a\n[a]\nssl_conf = s\n"
    "[s]\nsystem_default = d\n[d]\nCipherString = X\n",
}
NO_MODULE = (
    "openssl_conf = a\n[a]\nproviders = p\n[p]\nfips = f\n[f]\nactivate = 1\nmodule = /none.so\n"
)


@pytest.mark.parametrize("text", OPENSSL_CONFS.values(), ids=OPENSSL_CONFS)
async def test_rb_06_openssl_settings_that_openssl_overlooks_are_nobodys_trouble(
    server: ScriptedServer, bundle: str, tmp_path: Path, text: str | None
) -> None:
    """RB-06."""
    file = tmp_path / "openssl.cnf"
    if text is not None:
        file.write_text(text)
    outcome = await discovered(server, tmp_path, "--ca-bundle", bundle, OPENSSL_CONF=str(file))
    assert outcome.exit_code == 0, outcome.stdout


@linux
@pytest.mark.parametrize("words", [("login",), ("doctor",), ("demo", "--auto")], ids=" ".join)
async def test_rb_06_openssl_settings_that_leave_nothing_are_named(
    server: ScriptedServer, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """RB-06: "too many files are open" it is not."""
    (tmp_path / "openssl.cnf").write_text(NO_MODULE)
    (tmp_path / "config.toml").write_text(
        f'[profiles.default]\nissuer = "{server.origin}"\nclient_id = "c"\n'
    )
    outcome = await run_process(
        *words, home=tmp_path, more={"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}
    )
    output = outcome.stdout + outcome.stderr
    assert outcome.exit_code == 2, output
    assert "OPENSSL_CONF" in output
    assert "too many files" not in output.lower()
    assert "Traceback" not in output


def _text(folder: Path, text: bytes) -> str:
    (folder / "given").write_bytes(text)
    return str(folder / "given")


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "given")
    return str(folder / "given")


def _der(folder: Path, company: Issued) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return _text(folder, company.certificate.public_bytes(Encoding.DER))


UNUSABLE: dict[str, tuple[Callable[[Path, Issued], str], str]] = {
    "not there": (lambda folder, _: str(folder / "none.pem"), "no such file"),
    "below a file": (lambda folder, ca: _text(folder, ca.pem) + "/x", "not a directory"),
    "a folder": (lambda *_: "/usr", "it is a folder"),
    "empty": (lambda folder, _: _text(folder, b""), "no PEM certificate"),
    "no PEM": (lambda folder, _: _text(folder, b"certificate"), "no PEM certificate"),
    "DER": (_der, "DER"),
    "a damaged one": (
        lambda folder, ca: _text(folder, ca.pem.replace(b"A", b"?")),
        "no PEM certificate",
    ),
    "half of one": (lambda folder, ca: _text(folder, ca.pem[:200]), "no PEM certificate"),
    "a pipe that nobody writes": (lambda folder, _: _fifo(folder), "no regular file"),
    "a device": (lambda *_: "/dev/zero", "no regular file"),
}


@linux
@pytest.mark.parametrize(("make", "why"), UNUSABLE.values(), ids=UNUSABLE)
async def test_ds_03_a_file_of_certificates_that_cannot_be_used_is_named(
    server: ScriptedServer,
    company: Issued,
    tmp_path: Path,
    make: Callable[[Path, Issued], str],
    why: str,
) -> None:
    """
    DS-03: as --ca-bundle at once, as SSL_CERT_FILE where a certificate is missed for it; doctor
    tells both.
    """
    path = make(tmp_path, company)
    as_flag = await run(*by_hand(server, "--ca-bundle", path), home=tmp_path)
    assert (as_flag.exit_code, as_flag.error["code"]) == (2, "config-invalid")
    assert path in as_flag.error["message"]
    assert why in as_flag.error["message"]

    as_variable = await discovered(server, tmp_path, SSL_CERT_FILE=path)
    assert (as_variable.exit_code, as_variable.error["code"]) == (7, "certificate-untrusted")
    assert f"SSL_CERT_FILE = {path} is not used: " in as_variable.error["cause"]
    assert why in as_variable.error["cause"]
    assert "SSL_CERT_FILE" in as_variable.error["fix"]

    (tmp_path / "config.toml").write_text(
        '[profiles.default]\nissuer = "https://localhost:1"\nclient_id = "c"\n'
    )
    output = (await run("doctor", home=tmp_path, more={"SSL_CERT_FILE": path})).stdout
    assert f"SSL_CERT_FILE = {path} is not used: ".replace(str(tmp_path), "~") in output
    assert why in output


@linux
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
async def test_ds_03_a_file_of_certificates_with_a_byte_order_mark_is_read(
    server: ScriptedServer, company: Issued, tmp_path: Path, encoding: str
) -> None:
    """DS-03: as PowerShell writes it; OpenSSL overlooks the first certificate, or all."""
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = _text(tmp_path, (mark + "# Autorité\n" + company.pem.decode()).encode(encoding))
    for words, environ in ((("--ca-bundle", path), {}), ((), {"SSL_CERT_FILE": path})):
        outcome = await discovered(server, tmp_path, *words, **environ)
        assert outcome.exit_code == 0, outcome.stdout


def rehash(folder: Path) -> None:
    subprocess.run(["openssl", "rehash", str(folder)], check=True, timeout=30)


@linux
async def test_ds_03_a_folder_of_certificates_is_named_where_it_cannot_be_used(
    server: ScriptedServer, bundle: str, tmp_path: Path
) -> None:
    """DS-03."""
    folder = tmp_path / "certificates"
    for why in ("there is no such folder", "openssl rehash", "it is a file"):
        if why == "openssl rehash":
            folder.mkdir()
        given = bundle if why == "it is a file" else str(folder)
        outcome = await discovered(server, tmp_path, SSL_CERT_DIR=given)
        assert outcome.error["code"] == "certificate-untrusted"
        assert f"SSL_CERT_DIR = {given} is not used: " in outcome.error["cause"]
        assert why in outcome.error["cause"]
    (folder / "company.pem").symlink_to(bundle)
    rehash(folder)
    several = f"/no/such/folder{os.pathsep}{folder}"
    for given in (str(folder), several):
        outcome = await discovered(server, tmp_path, SSL_CERT_DIR=given)
        assert outcome.exit_code == 0, outcome.stdout


@linux
async def test_ds_03_what_other_programs_obey_is_reported_where_it_would_have_helped(
    server: ScriptedServer, bundle: str, tmp_path: Path
) -> None:
    """DS-03: as a command that works."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        outcome = await discovered(server, tmp_path, **{variable: bundle})
        assert outcome.error["code"] == "certificate-untrusted"
        assert f"loopback-auth login default --ca-bundle {bundle}" in outcome.error["fix"]
        assert variable in outcome.error["fix"]


@linux
async def test_ds_03_what_is_trusted_already_is_not_proposed_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """DS-03: many images name the system's own file in all of the variables."""
    (tmp_path / "system.pem").write_bytes(issue("Another company", is_ca=True).pem)
    file = str(tmp_path / "system.pem")
    outcome = await discovered(server, tmp_path, SSL_CERT_FILE=file, REQUESTS_CA_BUNDLE=file)
    assert "loopback-auth login default --ca-bundle FILE" in outcome.error["fix"]


@linux
async def test_ds_03_an_empty_variable_is_none(server: ScriptedServer, tmp_path: Path) -> None:
    """DS-03: OpenSSL takes it for a file without a name, and then trusts nobody."""
    outcome = await discovered(server, tmp_path, SSL_CERT_FILE="", SSL_CERT_DIR="")
    assert "Trusted are the system's certificates." in outcome.error["cause"]
