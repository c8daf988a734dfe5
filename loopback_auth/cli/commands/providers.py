"""`providers`: the kinds of server known by name."""

from __future__ import annotations

from ...edge.files.home import home
from ...edge.files.provider_files import load_provider, provider_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ..arguments import Parser
    from ..console import Console


def arguments(parser: Parser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="tell all about one of them")


def run(arguments: Namespace, console: Console) -> int:
    place = home(console.environ)
    names = [arguments.name] if arguments.name else provider_names(place)
    providers = [load_provider(name, place) for name in names]
    documents = [
        {
            "name": provider.name,
            "title": provider.title,
            "redirect_uris": list(provider.redirect_uris),
            "scope": provider.scope,
            "login_url": provider.login_url,
            "register": provider.register,
            "sources": list(provider.sources),
            "path": provider.path,
        }
        for provider in providers
    ]
    if arguments.name:
        text = "\n".join(_told(name, value) for name, value in documents[0].items() if value)
    else:
        text = "\n".join(
            f"{provider.name:<20} {provider.title:<20} {provider.redirect_uris[0]}"
            for provider in providers
        )
    console.result(text, {"providers": documents})
    return 0


def _told(name: str, value: object) -> str:
    shown = "\n              ".join(value) if isinstance(value, list) else str(value)
    return f"{name:<13} {shown}"
