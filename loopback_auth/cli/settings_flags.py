"""The flags that are settings: where to sign in, as which client, and what to ask for."""

from __future__ import annotations

from ..errors import UsageError
from ..oauth.secret import Secret
from ..settings.config_toml import TABLE, checked, host_name
from ..settings.resolve import repeatable
from .prompts import ask_unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from .arguments import Parser
    from .console import Console

_TEXTS = (
    "issuer",
    "provider",
    "login_url",
    "client_id",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "token_endpoint_auth_method",
    "response_mode",
    "ca_bundle",
    "browser",
    "client_secret_env",
    "client_secret_file",
    "storage",
)


def settings_arguments(parser: Parser) -> None:
    """Add them, in their groups."""
    where = parser.add_argument_group("where to sign in")
    where.add_argument(
        "--provider", metavar="NAME", help="a kind of server known by name: loopback-auth providers"
    )
    where.add_argument(
        "--login-url",
        metavar="URL",
        help="the provider's login host, where it has several",
    )
    where.add_argument(
        "--issuer", metavar="URL", help="an OpenID provider or OAuth server, found by discovery"
    )
    for name in ("authorization", "token", "revocation", "userinfo"):
        where.add_argument(
            f"--{name}-endpoint",
            metavar="URL",
            help=f"the {name} endpoint, where there is no discovery",
        )
    where.add_argument(
        "--refresh-metadata", action="store_true", help="ask the server for its endpoints anew"
    )
    where.add_argument(
        "--trust-host",
        metavar="HOST",
        type=host_name,
        action="append",
        help="a host that belongs to the server, though its name does not tell (repeatable)",
    )
    client = parser.add_argument_group("as which client")
    client.add_argument(
        "--client-id", metavar="ID", help="the client ID that the server gave the app"
    )
    secret_arguments(client)
    client.add_argument(
        "--token-endpoint-auth-method",
        metavar="METHOD",
        help="none, client_secret_basic or client_secret_post",
    )
    client.add_argument(
        "--redirect-uri", metavar="URL", action="append", help="a registered callback (repeatable)"
    )
    client.add_argument(
        "--port",
        metavar="N",
        type=port_number,
        action="append",
        help="its port; 0 is any (repeatable)",
    )
    _request_arguments(parser.add_argument_group("what to ask for"))


def _request_arguments(request: Any) -> None:
    request.add_argument("--scope", metavar='"A B"', help="scopes, separated by spaces")
    request.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        help="one more parameter (repeatable, the same name too)",
    )
    request.add_argument("--prompt", metavar="VALUE", help="login, consent, select_account")
    request.add_argument("--login-hint", metavar="NAME", help="the user name to fill in")
    request.add_argument("--response-mode", metavar="MODE", help="query or form_post")
    request.add_argument(
        "--strict-scope",
        action="store_true",
        default=None,
        help="fail when other scopes are granted",
    )


def secret_arguments(group: Any) -> None:
    """Add the ways to give the client secret to an argument group."""
    secret = group.add_mutually_exclusive_group()
    secret.add_argument(
        "--client-secret-prompt", action="store_true", help="ask for the client secret"
    )
    secret.add_argument(
        "--client-secret-stdin",
        action="store_true",
        help="read the client secret from standard input",
    )
    secret.add_argument(
        "--client-secret-env", metavar="NAME", help="the environment variable that holds it"
    )
    secret.add_argument("--client-secret-file", metavar="FILE", help="the file that holds it")


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004 - TCP's ports
        raise ValueError(text)
    return number


def settings_of(arguments: Namespace, console: Console) -> dict[str, Any]:
    """Give what the flags say, under the settings' names."""
    flags: dict[str, Any] = {name: getattr(arguments, name) for name in _TEXTS}
    flags["scope"] = None if arguments.scope is None else tuple(arguments.scope.split())
    flags["redirect_uris"] = tuple(arguments.redirect_uri) if arguments.redirect_uri else None
    flags["trust_hosts"] = tuple(arguments.trust_host) if arguments.trust_host else None
    flags["port"] = tuple(arguments.port) if arguments.port else None
    flags["timeout"] = arguments.timeout
    flags["strict_scope"] = arguments.strict_scope
    parameters = repeatable(_parameter(text) for text in arguments.param or [])
    own = {"prompt": arguments.prompt, "login_hint": arguments.login_hint}
    parameters.update({name: [value] for name, value in own.items() if value})
    flags["parameters"] = checked(parameters, TABLE) if parameters else None
    if secret := typed_secret(arguments, console):
        flags["client_secret"] = secret
    return {name: value for name, value in flags.items() if value is not None}


def _parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise UsageError(
            "--param takes NAME=VALUE",
            cause="The part before = is the parameter's name.",
            fix='for example: --param audience="https://api.example.com"',
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
            fix="name an environment variable with --client-secret-env, or a file with --client-secret-file",
        )
    secret = _from_stdin(console) if arguments.client_secret_stdin else _from_prompt(console)
    if not secret:
        raise UsageError(
            "no client secret was given",
            cause="What was read is empty.",
            fix="give the secret, or leave the option out for a public client",
        )
    return Secret(secret)


def _from_stdin(console: Console) -> str:
    try:
        return console.stdin.read(64 * 1024).strip("\r\n") if console.stdin else ""
    except UnicodeDecodeError:
        raise UsageError(
            "the client secret on standard input is not text in this terminal's encoding",
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
    return ask_unseen("Client secret: ", console, what="the client secret")
