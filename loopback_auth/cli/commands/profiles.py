"""`profiles`: every profile there is, configured or signed in; and its renaming and removal."""

from __future__ import annotations

import glob
import re
from contextlib import ExitStack, suppress

from ...edge.store.file_store import check_profile_name
from ...edge.store.remembered import forget, remembered_profiles
from ...errors import (
    Cancelled,
    LoopbackAuthError,
    SignInNeeded,
    StoreDamaged,
    StoreError,
    UsageError,
)
from ...oauth.text import one_line
from ..views import expiry_to_read, sign_in_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=tuple(_NAMES),
        metavar="ACTION",
        help="rename OLD NEW, or remove NAME: sign out and take its settings away"
        " (default: list them)",
    )
    parser.add_argument("profile_names", nargs="*", metavar="NAME", help="of the profile")
    parser.add_argument("--names", action="store_true", help="print the names only, one a line")
    parser.add_argument("--yes", action="store_true", help="remove without a question")
    parser.set_defaults(asks=False)


_NAMES = {"rename": "OLD NEW", "remove": "NAME"}

_LIST = "see your profiles: `loopback-auth profiles`"

_REVOCATION_FAILED = 7


def run(context: Context) -> int:
    """List the profiles of config.toml and those that somebody is signed in to, or change one."""
    action, given = context.arguments.action, context.arguments.profile_names
    if action is None:
        return _list(context)
    if len(given) != len(_NAMES[action].split()):
        raise UsageError(
            f"profiles {action} takes {_NAMES[action].replace(' ', ' and ')}",
            cause="Each is the name of a profile.",
            fix="`loopback-auth profiles rename OLD NEW`, or `loopback-auth profiles remove NAME`",
        )
    for name in given:
        _check_own(name)
    context.listen_for_interrupts()
    document = (_rename if action == "rename" else _remove)(given, context)
    config, name = context.config, given[0]
    naming = [("LOOPBACK_AUTH_PROFILE", context.environ.get("LOOPBACK_AUTH_PROFILE"))]
    naming += [(f"default_profile of {config.path}", config.default_profile)]
    naming += [("a command without a profile", None if config.default_profile else "default")]
    naming += [(f"rule {n} of {config.path}", r["profile"]) for n, r in enumerate(config.rules, 1)]
    document["still_named_by"] = [where for where, named in naming if named == name]
    context.console.result("", document)
    context.console.say(f"{action.capitalize()}d the profile {' to '.join(given)}.")
    for where in document["still_named_by"]:
        context.console.say(f"Note: {where} still means {name}.")
    for path in document.get("left", ()):
        context.console.say(f"Note: {path} stays. It may hold tokens: delete it when you can.")
    return _REVOCATION_FAILED if document.get("revocation") == "failed" else 0


def _check_own(name: str) -> None:
    if re.search(r"@[0-9a-f]{16}$", check_profile_name(name)):
        raise UsageError(
            f"{name} is a profile of a repository",
            cause="Its name is that of a table in the project file, for all who use it.",
            fix="change it there; to sign out of it: `loopback-auth logout {profile}`",
            profile=name,
        )


def _rename(names: Sequence[str], context: Context) -> dict[str, Any]:
    # Late, as below: the list needs none of it.
    from ...edge.process.event_loop import run as run_coroutine
    from ...flows.profiles import rename

    old, new = names
    run_coroutine(rename(old, new, store=context.store))
    return {"profile": new, "renamed_from": old}


