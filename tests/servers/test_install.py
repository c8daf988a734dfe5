"""The installer, and what becomes of tests whose server could not be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..support.servers import install
from ..support.servers.needs import need

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
SERVERS = Path(install.__file__).parent
COMPONENTS = {name for part in install.PARTS for name in part.names}
ASK = """
from tests.support.servers.needs import need
try:
    need("canaille")
except BaseException as outcome:
    print(type(outcome).__name__, outcome)
"""


def run(*command: str, root: Path, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LOOPBACK_AUTH_REQUIRE_SERVERS": "", **more}
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.server
def test_a_second_run_sees_that_all_is_there() -> None:
    for name in COMPONENTS:
        need(name)
    done = run("tests/support/servers/install.py", root=ROOT, more={})

    assert (done.returncode, done.stdout) == (0, "test servers, Chromium and programs: all there\n")


@pytest.fixture(scope="module")
def bare_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the installer alone, on a machine without Node, apt and network."""
    root = tmp_path_factory.mktemp("clone")
    support = root / "tests" / "support"
    support.mkdir(parents=True)
    for package in (support, support.parent):
        (package / "__init__.py").touch()
    shutil.copytree(SERVERS, support / "servers", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_a_server_that_was_never_installed_skips_its_tests_with_the_command_to_type(
    bare_clone: Path,
) -> None:
    asked = run("-c", ASK, root=bare_clone, more={})

    assert asked.stdout.startswith(
        "Skipped canaille is missing: not installed yet: run `python "
        "tests/support/servers/install.py`"
    )


def test_on_ci_a_missing_server_is_a_failure(bare_clone: Path) -> None:
    asked = run("-c", ASK, root=bare_clone, more={"LOOPBACK_AUTH_REQUIRE_SERVERS": "1"})

    assert asked.stdout.startswith("Failed canaille is missing")


def test_what_cannot_be_had_is_named_with_the_reason(bare_clone: Path) -> None:
    """
    Exit status 3, a line for each component, and the same in missing.json, from where the skipped
    tests take it.
    """
    (bare_clone / "venv.py").write_text(
        "raise SystemExit('Error: ensurepip is not available')", encoding="utf-8"
    )
    # Like a Debian without python3-venv; nor does it have Node, npm, apt or a browser.
    poor = {
        "PYTHONPATH": str(bare_clone),
        "PATH": str(bare_clone),
        "LOOPBACK_AUTH_CHROMIUM": "no-such-browser",
    }
    done = run("tests/support/servers/install.py", root=bare_clone, more=poor)

    assert done.returncode == install.INCOMPLETE
    reasons = json.loads((bare_clone / ".servers" / "missing.json").read_text(encoding="utf-8"))
    assert set(reasons) == COMPONENTS
    assert reasons["oidc-provider"] == "venv failed: Error: ensurepip is not available"
    for name, why in reasons.items():
        assert f"missing: {name}: {why}" in done.stdout.splitlines()
    asked = run("-c", ASK, root=bare_clone, more={})
    assert asked.stdout.strip() == f"Skipped canaille is missing: {reasons['canaille']}"
