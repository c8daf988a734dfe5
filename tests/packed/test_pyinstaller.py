"""
A program that PyInstaller made of this package, in one file: it finds what it needs, and what it
starts is free of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer

from .program import Program, shows_its_texts, signs_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
    ),
]


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as anybody would: the hook is found by the entry point of the installed package."""
    folder = tmp_path_factory.mktemp("pyinstaller")
    (folder / "start.py").write_text("from loopback_auth.__main__ import main\nmain()\n")
    subprocess.run(
        (sys.executable, "-m", "PyInstaller", "--onefile", "--name", "loopback-auth", "start.py"),
        cwd=folder,
        capture_output=True,
        timeout=540,
        check=True,
    )
    return folder / "dist" / "loopback-auth"


@pytest.fixture
def program(executable: Path, tmp_path: Path) -> Program:
    return Program(command=(str(executable),), home=tmp_path)


def assert_untouched(environ: Mapping[str, str]) -> None:
    assert not [
        name
        for name, value in environ.items()
        if "_MEI" in name + value or name.startswith("_PYI_")
    ]
    assert "LD_LIBRARY_PATH_ORIG" not in environ


def test_a_bundle_signs_in_and_what_it_starts_inherits_none_of_its_libraries(
    program: Program,
) -> None:
    with AuthorizationServer.running() as server:
        environ = signs_in(program, server)
    assert_untouched(environ["browser"])
    assert_untouched(environ["exec"])
    assert "LD_LIBRARY_PATH" not in environ["exec"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the bootloader changes no variable")
def test_a_library_path_of_the_person_is_put_back(program: Program) -> None:
    printed = program.output(
        "exec", "--", "env", LD_LIBRARY_PATH="/opt/mine", LOOPBACK_AUTH_TOKEN="given"
    )
    variables = dict(line.partition("=")[::2] for line in printed.splitlines())
    assert variables["LD_LIBRARY_PATH"] == "/opt/mine"
    assert_untouched(variables)


def test_a_bundle_can_be_run_by_what_it_runs(program: Program) -> None:
    """
    Such as `terraform`, whose credential helper is `loopback-auth token`, after the first one is
    gone or not.
    """
    nested = f"{program.command[0]} token; echo $?"
    assert (
        program.output("exec", "--", "sh", "-c", nested, LOOPBACK_AUTH_TOKEN="given")
        == "given\n0\n"
    )


def test_a_bundle_has_its_texts(program: Program) -> None:
    shows_its_texts(program)


def test_a_bundle_plays_the_demo(program: Program) -> None:
    assert "Signed in as" in program.run("demo", "--auto").stderr


def test_nothing_is_left_of_a_run(program: Program, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    program.output("help", TMPDIR=str(tmp_path / "temporary"))
    assert os.listdir(tmp_path / "temporary") == []
