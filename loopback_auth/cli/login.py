"""`login`: sign in through the browser and store the tokens."""

from __future__ import annotations

import os
import sys
import time
from argparse import BooleanOptionalAction

from ..edge.config import load_config, seconds
from ..edge.document import STORAGES
from ..edge.event_loop import run as run_story
from ..edge.home import home
from ..edge.interrupts import listen_for_interrupts
from ..edge.store import FileStore
from ..errors import Cancelled, KeyringUnavailable, StoreDamaged, UsageError
from ..flows.access_token import has_expired
from ..flows.login import TIMEOUT_S, login
from ..flows.profile import resolve
from ..notices import Warned
from ..oauth.secret import Secret
from ..oauth.text import one_line
from ..providers import load_provider
from .arguments import profile_name
from .network import transport_for
from .question import agreed, agreed_meanwhile, check_standard_input, pastes_of
from .talk import Talk, host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..edge.config import Config
    from ..flows.profile import Profile
    from ..flows.replacement import MaySwitch
    from ..oauth.credential import Credential
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


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    where = parser.add_argument_group("where to sign in")
    where.add_argument(
        "--provider", metavar="NAME", help="a kind of server known by name: loopback-auth providers"
    )
    where.add_argument(
        "--login-url", metavar="URL", help="the provider's login host, where it has several (a My Domain)"
    )
    where.add_argument(
        "--issuer", metavar="URL", help="an OpenID provider or OAuth server, found by discovery"
    )
    for name in ("authorization", "token", "revocation", "userinfo"):
        where.add_argument(
            f"--{name}-endpoint", metavar="URL", help=f"the {name} endpoint, where there is no discovery"
        )
    where.add_argument(
        "--refresh-metadata", action="store_true", help="ask the server for its endpoints anew"
    )
    client = parser.add_argument_group("as which client")
    client.add_argument("--client-id", metavar="ID", help="the client ID (Salesforce: consumer key)")
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
        "--port", metavar="N", type=port_number, action="append", help="its port; 0 is any (repeatable)"
    )
    request = parser.add_argument_group("what to ask for")
    request.add_argument("--scope", metavar='"A B"', help="scopes, separated by spaces")
    request.add_argument(
        "--param", metavar="NAME=VALUE", action="append", help="one more parameter (repeatable)"
    )
    request.add_argument("--prompt", metavar="VALUE", help="login, consent, select_account")
    request.add_argument("--login-hint", metavar="NAME", help="the user name to fill in")
    request.add_argument("--response-mode", metavar="MODE", help="query or form_post")
    request.add_argument(
        "--strict-scope", action="store_true", default=None, help="fail when other scopes are granted"
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--if-needed", action="store_true", help="do nothing when the stored token is good or refreshable"
    )
    how.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account take the place of the one that the profile holds",
    )
    how.add_argument(
        "--storage", choices=STORAGES, help="keep the tokens in a file or in the system's keyring"
    )
    how.add_argument(
        "--preflight",
        action=BooleanOptionalAction,
        default=None,
        help="ask the server for its sign-in page before a browser does (default: as the provider says)",
    )
    how.add_argument(
        "--flow",
        choices=("authorization-code", "code-credentials"),
        default="authorization-code",
        help="code-credentials asks for a username and a password and opens no browser, for servers that have it (Salesforce)",
    )
    how.add_argument(
        "--manual",
        action="store_true",
        help="only print the address; loopback-auth exchange finishes with what you paste, within 15 minutes",
    )
    how.add_argument(
        "--paste",
        action="store_true",
        help="take the answer, or an error that the browser shows, from standard input, too (a terminal needs no --paste)",
    )
    how.add_argument("--no-browser", action="store_true", help="open nothing: print the address only")
    how.add_argument(
        "--browser", metavar="COMMAND", help="the browser to open (default: BROWSER, else the desktop's)"
    )
    how.add_argument(
        "--timeout", metavar="TIME", type=seconds, help="how long to wait, such as 90s or 5m (default: 5m)"
    )
    how.add_argument("--ca-bundle", metavar="FILE", help="PEM certificates to trust besides the system's")


