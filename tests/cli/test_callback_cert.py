"""`callback-cert`, and what doctor and login say of an https callback."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.cli.commands.callback_cert import steps
from loopback_auth.edge.callback.tls.authority import issue

from ..support.callback.secure import install
from ..support.command import environment, run, run_here

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = (
    *("--authorization-endpoint", "https://id.example.com/a"),
    *("--token-endpoint", "https://id.example.com/t", "--client-id", "me"),
)
HTTPS = ("--redirect-uri", "https://localhost:0/callback")


@pytest.fixture
def more(tmp_path: Path) -> dict[str, str]:
    """Return variables without which mkcert of this machine would have a say."""
    return {"CAROOT": str(tmp_path / "none")}


async def test_create_makes_one_shows_it_and_changes_no_store(
    tmp_path: Path, more: dict[str, str]
) -> None:
    made = await run("callback-cert", "create", home=tmp_path, more=more)
    folder = tmp_path / "callback-cert"
    assert made.exit_code == 0
    assert {path.name for path in folder.iterdir()} == {"callback.pem", "ca.pem"}
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert "localhost, 127.0.0.1, ::1" in made.stdout
    assert str(folder / "ca.pem") in made.stdout
    assert "No store of certificates was changed" in made.stderr
    assert os.listdir(tmp_path) == ["callback-cert"], "nothing in ~/.pki"


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("darwin", "security add-trusted-cert -r trustRoot -p ssl"),
        ("win32", "certutil -user -addstore Root"),
        ("linux", "certutil -d sql:"),
    ],
)
def test_what_is_printed_is_for_the_browsers_of_this_system(
    tmp_path: Path, *, platform: str, command: str
) -> None:
    path = str(tmp_path / "with a space" / "ca.pem")
    lines = list(steps(path, "AA:BB:CC:DD:EE", {"HOME": str(tmp_path)}, platform))
    typed = [line.strip() for line in lines if line.startswith("  ")]
    assert [line for line in typed if line.startswith(command)]
    assert {line.split()[0] for line in typed} <= {command.split(maxsplit=1)[0], "mkdir"}
    assert any(path in shlex.split(line) for line in typed)


async def test_create_keeps_one_that_is_good_and_force_makes_another(
    tmp_path: Path, more: dict[str, str]
) -> None:
    prints = []
    for words in ((), (), ("--force",)):
        made = await run("callback-cert", "create", *words, "--json", home=tmp_path, more=more)
        prints.append(made.document["authority"]["sha256"])
    assert prints[0] == prints[1] != prints[2]


async def test_create_replaces_one_that_is_damaged(tmp_path: Path, more: dict[str, str]) -> None:
    install(tmp_path)
    (tmp_path / "callback-cert" / "callback.pem").write_bytes(b"cut off")
    shown = await run("callback-cert", "show", "--json", home=tmp_path, more=more)
    made = await run("callback-cert", "create", home=tmp_path, more=more)
    assert shown.error["code"] == "callback-certificate-unusable"
    assert made.exit_code == 0


async def test_create_repairs_what_was_killed_between_its_two_files(
    tmp_path: Path, more: dict[str, str]
) -> None:
    """Nobody is asked to trust an authority that is not the certificate's."""
    install(tmp_path)
    authority = tmp_path / "callback-cert" / "ca.pem"
    _, another = issue(datetime.now(UTC), serial=1)
    authority.write_bytes(another)
    shown = await run("callback-cert", "show", "--json", home=tmp_path, more=more)
    made = await run("callback-cert", "create", "--json", home=tmp_path, more=more)
    assert shown.document["authority"] is None
    assert made.document["authority"]["path"] == str(authority)
    assert authority.read_bytes() != another


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
async def test_create_in_a_folder_of_somebody_elses_makes_nothing(
    tmp_path: Path, more: dict[str, str]
) -> None:
    folder = tmp_path / "callback-cert"
    folder.mkdir()
    folder.chmod(0o777)
    made = await run("callback-cert", "create", "--json", home=tmp_path, more=more)
    assert made.error["code"] == "store-unsafe"
    assert os.listdir(folder) == []


