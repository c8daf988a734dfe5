"""
Looks for a canary, the text in the place of a secret, wherever a secret must not be.

    with watched(CANARY, tmp_path, allowed=("profiles/*",)) as canary:
        ...
        canary.check_text(outcome.stdout + outcome.stderr)

While the block runs, the arguments and the environment of each process of this user are looked at;
at its end, each file below the folders (history files and logs among them), and each object of a
git repository there, packed ones too. What is encoded as base64, hex or a URL is found as well.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PROCESSES = Path("/proc")
INTERVAL_S = 0.02


@dataclass
class Canary:
    """What was found of the canary so far; *holders* are processes that may have it as variable."""

    needles: tuple[bytes, ...]
    holders: Collection[str] = ()
    found: set[str] = field(default_factory=set)

    def check_text(self, text: str | bytes, what: str = "the output") -> None:
        """Note *what* if the canary is in *text*."""
        content = text.encode() if isinstance(text, str) else text
        if any(needle in content for needle in self.needles):
            self.found.add(what)

    def look_at_processes(self) -> None:
        """Look at all processes as they are now; a stand-in may call it at the right moment."""
        for process in PROCESSES.glob("[0-9]*"):
            # It ends as we look, or is another user's.
            with suppress(OSError):
                arguments = (process / "cmdline").read_bytes()
                name = os.path.basename(arguments.split(b"\0")[0]).decode(errors="replace")
                self.check_text(arguments, f"the arguments of {name}")
                if name not in self.holders:
                    self.check_text(
                        (process / "environ").read_bytes(), f"the environment of {name}"
                    )

    def look_at_files(self, folder: Path, allowed: Collection[str]) -> None:
        """Look at each file below *folder*, but for the patterns *allowed* of paths in it."""
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.name == ".git":
                self._look_at_repository(path.parent)
            if path.is_file() and not any(fnmatch(name, pattern) for pattern in allowed):
                self.check_text(path.read_bytes(), f"the file {name}")

    def _look_at_repository(self, folder: Path) -> None:
        objects = subprocess.run(
            ["git", "cat-file", "--batch-all-objects", "--batch", "--buffer"],
            cwd=folder,
            capture_output=True,
            check=True,
        )
        self.check_text(objects.stdout, f"the git objects of {folder.name}")


@contextmanager
def watched(
    secret: str, *folders: Path, allowed: Collection[str] = (), holders: Collection[str] = ()
) -> Iterator[Canary]:
    """
    Fail at the end of the block if *secret* was anywhere that it must not be.

    *allowed* are patterns of paths below *folders* where it belongs, as the store's own files;
    *holders* the names of executables that get it as a variable, as the command of `exec` does.
    """
    canary = Canary(forms(secret), holders)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL_S):
            canary.look_at_processes()

    watcher = threading.Thread(target=watch, daemon=True)
    if sys.platform == "linux":
        watcher.start()
    try:
        yield canary
    finally:
        ended.set()
        if watcher.is_alive():
            watcher.join()
    for folder in folders:
        canary.look_at_files(folder, allowed)
    assert not canary.found, f"the secret is in {', '.join(sorted(canary.found))}"


def forms(secret: str) -> tuple[bytes, ...]:
    """Return *secret* as it may be written: plain, in a URL, hex, and base64 in all positions."""
    plain = secret.encode()
    assert len(plain) >= 8, "too short to be found for certain"
    encoded = {plain, quote(secret, safe="").encode(), plain.hex().encode()}
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        # The first characters hold what stood before, the last ones what follows.
        inner = whole[(0, 2, 3)[offset] :].rstrip(b"=")[:-1]
        encoded |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return tuple(encoded)
