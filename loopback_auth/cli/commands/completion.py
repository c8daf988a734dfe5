"""`completion SHELL`: the script that a shell loads; each Tab asks `completion words`."""

from __future__ import annotations

from contextlib import suppress

from ...edge.store.remembered import remembered_profiles
from ...errors import LoopbackAuthError
from ...resources import names, read
from ..completion.candidates import candidates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..arguments import Parser
    from ..context import Context

_SHELLS = ("bash", "zsh", "fish", "powershell")

_ABOUT = """\
  bash        eval "$(loopback-auth completion bash)"
  zsh         eval "$(loopback-auth completion zsh)"
  fish        loopback-auth completion fish | source
  powershell  loopback-auth completion powershell | Out-String | Invoke-Expression

That line belongs into the file that the shell reads at its start, such as ~/.bashrc."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = f"{parser.description}\n\n{_ABOUT}"
    parser.add_argument("shell", metavar="SHELL", choices=(*_SHELLS, "words"), help="which shell")
    parser.command_argument()
    parser.set_defaults(asks=False)


def run(context: Context) -> int:
    """Print the shell's script, or the words for the end of a command line."""
    console, shell = context.console, context.arguments.shell
    if shell != "words":
        console.raw(read(f"cli/completion/script.{shell}").decode().rstrip())
        return 0
    found = candidates(
        context.arguments.command,
        commands=context.commands,
        actions_of=lambda command: context.parser_of(command).actions,
        values={
            "profile": lambda: _profiles(context),
            "profile_option": lambda: _profiles(context),
            "profile_names": lambda: _profiles(context),
            "provider": lambda: _providers(context),
            "name": lambda: _providers(context),
            "topic": lambda: (*names("help", ".md"), *context.commands),
        },
    )
    if found is None:
        return 1
    console.raw("\n".join(f"{word}\t{' '.join(about.split())}" for word, about in found.items()))
    return 0


def _profiles(context: Context) -> Iterable[str]:
    store = context.store
    found = {*store.profiles(), *remembered_profiles(store.folder)}
    # Whatever is wrong with a file, a Tab has nothing to say of it.
    with suppress(LoopbackAuthError):
        found |= set(context.config.profiles)
    return sorted(found)


def _providers(context: Context) -> Iterable[str]:
    from ...edge.files.provider_files import provider_names

    return provider_names(context.home)
