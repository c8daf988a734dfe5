"""`providers`: the kinds of server known by name."""

from __future__ import annotations

from ...edge.files.provider_files import provider_names
from ...providers.provider import registered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...providers import Provider
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="tell all about one of them")


def run(context: Context) -> int:
    """List the providers, or tell all about one."""
    arguments = context.arguments
    names = [arguments.name] if arguments.name else provider_names(context.home)
    providers = [context.provider(name) for name in names]
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
        shown = {**documents[0], "redirect_uris": _uris(providers[0])}
        text = "\n".join(_row(name, value) for name, value in shown.items() if value)
    else:
        text = "\n".join(
            f"{provider.name:<20} {provider.title:<20} {_uris(provider)[0]}"
            for provider in providers
        )
    context.console.result(text, {"providers": documents})
    return 0


def _uris(provider: Provider) -> list[str]:
    return [registered(uri, " (any port)") for uri in provider.redirect_uris]


def _row(name: str, value: object) -> str:
    shown = "\n              ".join(value) if isinstance(value, list) else str(value)
    return f"{name:<13} {shown}"
