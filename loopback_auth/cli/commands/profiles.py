"""`profiles`: every profile there is, configured or signed in."""

from __future__ import annotations

from ...errors import LoopbackAuthError, StoreDamaged, StoreError
from ...oauth.text import one_line
from ..views import expiry_to_read, sign_in_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--names", action="store_true", help="print the names only, one a line")
    parser.set_defaults(asks=False, profile=None, profile_option=None)


def run(context: Context) -> int:
    """List the profiles of config.toml and those that somebody is signed in to."""
    console, store = context.console, context.store
    default, of_project, note = _meant(context)
    names = sorted({*context.config.profiles, *store.profiles(), *of_project})
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
        console.say("There is no profile yet:", command="loopback-auth login --help")
    if note:
        console.say(f"{default or 'Nothing'} is meant here, chosen by {note}")
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
    store, sign_in = context.store, dict[str, object]()
    try:
        if document := store.load(name):
            shown = sign_in_document(name, document, store, provider_of=context.provider)
            sign_in = {"signed_in": True, **shown}
    except (StoreError, StoreDamaged) as error:
        return {**row, "problem": error.code}
    return {**row, **sign_in}


def _cells(rows: list[dict[str, Any]], *, to_read: bool = False) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = [("PROFILE", "SIGNED IN AS", "AT", "TOKEN", "MUST BE USED BY")]
    for row in rows:
        who = row.get("minted_for") or (row.get("identity") or {}).get("name") or "?"
        state = "expired" if row.get("expired") else row.get("expires_at") or "good"
        if to_read and row["signed_in"]:
            state = expiry_to_read(row)
        signed_in = (
            one_line(str(who), limit=40),
            row.get("host") or "",
            state,
            row.get("use_by") or "",
        )
        mark = "*" if row["default"] else ""
        cells.append(
            (
                row["profile"] + mark,
                *(signed_in if row["signed_in"] else (row.get("problem", "-"), "", "", "")),
            )
        )
    if not any(row.get("use_by") for row in rows):
        cells = [line[:-1] for line in cells]
    return cells


def _table(cells: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)
