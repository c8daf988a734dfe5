"""
CB-13: an installation with a part missing tells less; it ends no sign-in, and nothing about a page
does.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer

from .program import Program, copied_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)

PAGE, CATALOGUE = "loopback_auth/edge/callback/page.html", "loopback_auth/explain/catalogue.toml"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Give the package in a folder of its own, `program` in the home folder."""
    copied_package(tmp_path / "program")
    (tmp_path / "program" / "__main__.py").write_text(
        "from loopback_auth.__main__ import main\nmain()\n"
    )
    return Program(command=(sys.executable, str(tmp_path / "program")), home=tmp_path)


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_versions(path: Path) -> None:
    path.write_text("<title>$title</title><p>$a_later_placeholder</p>")


def not_utf8(path: Path) -> None:
    path.write_bytes(b"<p>\xff\xfe</p>")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "removed": removed,
    "emptied": emptied,
    "another version's": another_versions,
    "not UTF-8": not_utf8,
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("damage", DAMAGES)
def test_cb_13_a_sign_in_is_saved_and_reported_whatever_became_of_its_page(
    program: Program, damage: str
) -> None:
    DAMAGES[damage](program.home / "program" / PAGE)
    with AuthorizationServer.running() as server:
        page = program.sign_in(server)
    assert page["status"] == 200
    assert "You are signed in as" in page["text"]
    assert program.output("token").strip()


def test_cb_13_the_page_is_read_before_the_browser_opens(program: Program) -> None:
    """
    An upgrade while the person signs in takes the file away, or puts another version's in its
    place.
    """
    page = program.home / "program" / PAGE
    with AuthorizationServer.running() as server:
        result = program.sign_in(
            server, before=f"open({str(page)!r}, 'w').write('of another version')"
        )
    assert (result["status"], "You are signed in as" in result["text"]) == (200, True)


@pytest.mark.parametrize("damage", ["removed", "emptied"])
def test_an_error_is_reported_without_the_catalogue(program: Program, damage: str) -> None:
    """An exception in the place of an error's cause would hide the error."""
    DAMAGES[damage](program.home / "program" / CATALOGUE)
    failed = program.run(
        "login", "--issuer", "http://127.0.0.1:9/", "--client-id", "demo", "--json"
    )
    assert (failed.returncode, "Traceback" in failed.stderr) == (7, False)
    error = json.loads(failed.stdout)["error"]
    assert error["code"] == "connection-failed"
    assert "127.0.0.1:9" in error["message"]
