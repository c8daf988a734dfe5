"""A zipapp: all of the package in one file, and none of it on the disk."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer

from .program import Program, copied_package, shows_its_texts, signs_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zipapp")
    copied_package(folder / "inside")
    archive = folder / "loopback-auth.pyz"
    subprocess.run(
        (
            sys.executable,
            "-m",
            "zipapp",
            str(folder / "inside"),
            "-m",
            "loopback_auth.__main__:main",
            "-o",
            str(archive),
        ),
        check=True,
    )
    return archive


@pytest.fixture
def program(archive: Path, tmp_path: Path) -> Program:
    return Program(command=(sys.executable, str(archive)), home=tmp_path)


def test_it_is_the_archive_that_runs(archive: Path) -> None:
    printed = subprocess.run(
        (
            sys.executable,
            "-c",
            (
                "import sys; sys.path.insert(0, sys.argv[1]); import loopback_auth.resources "
                "as r; print(r.__file__)"
            ),
            str(archive),
        ),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.startswith(str(archive))


def test_a_zipapp_signs_in_and_shows_its_page(program: Program) -> None:
    with AuthorizationServer.running() as server:
        signs_in(program, server)


def test_a_zipapp_has_its_texts(program: Program) -> None:
    shows_its_texts(program)


def test_a_zipapp_plays_the_demo(program: Program) -> None:
    """The pages of the test kit come from the archive, too."""
    assert "Signed in as" in program.run("demo", "--auto").stderr
    assert program.run("demo", "--auto", "--provider", "salesforce").returncode == 0


def test_a_zipapp_finds_modules_by_their_former_paths(archive: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from loopback_auth.edge.transport import HttpTransport\n"
        "from loopback_auth.edge.store import FileStore\n"
        "import loopback_auth.former_paths as table\n"
        "print(table.__file__, HttpTransport.__module__, FileStore.__module__)"
    )
    done = subprocess.run(
        (sys.executable, "-W", "default", "-c", program, str(archive)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(archive))
    assert done.stderr.count("DeprecationWarning: loopback_auth.edge") == 2