def secret_arguments(group: Any) -> None:
    """Add the ways to give the client secret to an argument group."""
    secret = group.add_mutually_exclusive_group()
    secret.add_argument("--client-secret-prompt", action="store_true", help="ask for the client secret")
    secret.add_argument(
        "--client-secret-stdin", action="store_true", help="read the client secret from standard input"
    )
    secret.add_argument("--client-secret-env", metavar="NAME", help="the environment variable that holds it")
    secret.add_argument("--client-secret-file", metavar="FILE", help="the file that holds it")


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004 - TCP's ports
        raise ValueError(text)
    return number


def run(arguments: Namespace, console: Console) -> int:
    listen_for_interrupts()
    check_standard_input(arguments)
    place = home()
    name = profile_name(arguments, place)
    store, config = FileStore(place), load_config(place)
    stored = _stored(store, name, console, leaves_keyring=arguments.storage == "file")
    if (
        arguments.if_needed
        and stored
        and (stored.get("refresh_token") or not has_expired(stored, at=time.time()))
    ):
        return _signed_in_already(stored, name, console)
    flags = _settings(arguments, console)
    profile = resolve(
        name,
        flags=flags,
        environ=os.environ,
        config=config,
        stored=stored,
        find_provider=lambda provider: load_provider(provider, place),
    )
    if arguments.manual:
        return _begin(profile, arguments, place, console)
    with store.watched(name):
        credential = _sign_in(profile, arguments, store, console)
    report(credential, store, console)
    if (
        flags
        and name not in config.profiles
        and console.interactive
        and not (arguments.no_input or console.json)
    ):
        _offer_profile(profile, config, console)
    return 0


def _stored(
    store: FileStore, name: str, console: Console, *, leaves_keyring: bool
) -> Mapping[str, Any] | None:
    """
    Give what the last sign-in left; a damaged file is told and set aside, and does not keep anybody from signing in.

    Nor does a keyring that is out of reach keep anybody from leaving it.
    """
    try:
        return store.load(name)
    except (StoreDamaged, KeyringUnavailable) as error:
        if isinstance(error, KeyringUnavailable) and not leaves_keyring:
            raise
        Talk(console)(Warned(code=error.code, message=error.message))
        return None


def _settings(arguments: Namespace, console: Console) -> dict[str, Any]:
    """Give what the flags say, under the settings' names."""
    flags: dict[str, Any] = {name: getattr(arguments, name) for name in _TEXTS}
    flags["scope"] = None if arguments.scope is None else tuple(arguments.scope.split())
    flags["redirect_uris"] = tuple(arguments.redirect_uri) if arguments.redirect_uri else None
    flags["port"] = tuple(arguments.port) if arguments.port else None
    flags["timeout"] = arguments.timeout
    flags["strict_scope"] = arguments.strict_scope
    parameters = dict(_parameter(text) for text in arguments.param or [])
    parameters.update(
        {n: v for n, v in (("prompt", arguments.prompt), ("login_hint", arguments.login_hint)) if v}
    )
    flags["parameters"] = parameters or None
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
    secret = _from_stdin() if arguments.client_secret_stdin else _from_prompt(console)
    if not secret:
        raise UsageError(
            "no client secret was given",
            cause="What was read is empty.",
            fix="give the secret, or leave the option out for a public client",
        )
    return Secret(secret)


def _from_stdin() -> str:
    try:
        return sys.stdin.read(64 * 1024).strip("\r\n") if sys.stdin else ""
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
    from getpass import getpass

    try:
        return getpass("Client secret: ", stream=sys.stderr)
    except (EOFError, KeyboardInterrupt):
        raise Cancelled("stopped at the question for the client secret") from None


