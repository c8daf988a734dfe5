"""`init --ide`: what makes a sign-in a task of an IDE, printed or merged into this folder."""

from __future__ import annotations

import os
import shlex

from ...errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...flows.ide_files import Written
    from ..arguments import Parser
    from ..context import Context


def ide_arguments(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--ide",
        choices=("vscode", "jetbrains", "devcontainer", "zed"),
        help="print an IDE's tasks for a profile (loopback-auth help ide)",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="with --ide: write them into this folder; what is there is kept",
    )


def run_ide(context: Context) -> int:
    """Print or write the files, and return the exit status."""
    from ...flows.ide_files import ide_files, write_ide_files

    arguments, console = context.arguments, context.console
    # The tasks are for a profile that is there, such as the project's.
    arguments.is_new = False
    files = ide_files(arguments.ide, _named(context), _redirect_uris(context))
    if arguments.write:
        written = write_ide_files(files, os.getcwd())
        rows = [{"path": e.path, "outcome": e.outcome, "added": e.added} for e in written]
        console.result("", {"ide": arguments.ide, "files": rows})
        for each in written:
            console.say(_sentence(each))
        return 0
    if console.json:
        texts = [{"path": file.path, "text": file.text} for file in files]
        console.document({"ide": arguments.ide, "files": texts})
        return 0
    for file in files:
        console.say(f"{file.path}:")
        console.raw(file.text, end="")
    profile = arguments.profile or arguments.profile_option
    named = [profile] if profile else []
    given = [f"--port={port}" for port in arguments.port or ()]
    given += [f"--redirect-uri={uri}" for uri in arguments.redirect_uris or ()]
    command = shlex.join(["loopback-auth", "init", "--ide", arguments.ide, *named, *given])
    console.say("To write or merge them into this folder:", command=f"{command} --write")
    return 0


def _named(context: Context) -> str | None:
    """Return the profile that the command line names, which may stand where PROVIDER does."""
    arguments = context.arguments
    if arguments.provider and arguments.profile:
        raise UsageError(
            "--ide takes a profile, and no kind of server",
            cause="It writes tasks for a profile that is there, or will be.",
            fix="`loopback-auth init --ide {ide} {profile}`",
            ide=arguments.ide,
            profile=arguments.profile,
        )
    arguments.profile, arguments.provider = arguments.provider or arguments.profile, None
    is_named = arguments.profile or arguments.profile_option
    return (context.chosen.own_name or context.profile_name) if is_named else None


def _redirect_uris(context: Context) -> list[str]:
    arguments = context.arguments
    flags = {"port": arguments.port, "redirect_uris": arguments.redirect_uris}
    given = {name: tuple(value) for name, value in flags.items() if value}
    return context.profile(None, flags=given).redirect_uris


def _sentence(written: Written) -> str:
    return {
        "written": f"Written: {written.path}",
        "merged": f"Added to {written.path}: {', '.join(written.added)}",
        "kept": f"Kept as it is: {written.path}",
    }[written.outcome]
