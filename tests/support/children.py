"""Python processes that do one thing to a store, for tests that kill, starve or race them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.environment import surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S = 30

PRELUDE = """
import json, os, signal, sys
from loopback_auth.edge.files.file_lock import lock_file
from loopback_auth.edge.files.private_folder import create_private_folder
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import LoopbackAuthError

def document(token, size=0):
    extra = {"padding": token[:1] * size}
    return {"version": 1, "access_token": token, "token_type": "Bearer", "extra": extra}
"""

# A superuser writes everywhere; without its capabilities it is a user like any other, who owns the
# files of these tests.
_WITHOUT_CAPABILITIES = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for capability in range(64):
    libc.prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has other permissions, and no signals"
)
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0,
    reason="only root can make files that belong to others",
)

root_in_a_container = sys.platform != "win32" and os.geteuid() == 0 and surroundings().container
"""There, what others own and can write is told, and believed."""


def unprivileged() -> tuple[str, ...]:
    """Give the command that runs another without a superuser's power to pass over permissions."""
    if os.geteuid() != 0:
        return ()
    assert sys.platform == "linux", "run these tests as a normal user"
    return (sys.executable, "-c", _WITHOUT_CAPABILITIES)


def start(script: str, *arguments: object, under: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start *script*, which begins with the names of `PRELUDE`; its words come on a pipe."""
    command = [*under, sys.executable, "-c", PRELUDE + script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(script: str, *arguments: object, under: Sequence[str] = ()) -> tuple[int, str]:
    """Run *script* to its end; give its exit status and its words."""
    with start(script, *arguments, under=under) as child:
        words, _ = child.communicate(timeout=TIMEOUT_S)
    return child.returncode, words


def killed_at(step: int, process: subprocess.Popen[str]) -> int:
    """
    Let *process* do its act once, and be killed before that step; give the signal, or how many
    steps there were.
    """
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{step}\n")
    process.stdin.flush()
    return int(process.stdout.readline())
