"""The other libraries, installed beside us and each driven by a short script."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from environment import ROOT, python_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PEERS = {"google-auth-oauthlib": "peer_google.py", "msal": "peer_msal.py"}
VENV = ROOT / ".bench" / "venv"
MARK = VENV / ".done"


def prepare_peers(environment: Mapping[str, str]) -> Path:
    """Install the peers once for each version of Python; return their interpreter."""
    made_for = f"{sys.version_info[0]}.{sys.version_info[1]}: {' '.join(PEERS)}"
    if not MARK.exists() or MARK.read_text() != made_for:
        print(f"Setting up {VENV} ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        pip = [python_of(VENV), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEERS], env=environment, check=True)
        MARK.write_text(made_for)
    return python_of(VENV)


def versions(python: Path) -> str:
    """Return the names and versions of the peers, as installed."""
    code = """
import sys
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in sys.argv[1:]))
"""
    return subprocess.run(
        [python, "-c", code, *PEERS], capture_output=True, text=True, check=True
    ).stdout.strip()
