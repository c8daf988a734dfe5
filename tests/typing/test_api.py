"""The types of the public names are what a type checker of the caller's makes of them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import loopback_auth
from loopback_auth import HttpTransport, access_token, from_settings, login
from loopback_auth.testing import AuthorizationServer, Browser

from ..support.servers import install
from ..support.servers.needs import need
from . import api

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "api.py"


def test_the_program_uses_every_public_name() -> None:
    used = set()
    for node in ast.walk(ast.parse(PROGRAM.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "loopback_auth":
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "loopback_auth":
            used.add(node.attr)
    assert used == set(loopback_auth.__all__)


def test_mypy_takes_it() -> None:
    """With the cache that `scripts/check` leaves this takes a second."""
    done = checked(sys.executable, "-m", "mypy", "--strict", str(PROGRAM))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.server
def test_pyright_takes_it(tmp_path: Path) -> None:
    need("pyright")
    config = tmp_path / "pyrightconfig.json"
    config.write_text(
        json.dumps(
            {
                "include": [os.path.relpath(PROGRAM, tmp_path)],
                "extraPaths": [str(ROOT)],
                "typeCheckingMode": "strict",
                "pythonVersion": "3.11",
            }
        )
    )
    pyright = install.HOME / "node_modules" / "pyright" / "index.js"
    python = ("--pythonpath", sys.executable)
    done = checked(install.find_node(), str(pyright), *python, "-p", str(config))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "0 errors, 0 warnings" in done.stdout


def checked(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def test_another_type_is_seen_as_one(tmp_path: Path) -> None:
    """Its own proof: what is no store, and what is no browser, is refused."""
    program = tmp_path / "wrong.py"
    program.write_text(
        "import loopback_auth\n"
        "store: loopback_auth.Store = loopback_auth.Secret('x')\n"
        "browser: loopback_auth.Browser = lambda: True\n"
        "nothing: loopback_auth.Nothing\n"
    )
    done = checked(sys.executable, "-m", "mypy", "--strict", str(program))
    assert done.returncode == 1
    assert [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line] == [
        "2",
        "3",
        "4",
    ]


async def test_a_store_of_ones_own_keeps_a_sign_in_and_its_refresh() -> None:
    """What derives from the protocols needs nothing else: the whole of a sign-in goes through."""
    store, transport = api.MemoryStore(), HttpTransport()
    with AuthorizationServer.running() as server:
        profile = from_settings(
            "mine", issuer=server.issuer, client_id="demo", scope="openid offline_access"
        )
        await login(profile, store=store, transport=transport, browser=Browser().visit)
        first = await access_token(profile, store=store, transport=transport)
        again = await access_token(
            profile, store=store, transport=transport, refused=first.access_token
        )
    assert store.profiles() == ["mine"]
    assert first.access_token != again.access_token
    assert again.access_token.matches((store.load("mine") or {})["access_token"])
