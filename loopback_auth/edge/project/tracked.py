"""Whether git would track a file: a secret there is one `git add` away from everybody."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

from ...errors import UsageError

TIMEOUT_S = 10


def refuse_tracked(path: str) -> None:
    """
    Raise an error if *path* is in a work tree of git that does not ignore it.

    Where there is no git, a file below a folder with .git is taken for one that it would track.

    Raises:
        UsageError: git would track the file.
    """
    # Late: a search from the folder up, for who writes a file.
    from .repository import repository_around

    folder, name = os.path.split(os.path.realpath(path))
    around = repository_around(folder)
    if around is None or not os.path.exists(os.path.join(around.root, ".git")):
        return
    with suppress(OSError, subprocess.TimeoutExpired):
        # The repository's fsmonitor is a program, which this command would run.
        quiet = ["git", "-C", folder, "-c", "core.fsmonitor=false"]
        asked = [*quiet, "check-ignore", "-q", "--", name]
        done = subprocess.run(  # noqa: S603 - the words are ours, the name follows --
            asked, capture_output=True, timeout=TIMEOUT_S, check=False
        )
        if done.returncode == 0:
            return
    raise UsageError(
        f"{path} is in a git work tree, and git does not ignore it",
        cause="What is written there is a secret, and one git add away from everybody.",
        fix="add the file to .gitignore, or name one elsewhere; if it is meant: --even-in-git",
    )
