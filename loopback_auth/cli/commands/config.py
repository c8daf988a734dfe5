"""`config path` and `config show`: the configuration, and where each part of it came from."""

from __future__ import annotations

from ...errors import StoreDamaged
from ...settings.config_toml import config_path
from ..settings_flags import settings_arguments, settings_of
from ..views import plain_facts, settings_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "what",
        choices=["path", "show"],
        metavar="{path,show}",
        help="path: the file's name; show: a profile's settings",
    )
    parser.profile_argument()
    settings_arguments(parser)


def run(context: Context) -> int:
    """Print the path of config.toml, or the settings of the profile."""
    console, path = context.console, config_path(context.home)
    if context.arguments.what == "path":
        tokens = context.store.folder
        console.result(path, {"path": path, "home": context.home, "tokens": tokens})
        return 0
    name = context.profile_name
    try:
        stored = context.store.load(name)
    except StoreDamaged as damage:
        console.say(f"Note: {damage}")
        stored = None
    profile = context.profile(stored, flags=settings_of(context.arguments, console))
    facts, settings = settings_view(profile)
    chosen = context.chosen
    head = f"profile {name}{chosen.remark}"
    console.result(
        f"{head}\n{plain_facts(facts)}",
        {"profile": name, "chosen_by": chosen.reason, "settings": settings},
        draw=lambda sheet: f"{sheet.aside(head)}\n{sheet.facts(facts)}",
    )
    if not profile.settings:
        note = "Note: nothing is set for it, so the name may be misspelled. Your profiles:"
        console.say(note, command="loopback-auth profiles")
    return 0