async def test_show_without_one_says_how_to_have_one(tmp_path: Path) -> None:
    shown = await run("callback-cert", "show", "--json", home=tmp_path)
    assert (shown.exit_code, shown.error["code"]) == (2, "callback-certificate-missing")
    assert "loopback-auth callback-cert create" in shown.error["fix"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to compare with")
def test_the_fingerprint_is_the_one_that_openssl_and_browsers_show(tmp_path: Path) -> None:
    install(tmp_path)
    shown = run_here("callback-cert", "show", "--json", home=tmp_path).document
    for path, sha256 in (
        (shown["certificate"], shown["sha256"]),
        (shown["authority"]["path"], shown["authority"]["sha256"]),
    ):
        command = ("openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256")
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert said.strip().endswith(sha256)


def test_without_the_library_and_mkcert_the_fix_names_both(
    tmp_path: Path, more: dict[str, str]
) -> None:
    """The library is an extra: a script of its own stands in the place of one that is missing."""
    blocked = "import sys; sys.modules['cryptography'] = None"
    command = f"{blocked}; from loopback_auth.__main__ import main; main()"
    done = subprocess.run(
        (sys.executable, "-c", command, "callback-cert", "create"),
        env={**environment(tmp_path, more), "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert (
        "pip install cryptography; under pipx: pipx inject loopback-auth cryptography"
        in done.stderr
    )
    assert "mkcert" in done.stderr
    assert "Traceback" not in done.stderr


async def test_login_without_a_certificate_stops_before_the_address(tmp_path: Path) -> None:
    ended = await run("login", *FLAGS, *HTTPS, "--no-browser", "--json", home=tmp_path)
    assert (ended.exit_code, ended.error["code"]) == (2, "callback-certificate-missing")
    assert ended.events_named("open_page") == []
    for words in ("callback-cert create", "--callback-cert FILE", "--manual"):
        assert words in ended.error["fix"]


async def test_manual_needs_no_certificate(tmp_path: Path) -> None:
    begun = await run(
        "login",
        *FLAGS,
        *HTTPS[:1],
        "https://localhost:8443/cb",
        "--manual",
        "--json",
        home=tmp_path,
    )
    assert begun.document["redirect_uri"] == "https://localhost:8443/cb"


async def doctor_row(home: Path, *more: str) -> dict[str, Any]:
    (home / "config.toml").write_text(
        '[profiles.default]\nauthorization_endpoint = "https://127.0.0.1:9/a"\n'
        'token_endpoint = "https://127.0.0.1:9/t"\nclient_id = "me"\n'
        f'redirect_uris = ["https://localhost:0/cb"]\n{"".join(more)}',
        encoding="utf-8",
    )
    doctor = await run("doctor", "--json", home=home)
    rows = [row for row in doctor.document["checks"] if row["name"] == "callback certificate"]
    assert len(rows) == 1
    row: dict[str, Any] = rows[0]
    return row


async def test_doctor_says_who_trusts_it_and_until_when(tmp_path: Path) -> None:
    missing = await doctor_row(tmp_path)
    install(tmp_path)
    untrusted = await doctor_row(tmp_path)
    own = f'callback_cert = "{tmp_path / "nowhere.pem"}"\n'
    unusable = await doctor_row(tmp_path, own)

    assert (missing["verdict"], missing["code"]) == ("fail", "callback-certificate-missing")
    assert untrusted["verdict"] == "warn"
    assert "is valid for localhost until 20" in untrusted["seen"]
    assert "the system's store does not" in untrusted["seen"]
    assert "loopback-auth callback-cert show" in untrusted["fix"]
    assert (unusable["verdict"], unusable["code"]) == ("fail", "callback-certificate-unusable")
