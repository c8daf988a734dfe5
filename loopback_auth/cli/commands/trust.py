"""`trust`: say that a repository's project file may choose where to sign in."""

from __future__ import annotations

import os

from ...edge.project.repository import repository_around
from ...edge.project.trust_records import TrustRecords
from ...errors import UsageError
from ...oauth.text import one_line
from ...settings.chosen_profile import known_project, trust
from ..project.trusting import ask_trust, project_document, project_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...edge.project.repository import ProjectText
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        default=".",
        help="the project file, or a folder in its repository (default: this folder)",
    )
    parser.add_argument("--forget", action="store_true", help="stop trusting it")


def run(context: Context) -> int:
    """Show what a project file says, and record that it is trusted; on a terminal, if it is."""
    console, found = context.console, _found(context.arguments.file)
    shown = one_line(found.path)
    if context.arguments.forget:
        was = TrustRecords(context.home).remove(found.path)
        console.result("", {"path": found.path, "trusted": False})
        console.say(f"{shown} is no longer trusted." if was else f"{shown} was not trusted.")
        return 0
    project, record = known_project(found, context.home)
    document = project_document(project, context)
    if console.may_ask:
        ask_trust(project, record and record["document"], context)
    else:
        for line in project_lines(document, project, record and record["document"]):
            console.say(line)
    trust(project, context.home)
    console.result("", {**document, "trusted": True})
    console.say(f"{shown} is trusted until it says something else.")
    return 0


def _found(given: str) -> ProjectText:
    """
    Return the project file that is *given*, or that counts in that folder.

    Raises:
        UsageError: There is none, or another one counts there.
    """
    is_folder = os.path.isdir(given)
    folder = os.path.realpath(given if is_folder else os.path.dirname(os.path.abspath(given)))
    repository = repository_around(folder)
    found = repository.project_file() if repository else None
    if found is None or not (
        is_folder or found.path == os.path.join(folder, os.path.basename(given))
    ):
        instead = f"; {found.path} is the one that counts there" if found else ""
        raise UsageError(
            f"{given} is not a project file of a repository of yours{instead}",
            cause="It is .loopback-auth.toml, or pyproject.toml with [tool.loopback-auth], in a"
            " repository (git, hg, jj, svn), and neither a link nor another user's.",
            fix="what it may say, and where: `loopback-auth help team`",
        )
    return found
