"""Who trusts the certificate: asked of each store here, and of none more than it can say."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.tls.certificate import CertificateFiles, server_context
from loopback_auth.edge.callback.tls.trust import SYSTEM, browser_databases, is_trusted, trust

from ....support.callback.secure import install
from ....support.servers.needs import need

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one store")

CHROMIUM = "Chromium, Chrome and Edge"


@pytest.fixture
def _installed() -> None:
    """Fail, or skip with the reason, where there is none: `scripts/test` installs it."""
    need("certutil")


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    install(tmp_path)
    own = str(tmp_path / "callback-cert" / "callback.pem")
    return server_context(CertificateFiles(certificate=own, key=own))


def certutil(folder: Path, *words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(("certutil", "-d", f"sql:{folder}", *words), check=True)


def environ(home: Path, path: str = "/usr/bin:/bin") -> dict[str, str]:
    return {"HOME": str(home), "PATH": path}


def test_a_system_given_the_authority_trusts_it(server: ssl.SSLContext, tmp_path: Path) -> None:
    own = {**environ(tmp_path), "SSL_CERT_FILE": str(tmp_path / "callback-cert" / "ca.pem")}
    assert trust(server, "localhost", own) == {SYSTEM: True}
    assert trust(server, "localhost", environ(tmp_path)) == {SYSTEM: False}
    assert trust(server, "another.host", own) == {SYSTEM: False}


@pytest.mark.browser
@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("flags", "is_trusted"), [("C,,", True), ("CT,C,C", True), (",,", False), ("P,,", False)]
)
def test_a_database_trusts_whom_it_has_for_servers(
    server: ssl.SSLContext, tmp_path: Path, *, flags: str, is_trusted: bool
) -> None:
    authority = str(tmp_path / "callback-cert" / "ca.pem")
    folder = tmp_path / ".pki" / "nssdb"
    certutil(folder, "-A", "-t", flags, "-n", "a name, with -d and C,, in it", "-i", authority)
    assert trust(server, "localhost", environ(tmp_path))[CHROMIUM] is is_trusted


@pytest.mark.browser
@pytest.mark.usefixtures("_installed")
def test_each_profile_of_firefox_is_asked(server: ssl.SSLContext, tmp_path: Path) -> None:
    authority = str(tmp_path / "callback-cert" / "ca.pem")
    profiles = tmp_path / ".mozilla" / "firefox"
    certutil(profiles / "one.default", "-A", "-t", "C,,", "-n", "x", "-i", authority)
    certutil(profiles / "two [odd]", "-N", "--empty-password")
    found = trust(server, "localhost", environ(tmp_path))
    assert found == {SYSTEM: False, "Firefox (one.default)": True, "Firefox (two [odd])": False}


def damaged_database(home: Path, content: bytes) -> None:
    folder = home / ".pki" / "nssdb"
    folder.mkdir(parents=True)
    (folder / "cert9.db").write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_what_cannot_be_asked_is_not_guessed(
    server: ssl.SSLContext, tmp_path: Path, *, content: bytes
) -> None:
    damaged_database(tmp_path, content)
    assert trust(server, "localhost", environ(tmp_path, path=""))[CHROMIUM] is None


@pytest.mark.browser
@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("content", [b"", b"no database"])
def test_a_database_that_certutil_does_not_open_is_trusted_by_nobody(
    server: ssl.SSLContext, tmp_path: Path, *, content: bytes
) -> None:
    damaged_database(tmp_path, content)
    assert trust(server, "localhost", environ(tmp_path))[CHROMIUM] in (None, False)


def test_the_systems_store_is_no_browsers_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_trusted({SYSTEM: True})
    assert not is_trusted({SYSTEM: True, CHROMIUM: None})
    assert is_trusted({SYSTEM: False, CHROMIUM: True})
    monkeypatch.setattr("sys.platform", "darwin")
    assert is_trusted({SYSTEM: True})


def test_a_home_of_odd_letters_is_no_pattern(tmp_path: Path) -> None:
    home = tmp_path / "[a]*"
    (home / ".mozilla" / "firefox" / "p").mkdir(parents=True)
    (home / ".mozilla" / "firefox" / "p" / "cert9.db").touch()
    assert [name for name, _ in browser_databases({"HOME": str(home)})] == ["Firefox (p)"]
    for nowhere in ({}, {"HOME": ""}, {"HOME": "."}):
        assert list(browser_databases(nowhere, is_there=False)) == []
