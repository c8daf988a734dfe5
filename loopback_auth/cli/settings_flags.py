"""The options that are settings: where to sign in, as which client, and what to ask for."""

from __future__ import annotations

from argparse import SUPPRESS

from ..errors import UsageError
from ..oauth.secret import Secret
from ..settings.client import trimmed_secret
from ..settings.kinds import (
    DURATION,
    FLAG,
    HOSTS,
    PORTS,
    REDIRECT_URIS,
    TABLE,
    WORDS,
    host_name,
    port_number,
    repeatable,
    seconds,
)
from ..settings.table import CLIENT, HOW, REQUEST, SECRET, SETTINGS, WHERE
from .prompts import ask_unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from .arguments import Parser
    from .console import Console

_TITLES = {
    WHERE: "where to sign in",
    CLIENT: "as which client",
    REQUEST: "what to ask for",
    HOW: "how",
}

_READING: dict[object, dict[str, Any]] = {
    FLAG: {"action": "store_true", "default": None},
    HOSTS: {"action": "append", "type": host_name},
    PORTS: {"action": "append", "type": port_number},
    TABLE: {"action": "append"},
    REDIRECT_URIS: {"action": "append"},
    WORDS: {"type": lambda text: tuple(text.split())},
    DURATION: {"type": seconds},
}
"""How argparse reads a setting of a kind, where it is not one text."""


def settings_arguments(parser: Parser) -> Any:
    """Add the options of all settings, in their groups; return the group that says how."""
    groups = {group: parser.add_argument_group(title) for group, title in _TITLES.items()}
    for name, setting in SETTINGS.items():
        if setting.option and setting.option.group in groups:
            add_setting(groups[setting.option.group], name)
        if name == "client_id":
            secret_arguments(groups[CLIENT])
    groups[REQUEST].add_argument("--prompt", metavar="VALUE", help="login, consent, select_account")
    words = "who is to sign in: the name that the page has filled in"
    groups[REQUEST].add_argument("--account", dest="login_hint", metavar="NAME", help=words)
    # Its name in the protocol.
    groups[REQUEST].add_argument("--login-hint", help=SUPPRESS)
    return groups[HOW]


def add_setting(group: Any, name: str, words: str = "") -> None:
    """Add the option of the setting *name*, if it has one; *words* replace those of the table."""
    setting = SETTINGS[name]
    option = setting.option
    if option is None:
        return
    reading = dict(_READING.get(setting.kind, {}))
    if option.metavar:
        reading["metavar"] = option.metavar
    elif setting.choices:
        reading["choices"] = setting.choices
    group.add_argument(setting.flag, dest=name, help=words or option.words, **reading)


def secret_arguments(group: Any) -> None:
    """Add the ways to give the client secret, of which one excludes the others."""
    secret = group.add_mutually_exclusive_group()
    secret.add_argument(
        "--client-secret-prompt", action="store_true", help="ask for the client secret"
    )
    secret.add_argument(
        "--client-secret-stdin",
        action="store_true",
        help="read the client secret from standard input",
    )
    for name, setting in SETTINGS.items():
        if setting.option and setting.option.group == SECRET:
            add_setting(secret, name)


def settings_of(arguments: Namespace, console: Console) -> dict[str, Any]:
    """
    Return what the options say, by the names of settings.

    Raises:
        UsageError: A parameter is not NAME=VALUE, or the client secret cannot be read.
        Cancelled: The person stops at the question for it.
    """
    given = {name: getattr(arguments, name, None) for name in SETTINGS}
    flags = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    parameters = repeatable(_parameter(text) for text in arguments.parameters or [])
    own = {"prompt": arguments.prompt, "login_hint": arguments.login_hint}
    parameters.update({name: [value] for name, value in own.items() if value})
    flags["parameters"] = TABLE.check(parameters) if parameters else None
    flags["client_secret"] = typed_secret(arguments, console)
    return {name: value for name, value in flags.items() if value is not None}


def _parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise UsageError(
            "--param takes NAME=VALUE",
            cause="The part before = is the parameter's name.",
            fix="for example: `loopback-auth login {profile} --param"
            " audience='https://api.example.com'`",
        )
    return name, value


def typed_secret(arguments: Namespace, console: Console) -> Secret | None:
    """Read the client secret from where its options say, if they do."""
    if not (arguments.client_secret_stdin or arguments.client_secret_prompt):
        return None
    if arguments.no_input:
        raise UsageError(
            "the client secret cannot be read: --no-input forbids it",
            cause="--client-secret-stdin and --client-secret-prompt read standard input.",
            fix="name an environment variable with --client-secret-env,"
            " or a file with --client-secret-file",
        )
    # What is typed on a terminal is not to be seen there.
    is_piped = arguments.client_secret_stdin and not console.interactive
    secret = _from_stdin(console) if is_piped else _from_prompt(console)
    if not secret:
        raise UsageError(
            "no client secret was given",
            cause="What was read is empty.",
            fix="give the secret, or leave the option out for a public client",
        )
    return trimmed_secret(Secret(secret))


def _from_stdin(console: Console) -> str:
    # Late: it reads what people paste into `explain`, too.
    from .input_text import piped

    try:
        return piped(console.stdin, errors="strict").strip("\r\n") if console.stdin else ""
    except UnicodeDecodeError:
        raise UsageError(
            "the client secret on standard input is not text",
            cause="Secrets are text; what came cannot be read as such.",
            fix="pipe the secret as UTF-8, or name a file that holds it with --client-secret-file",
        ) from None


def _from_prompt(console: Console) -> str:
    if not console.interactive:
        raise UsageError(
            "there is no terminal to ask for the client secret on",
            cause="--client-secret-prompt asks a person.",
            fix="pipe it in with --client-secret-stdin",
        )
    from .input_text import asking_first

    with asking_first(console):
        return ask_unseen("Client secret: ", console, what="the client secret")