def _remove(names: Sequence[str], context: Context) -> dict[str, Any]:
    from ...edge.process.event_loop import run as run_coroutine
    from ...flows.profiles import check_known, keep_sign_ins_away, remove_leftovers
    from ...settings.config_writer import change_config, renamed_profile
    from ..credential.signing_out import sign_out

    (name,), store = names, context.store
    check_known(name, store)
    _ask(name, context)
    document: dict[str, Any] = {"profile": name, "removed": True, "revocation": "not asked"}
    with ExitStack() as stack:
        run_coroutine(keep_sign_ins_away(context.home, name, stack))
        # Nobody is signed in, or the tokens are damaged, and are set aside.
        with suppress(SignInNeeded):
            document["revocation"] = sign_out(name, context, local=False, forgets=True).value
        remove_leftovers(name, store)
        forget(store.folder, name)
        # The last, so that a removal that was cut short can be finished by the same command.
        change_config(context.home, lambda path, text: renamed_profile(path, text, name, "", {}))
    damaged = glob.glob(f"{glob.escape(store.path(name))}.damaged-*")
    return {**document, "left": sorted(damaged)}


def _ask(name: str, context: Context) -> None:
    from ..input_text import asking_first
    from ..prompts import confirm

    if context.arguments.yes:
        return
    if not context.console.may_ask:
        raise UsageError(
            f"the profile {name} was not removed: there is no terminal to ask on",
            cause="Its tokens and settings would be gone, so a person or --yes confirms it.",
            fix="`loopback-auth profiles remove {profile} --yes`",
            profile=name,
        )
    with asking_first(context.console):
        if not confirm(f"Sign out of {name} and remove its settings? [y/N] ", context.console):
            raise Cancelled("nothing was removed", cause="You said no.", fix=_LIST)


def _list(context: Context) -> int:
    console, store = context.console, context.store
    default, of_project, note = _meant(context)
    known = (*context.config.profiles, *store.profiles(), *remembered_profiles(store.folder))
    names = sorted({*known, *of_project})
    if context.arguments.names and not console.json:
        console.raw("\n".join(names))
        return 0
    rows = [_row(name, context, default=default) for name in names]
    console.result(
        _table(_cells(rows)) if rows else "",
        {"profiles": rows, "chosen_by": note},
        draw=(lambda sheet: sheet.table(_cells(rows, to_read=True))) if rows else None,
    )
    if not rows:
        console.say("There is no profile yet. Set one up:", command="loopback-auth init")
    if note:
        console.say(f"{default or 'Nothing'} is used here, chosen by {note}")
    return 0


def _meant(context: Context) -> tuple[str, list[str], str]:
    """Return the profile that is meant here, those of the project, and why in words."""
    try:
        chosen = context.chosen
    except LoopbackAuthError as error:
        return "", [], f"nobody: {one_line(error.message)}; {one_line(error.fix)}"
    project = chosen.project
    of_project = [project.stored_name(each) for each in project.profiles] if project else []
    return chosen.name, of_project, chosen.reason


def _row(name: str, context: Context, *, default: str) -> dict[str, Any]:
    row: dict[str, Any] = {"profile": name, "default": name == default, "signed_in": False}
    store = context.store
    try:
        document = store.load(name)
        if document is None:
            return row
        shown = sign_in_document(name, document, store, provider_of=context.provider)
    except (StoreError, StoreDamaged) as error:
        return {**row, "problem": error.code}
    return {**row, "signed_in": True, **shown}


def _cells(rows: list[dict[str, Any]], *, to_read: bool = False) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = [("PROFILE", "SIGNED IN AS", "AT", "TOKEN", "MUST BE USED BY")]
    for row in rows:
        name = row["profile"] + ("*" if row["default"] else "")
        if not row["signed_in"]:
            cells.append((name, row.get("problem", "-"), "", "", ""))
            continue
        who = row["minted_for"] or (row["identity"] or {}).get("name") or "?"
        token = "expired" if row["expired"] else row["expires_at"] or "good"
        token = expiry_to_read(row) if to_read else token
        who = one_line(str(who), limit=40)
        cells.append((name, who, row["host"] or "", token, row["use_by"] or ""))
    if not any(row.get("use_by") for row in rows):
        cells = [line[:-1] for line in cells]
    return cells


def _table(cells: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
