"""`config path` and `config show`: the configuration, and where each part of it came from."""

from __future__ import annotations

from ...edge.files.home import home
from ...edge.files.provider_files import load_provider
from ...edge.store.file_store import FileStore
from ...errors import StoreDamaged
from ...oauth.secret import Secret
from ...oauth.text import one_line
from ...settings.config_toml import config_path, load_config
from ...settings.profile import DEFAULT_REDIRECT_URI, resolve, values_of
from ..arguments import profile_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "what", choices=["path", "show"], help="path: the file's name; show: a profile's settings"
    )
    parser.profile_argument()


def run(arguments: Namespace, console: Console) -> int:
    place = home(console.environ)
    if arguments.what == "path":
        console.result(
            config_path(place),
            {"path": config_path(place), "home": place, "tokens": FileStore(place).folder},
        )
        return 0
    name = profile_name(arguments, place, console.environ)
    store, config = FileStore(place), load_config(place)
    try:
        stored = store.load(name)
    except StoreDamaged as damage:
        console.say(f"Note: {damage}")
        stored = None
    profile = resolve(
        name,
        flags={},
        environ=console.environ,
        config=config,
        stored=stored,
        find_provider=lambda provider: load_provider(provider, place),
    )
    rows = provenance(profile)
    lines = [
        f"profile {name}",
        *(f"{name:<28} {value}  (from {source})" for name, value, source in rows),
    ]
    console.result(
        "\n".join(lines),
        {
            "profile": name,
            "settings": {name: {"value": value, "from": source} for name, value, source in rows},
        },
    )
    return 0


def provenance(profile: Profile) -> list[tuple[str, str, str]]:
    """List name, value and source of each setting in effect; secrets are named, never shown."""
    rows = [
        (name, _shown(name, setting.value), setting.source)
        for name, setting in sorted(profile.settings.items())
    ]
    provider = profile.provider
    source = f"the provider {provider.name}" if provider else "this program"
    if "redirect_uris" not in profile.settings:
        rows.append(
            (
                "redirect_uris",
                " ".join(provider.redirect_uris if provider else (DEFAULT_REDIRECT_URI,)),
                source,
            )
        )
    if provider:
        known = {**provider.server_for(profile.get("login_url")), "scope": provider.scope}
        told = {name for name, _, _ in rows}
        rows += [
            (name, str(value), source)
            for name, value in known.items()
            if value and name not in told
        ]
    return rows


def _shown(name: str, value: object) -> str:
    if isinstance(value, Secret) or name == "client_secret":
        return "(hidden)"
    if isinstance(value, tuple):
        value = " ".join(str(each) for each in value)
    if isinstance(value, dict):
        value = " ".join(
            f"{key}={each}" for key, several in value.items() for each in values_of(several)
        )
    return one_line(str(value))
