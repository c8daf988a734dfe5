"""`providers`: the kinds of server known by name."""

from __future__ import annotations

from ...edge.files.provider_files import provider_names
from ...oauth.authorize.redirect_uri import registered
from ...providers import unknown_provider
from ..views import show_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context


_MEANT = "did you mean {near}? `loopback-auth providers {near}`; all: `loopback-auth providers`"


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="tell all about one of them")


def run(context: Context) -> int:
    """List the providers, or tell all about one."""
    arguments = context.arguments
    names = provider_names(context.home)
    if arguments.name and arguments.name not in names:
        raise unknown_provider(arguments.name, names, _MEANT)
    providers = [context.provider(name) for name in ([arguments.name] if arguments.name else names)]
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
        facts = [
            fact for name, value in documents[0].items() if value for fact in _facts(name, value)
        ]
    else:
        facts = [
            (provider.name, f"{provider.title:<20} {registered(provider.redirect_uris[0])}")
            for provider in providers
        ]
    show_facts(facts, {"providers": documents}, context.console)
    return 0


def _facts(name: str, value: object) -> list[tuple[str, str]]:
    values = value if isinstance(value, list) else [str(value)]
    if name == "redirect_uris":
        values = [registered(uri) for uri in values]
    return [("" if index else name, each) for index, each in enumerate(values)]
