"""What to do about a profile that nothing is known of: it may be misspelled, or be a new one."""

from __future__ import annotations

from dataclasses import replace

from ...edge.files.provider_files import provider_names
from ...edge.project.ignored_file import ignored_project_file
from ...explain import explanation
from ...explain.fix import rendered
from ...explain.spelling import meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from ...explain import Explanation

_REST = ", with the rest as you typed it"


def unknown_profile(
    name: str,
    typed: Sequence[str],
    *,
    home: str,
    known: Collection[str],
    facts: dict[str, Any],
) -> Explanation:
    """
    Return what to do about the profile *name*, which is none of *known*, in the line *typed*.

    A bare `login` would only say that nothing says where. *facts* are the error's; where they have
    an `other` profile, that one can be had by the same command.
    """
    if name in provider_names(home):
        return explanation("provider-as-profile", profile=name, provider=name)
    flags = [*(facts.get("flags") or ()), *[("--manual",)] * (typed[0] == "exchange")]
    client_id = dict(flag for flag in flags if len(flag) > 1).get("--client-id")
    found = explanation("not-configured", profile=name, flags=flags, client_id=client_id)
    own = {"command": typed[0], "profile": meant(name, known), "other": facts.get("other")}
    fix = ""
    if file := ignored_project_file():
        found = replace(found, cause=f"{found.cause} {file.why_ignored}")
        own["folder"] = file.folder
        fix = "to use that file: `git init {folder}`; or " if file.folder else ""
    if own["other"]:
        fix += "finish that to {other}: `loopback-auth {command} {other}`; or "
    elif own["profile"]:
        fix += f"did you mean {{profile}}? {_spelled(name, typed)}; if not, "
    elif known:
        fix += "your profiles: `loopback-auth profiles`; or "
    return replace(found, fix=rendered(fix, own) + found.fix)


def _spelled(name: str, typed: Sequence[str]) -> str:
    """Return the command that was *typed*, as far as it may be repeated, for another profile."""
    if name in typed[1:2]:
        return "`loopback-auth {command} {profile}`" + _REST * bool(typed[2:])
    named = ("-p", "--profile", name, f"--profile={name}")
    is_more = any(word not in named for word in typed[1:])
    return "`loopback-auth {command} -p {profile}`" + _REST * is_more