def _begin(profile: Profile, arguments: Namespace, place: str, console: Console) -> int:
    from ..edge.pending import PendingSignIns
    from ..flows.manual import PENDING_S, begin

    talk = Talk(console)
    for note in profile.notes:
        talk(Warned(code="login-url-read", message=note))
    request = run_story(
        begin(
            profile,
            pending=PendingSignIns(place),
            transport=transport_for(profile.get("ca_bundle"), talk),
            preflight=arguments.preflight,
        )
    )
    console.say("Open this address in any browser, on any machine, and sign in:")
    console.result(
        request.url,
        {"url": request.url, "redirect_uri": request.redirect_uri, "finish_within_s": PENDING_S},
    )
    console.say(f"You end at {request.redirect_uri}, which may show nothing, or an error.")
    console.say(f"Within 15 minutes: loopback-auth exchange {profile.name}   and paste that whole address.")
    return 0


def _sign_in(profile: Profile, arguments: Namespace, store: FileStore, console: Console) -> Credential:
    if arguments.flow == "code-credentials":
        from .credentials import sign_in

        return sign_in(profile, store, console, may_switch=may_switch(arguments, console))
    talk = Talk(console)
    return run_story(
        login(
            profile,
            store=store,
            transport=transport_for(profile.get("ca_bundle"), talk),
            browser=None if arguments.no_browser else _browser(profile),
            notify=talk,
            timeout_s=profile.get("timeout", TIMEOUT_S),
            rediscover=arguments.refresh_metadata,
            preflight=arguments.preflight,
            may_switch=may_switch(arguments, console),
            pastes=pastes_of(arguments, console),
        )
    )


def may_switch(arguments: Namespace, console: Console) -> MaySwitch | None:
    """Say who decides whether another account may take the place of the one that the profile holds."""
    can_ask = console.interactive and not (arguments.no_input or console.json or console.quiet)
    if not (arguments.switch_account or can_ask):
        return None

    async def decide(held: str, new: str) -> bool:
        names = f"This profile holds {one_line(held)}, and {one_line(new)} signed in."
        return arguments.switch_account or await agreed_meanwhile(f"{names} Replace it? [y/N] ", console)

    return decide


def _browser(profile: Profile) -> Callable[[str], bool]:
    from ..edge.browser import open_browser

    return lambda url: open_browser(url, chosen=profile.get("browser"))


def report(credential: Credential, store: FileStore, console: Console) -> None:
    from ..oauth.credential import to_rfc3339
    from .status import kept, kept_told

    who, server = credential.identity, credential.server
    host = host_of(server.issuer or server.authorization_endpoint)
    tokens = credential.tokens
    console.end_line()
    console.result(
        "",
        {
            "profile": credential.profile,
            "identity": {"subject": who.subject, "name": who.name} if who else None,
            "issuer": server.issuer,
            "host": host,
            "scope": tokens.scope,
            "expires_at": to_rfc3339(tokens.expires_at) if tokens.expires_at else None,
            "refreshable": tokens.refresh_token is not None,
            **kept(credential.profile, store),
        },
    )
    console.say(f"Tokens of the profile {credential.profile}: {kept_told(kept(credential.profile, store))}")
    console.say(f"Signed in as {who.name if who else 'somebody the server does not name'} at {host}.")


def _signed_in_already(stored: Mapping[str, Any], name: str, console: Console) -> int:
    who = (stored.get("identity") or {}).get("name")
    console.result("", {"profile": name, "signed_in": True, "identity": stored.get("identity")})
    console.say(f"Signed in as {one_line(str(who))} already." if who else "Signed in already.")
    return 0


def _offer_profile(profile: Profile, config: Config, console: Console) -> None:
    from ..edge.config_writer import add_profile, profile_text

    console.say(f"\nTo keep these settings where you can edit them, {config.path} would get:\n")
    console.say(profile_text(profile.name, profile.to_remember(), profile.client_secret_env))
    if agreed("Write that? [y/N] "):
        add_profile(config.path, profile.name, profile.to_remember(), profile.client_secret_env)
        console.say(f"Written to {config.path}.")
