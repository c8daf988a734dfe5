"""
Who is measured: the bare script, ourselves, and the other libraries; each as a command that signs
in once.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .peers import PEERS
from .report import BARE, BY_ISSUER, OURS
from .sign_in import Contestant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .server import Server

COMPILE = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What all of them are given: the server, a folder for their files, and the environment."""

    server: Server
    folder: Path
    environment: Mapping[str, str]


def contestants(stage: Stage, python: Path, peers: Path | None) -> list[Contestant]:
    """Return all who are measured; *peers* is the interpreter that has the other libraries."""
    bare = _script(stage, BARE, python, "bare.py")
    others = [_script(stage, name, peers, file) for name, file in PEERS.items()] if peers else []
    return [bare, *_ours(stage, python), *others]


def forget(contestant: Contestant) -> None:
    """Let the next sign-in be the first one, but for the one that is about the second."""
    if contestant.name == OURS:
        shutil.rmtree(contestant.environment["LOOPBACK_AUTH_HOME"], ignore_errors=True)
    elif contestant.name != BY_ISSUER:
        contestant.token_file.unlink(missing_ok=True)


def _script(stage: Stage, name: str, python: Path, file: str) -> Contestant:
    # Compiled, as we are: Python keeps no byte code of a script that it is given.
    source = Path(__file__).with_name(file)
    compiled, tokens = stage.folder / f"{source.stem}.pyc", stage.folder / f"{source.stem}.json"
    subprocess.run([python, "-c", COMPILE, source, compiled], env=stage.environment, check=True)
    return Contestant(
        name=name,
        command=[str(python), str(compiled), *stage.server.endpoints, str(tokens)],
        token_file=tokens,
        environment=stage.environment,
    )


def _ours(stage: Stage, python: Path) -> list[Contestant]:
    authorize, token = stage.server.endpoints
    return [
        _login(
            stage, OURS, python, ["--authorization-endpoint", authorize, "--token-endpoint", token]
        ),
        _login(stage, BY_ISSUER, python, ["--issuer", stage.server.issuer]),
    ]


def _login(stage: Stage, name: str, python: Path, where: list[str]) -> Contestant:
    home = stage.folder / name.replace(" ", "-")
    login = [str(python.with_name("loopback-auth")), "login", "bench", "--no-browser"]
    return Contestant(
        name=name,
        command=[*login, "--client-id", "bench", "--scope", "api", *where],
        token_file=home / "tokens" / "bench.json",
        environment={**stage.environment, "LOOPBACK_AUTH_HOME": str(home)},
    )
