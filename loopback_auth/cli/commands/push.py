"""`push`: send what a profile needs in CI to where CI reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from shlex import join

from ...errors import Cancelled, UsageError
from ...export.push.target import Held, Run, Target, called, facts_of, runs, targets
from ...flows.push import Sender, secrets_of, warning_about
from ...oauth.credential import Credential
from ..access import Access
from ..prompts import confirm
from ..views import show_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.usage = "%(prog)s TARGET [PROFILE] [OPTIONS] [-- COMMAND [ARGUMENT ...]]"
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        choices=tuple(targets()),
        help=f"where to: {', '.join(targets())}; --list tells more",
    )
    parser.profile_argument()
    parser.add_argument("--list", action="store_true", help="list the targets")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would run, and run nothing"
    )
    parser.add_argument(
        "--prefix",
        metavar="NAME",
        default="LOOPBACK_AUTH",
        help="NAME_REFRESH_TOKEN and so on instead of LOOPBACK_AUTH_REFRESH_TOKEN",
    )
    parser.add_argument("--into", metavar="NAME", help="the path, vault or object that holds it")
    for option, names in _options().items():
        parser.add_argument(f"--{option}", metavar="NAME", help=f"for {', '.join(names)}")
    parser.command_argument()


def run(context: Context) -> int:
    """Send the secrets of the profile, or list the targets."""
    arguments, console = context.arguments, context.console
    if arguments.list:
        _list(console)
        return 0
    target = _target(arguments)
    access = Access(context)
    credential = replace(Credential.from_document(access.document()), profile=access.profile)
    facts = _facts(target, credential.profile, arguments)
    secrets = secrets_of(credential, context.environ)
    planned = runs(target, secrets, facts, arguments.command)
    about = {"target": target.name, "profile": facts["profile"]}
    if arguments.dry_run:
        _warn(credential, context)
        console.result(
            "\n".join(map(_shown, planned)),
            {**about, "would_run": [_described(each) for each in planned]},
        )
        return 0
    context.listen_for_interrupts()
    sender = Sender(
        context.environ, (credential.client_secret_env, credential.grant.get("key_env"))
    )
    if target.program:
        sender.check(target, facts)
    _warn(credential, context, asks=credential.rotates and console.may_ask)
    sent = []
    for held in sender.send(planned):
        there = called(target, held, facts)
        sent.append({**_about(held), "name": held.name(facts), "at": there})
        console.say(
            f"Sent the {held.words} of the profile {facts['profile']} to"
            f" {' '.join((target.name, *facts['options']))}, as {there} ({held.fingerprint})."
        )
    console.result("", {**about, "sent": sent})
    return 0


def _warn(credential: Credential, context: Context, *, asks: bool = False) -> None:
    if warning := warning_about(credential):
        context.notify(warning)
    if asks and not confirm("Send it all the same? [y/N] ", context.console):
        raise Cancelled(
            "nothing was sent",
            cause="You said no.",
            fix="how CI gets a sign-in of its own: `loopback-auth help ci`",
        )


def _target(arguments: Any) -> Target:
    name: str | None = arguments.target
    if name is None:
        raise UsageError(
            f"where to? There are: {', '.join(targets())}",
            cause="A secret is sent to one system at a time.",
            fix="which is which: `loopback-auth push --list`",
        )
    if (name == "command") != bool(arguments.command):
        raise UsageError(
            "the target command, and a command after --, belong together",
            cause="Each other target knows its own program.",
            fix="for example: `loopback-auth push command {profile} -- flyctl secrets import`",
        )
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", arguments.prefix):
        raise UsageError(
            "--prefix cannot begin a variable's name",
            cause="It has capital letters, digits and underscores, and a letter first.",
            fix="for example: `loopback-auth push {system} {profile} --prefix PROD`",
            system=name,
        )
    return targets()[name]


def _facts(target: Target, profile: str, arguments: Any) -> dict[str, Any]:
    given = {name: value for name in _options() if (value := getattr(arguments, name))}
    return facts_of(target, profile, given, into=arguments.into, prefix=arguments.prefix)


def _options() -> dict[str, list[str]]:
    """Return the options of all targets, each with the names of those that have it."""
    rows = [(option, target.name) for target in targets().values() for option in target.options]
    return {option: [name for other, name in rows if other == option] for option, _ in rows}


def _list(console: Console) -> None:
    titles = {name: target.title for name, target in targets().items()}
    show_facts(titles.items(), {"targets": titles}, console)


def _shown(run: Run) -> str:
    """Return *run* as a person reads it; the secrets themselves are not in it."""
    what = " and ".join(f"the {held.words} ({held.fingerprint})" for held in run.holds)
    where = "in a file of mode 0600" if run.needs_file else "on standard input"
    lines = [f"{join(run.argv)}    # {where}: {what}"]
    if run.create:
        lines.append(f"{join(run.create)}    # where that fails")
    return "\n".join(lines)


def _described(run: Run) -> dict[str, Any]:
    return {
        "argv": run.argv,
        "create": run.create or None,
        "by": "file" if run.needs_file else "stdin",
        "secrets": [_about(held) for held in run.holds],
    }


def _about(held: Held) -> dict[str, str]:
    return {"kind": held.kind, "fingerprint": held.fingerprint}
