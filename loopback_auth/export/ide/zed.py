"""Zed: `.zed/tasks.json`, an array of tasks that run in its terminal. It has no dependent tasks."""

from __future__ import annotations

from .ide_file import Addition, json_file, labelled, login_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .ide_file import IdeFile


def files(profile: str | None, _: Sequence[str]) -> list[IdeFile]:
    """Return the tasks for *profile*: the second does both, one after the other."""
    login = " ".join(["loopback-auth", *login_words(profile)])
    status = " ".join(["loopback-auth", "status", *([profile] if profile else [])])
    tasks = [
        _task(labelled("Sign in", profile), login, hide="on_success"),
        _task(labelled("Who is signed in", profile), f"{login} && {status}", hide="never"),
    ]
    return [json_file(".zed/tasks.json", [Addition(value=task) for task in tasks])]


def _task(label: str, command: str, *, hide: str) -> dict[str, Any]:
    # Zed gives the command to the shell; no character of a profile's name means anything there.
    return {
        "label": label,
        "command": command,
        "reveal": "always",
        "hide": hide,
        "use_new_terminal": False,
        "allow_concurrent_runs": False,
    }
