"""
Two users of one computer, whom root makes up: the one who runs the program, and a stranger.

They need no entry in /etc/passwd. Where the tests do not run as root there is nobody else, and
`as_root` of `edge.children` skips what needs one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command import TIMEOUT_S, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USER, STRANGER, TEAM = 61_001, 61_002, 61_100
"""Their numbers, and that of a group that they share."""


def become(uid: int) -> dict[str, Any]:
    """Return the arguments of `subprocess` that make a child the process of *uid*."""
    return {"user": uid, "group": uid, "extra_groups": [TEAM]} if os.geteuid() == 0 else {}


@cache
def python() -> tuple[str, str]:
    """
    Return a Python that everybody may run, and the PYTHONPATH with which it finds what this one
    does.
    """
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
    name = f"python3.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            done = subprocess.run(
                [candidate, "-c", "import loopback_auth.cli.commands.login, aiohttp, tomlkit"],
                env={"PYTHONPATH": path, "PATH": os.environ["PATH"]},
                capture_output=True,
                check=False,
                cwd="/",
                **become(USER),
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate, path
    raise AssertionError("no Python here can be run by another user: put one in /usr/bin")


def run(
    *words: str, home: Path, uid: int = USER, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `loopback-auth` *words* as *uid*, with its files in *home*."""
    command, path = python()
    return subprocess.run(
        (command, "-m", "loopback_auth", *words),
        env={**environment(home, more), "PYTHONPATH": path},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        **become(uid),
    )


def shell(script: str, *arguments: object, uid: int) -> subprocess.CompletedProcess[str]:
    """Run *script*, whose words are "$@", as *uid*."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        **become(uid),
    )


def give(path: Path, uid: int, gid: int | None = None) -> None:
    """Make *path* and all below it belong to *uid*; where this is not root, it is ours already."""
    if os.geteuid() == 0:
        for each in (path, *path.rglob("*")):
            os.chown(each, uid, uid if gid is None else gid, follow_symlinks=False)


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder on a way that everybody can go: pytest's own are for one user alone."""
    path = Path(tempfile.mkdtemp(prefix="loopback-auth-users-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
