"""VS Code, and editors that read its tasks: `.vscode/tasks.json` in the shape of version 2.0.0."""

from __future__ import annotations

from .ide_file import Addition, json_file, labelled, login_words, port_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .ide_file import IdeFile

PROBLEM = r"^error\[([\w-]+)\]: (.+?):(\d+):(\d+): (error): (.+)$"
"""A line about a place in a file: code, path, line, column, severity, message."""

BEGINS = "^Signing in to "
ENDS = r"^(Signed in|LOOPBACK_AUTH_TOKEN is set|error\[)"
"""The first and the last line of a sign-in. The countdown between them is no line of its own."""


def files(profile: str | None, redirect_uris: Sequence[str]) -> list[IdeFile]:
    """Return the tasks for *profile*, and how ports are forwarded from another machine."""
    sign_in = labelled("Sign in", profile)
    background = {"activeOnStart": True, "beginsPattern": BEGINS, "endsPattern": ENDS}
    tasks = [
        {**_login(sign_in, profile), "problemMatcher": _matcher()},
        {
            **_login(labelled("Sign in, in the background", profile), profile),
            "isBackground": True,
            "problemMatcher": {**_matcher(), "background": background},
        },
        {
            "label": labelled("Who is signed in", profile),
            "type": "process",
            "command": "loopback-auth",
            "args": ["status", *([profile] if profile else [])],
            "dependsOn": [sign_in],
            "problemMatcher": [],
        },
    ]
    version = Addition(name="version", value="2.0.0")
    additions = [version, *(Addition(key="tasks", value=task) for task in tasks)]
    found = [json_file(".vscode/tasks.json", additions)]
    if ports := port_attributes("remote.portsAttributes", redirect_uris):
        found.append(json_file(".vscode/settings.json", ports))
    return found


def _login(label: str, profile: str | None) -> dict[str, Any]:
    return {
        "label": label,
        "type": "process",
        "command": "loopback-auth",
        "args": login_words(profile),
        "presentation": {"reveal": "always", "panel": "dedicated", "showReuseMessage": False},
        "runOptions": {"instanceLimit": 1},
    }


def _matcher() -> dict[str, Any]:
    places = {"code": 1, "file": 2, "line": 3, "column": 4, "severity": 5, "message": 6}
    return {
        "owner": "loopback-auth",
        "severity": "error",
        "fileLocation": ["autodetect", "${workspaceFolder}"],
        "pattern": {"regexp": PROBLEM, **places},
    }
