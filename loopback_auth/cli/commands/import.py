"""`import`: a refresh token from elsewhere is kept here."""  # noqa: N999 - the command's name

from __future__ import annotations

from ...edge.process.event_loop import run as run_coroutine
from ...edge.store.memory_store import MemoryStore
from ...errors import UsageError
from ...flows.tokens.access_token import fresh_document
from ...flows.tokens.import_credential import VARIABLE, check_refresh_token, imported_document
from ..input_text import asking_first, pasted
from ..prompts import ask_unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...flows.services import Services
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        f"{parser.description}\n\nThe token is read from {VARIABLE}, else from standard input. What"
        " server and client it is of,\nconfig.toml or LOOPBACK_AUTH_ variables say. Other commands"
        " take that variable by themselves,\nand write nothing: loopback-auth help ci."
    )
    parser.profile_argument()
    parser.add_argument("--replace", action="store_true", help="replace what is stored there")


def run(context: Context) -> int:
    """Refresh with the token once, which shows that it works, and keep what comes of it."""
    arguments, name = context.arguments, context.profile_name
    if context.store.load(name) is not None and not arguments.replace:
        raise UsageError(
            f"you are signed in to the profile {name} already",
            cause="An import would replace that sign-in.",
            fix="name another profile: `loopback-auth import NAME`; or"
            " `loopback-auth import {profile} --replace`",
            profile=name,
        )
    token = check_refresh_token(context.environ.get(VARIABLE) or _given(context.console))
    profile = context.profile(None)
    # What is stored stays until there is something to put there.
    services = context.services(profile, store=MemoryStore(context.home))

    async def first(given: Services) -> Mapping[str, Any]:
        return await imported_document(profile, token, given)

    context.store.check_writable(name)
    document = run_coroutine(fresh_document(name, services, first=first))
    with context.store.with_storage(profile.get("storage")).locked(name) as locked:
        locked.save(document, is_only_copy=True)
    path = context.store.path(name)
    context.console.say(f"Saved to {path} (profile {name}).")
    if context.console.json:
        context.console.document({"profile": name, "path": path})
    return 0


def _given(console: Console) -> str:
    """Return the token from standard input; on a terminal it is asked for, unseen."""
    if not console.may_ask:
        return pasted([], console)
    with asking_first(console):
        return ask_unseen("Refresh token (not shown): ", console, what="the refresh token")
