"""
What the two Python servers share: the command line, the ready line on stdout, an end together with
whoever started them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

USERNAME = "alice"
PASSWORD = "correct horse battery staple"


def options(description: str) -> argparse.ArgumentParser:
    """Give the options that every server here takes; the JavaScript ones have the same."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--callback-port", type=int, action="append", default=[])
    parser.add_argument("--access-ttl", type=int, default=3600)
    parser.add_argument("--code-ttl", type=int, default=60)
    parser.add_argument("--until-eof", action="store_true", help="end when stdin does")
    return parser


def database(name: str) -> Path:
    """Give the path of a database file that `leave` removes with its folder."""
    return Path(tempfile.mkdtemp(prefix=f"loopback-auth-{name}-")) / "db.sqlite"


def ready(facts: Mapping[str, Any], *, until_eof: bool, database: Path) -> None:
    """
    Print the line that the tests wait for. With *until_eof* the server ends with whoever holds its
    stdin.
    """
    sys.stdout.write(json.dumps({"username": USERNAME, "password": PASSWORD, **facts}) + "\n")
    sys.stdout.flush()
    if until_eof:
        threading.Thread(target=_leave_at_eof, args=[database], daemon=True).start()


def leave(database: Path) -> None:
    shutil.rmtree(database.parent, ignore_errors=True)
    # Request threads may hang on a client that never closes; nothing here is worth waiting for.
    os._exit(0)


def _leave_at_eof(database: Path) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    leave(database)
