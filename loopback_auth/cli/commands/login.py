"""`login`: sign in through the browser and store the tokens."""

from __future__ import annotations

import os
import time
from argparse import BooleanOptionalAction

from ...edge.files.home import home
from ...edge.files.provider_files import load_provider
from ...edge.interaction.browser import open_browser
from ...edge.process.event_loop import run as run_story
from ...edge.process.interrupts import listen_for_interrupts
from ...edge.store.document import STORAGES
from ...edge.store.file_store import FileStore
from ...errors import KeyringUnavailable, StoreDamaged
from ...flows.login.browser import TIMEOUT_S, login
from ...flows.tokens.freshness import has_expired, is_refreshable
from ...notices import Warned
from ...oauth.text import one_line
from ...settings.config_toml import load_config, seconds
from ...settings.profile import resolve
from ..arguments import profile_name
from ..network import services_for, transport_for
from ..progress import ProgressReporter, host_of, server_lines
from ..prompts import check_standard_input, confirm, confirm_meanwhile, pastes_of
from ..settings_flags import settings_arguments, settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

    from ...oauth.credential import Credential
    from ...seams import MaySwitch, MayTrust
    from ...settings.config_toml import Config
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    settings_arguments(parser)
    _how_arguments(parser.add_argument_group("how"))


def _how_arguments(how: Any) -> None:
    how.add_argument(
        "--if-needed",
        action="store_true",
        help="do nothing when the stored token is good or refreshable",
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
        help="code-credentials asks for a username and a password and opens no browser, for servers that have it",
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
    how.add_argument(
        "--no-browser", action="store_true", help="open nothing: print the address only"
    )
    how.add_argument(
        "--browser",
        metavar="COMMAND",
        help="the browser to open (default: BROWSER, else the desktop's)",
    )
    how.add_argument(
        "--timeout",
        metavar="TIME",
        type=seconds,
        help="how long to wait, such as 90s or 5m (default: 5m)",
    )
    how.add_argument(
        "--ca-bundle", metavar="FILE", help="PEM certificates to trust besides the system's"
    )


def run(arguments: Namespace, console: Console) -> int:
    if console.is_process:
        listen_for_interrupts()
    check_standard_input(arguments)
    place = home(console.environ)
    name = profile_name(arguments, place, console.environ)
    store, config = FileStore(place), load_config(place)
    stored = _stored(store, name, console, leaves_keyring=arguments.storage == "file")
    if (
        arguments.if_needed
        and stored
        and (
            is_refreshable(stored)
            or not (stored.get("refused") or has_expired(stored, at=time.time()))
        )
    ):
        return _signed_in_already(stored, name, console)
    flags = settings_of(arguments, console)
    profile = resolve(
        name,
        flags=flags,
        environ=console.environ,
        config=config,
        stored=stored,
        find_provider=lambda provider: load_provider(provider, place),
    )
    if arguments.manual:
        return _begin(profile, arguments, place, console)
    with store.tracking_changes(name):
        credential = _sign_in(profile, arguments, store, console)
    report(credential, store, console)
    if (
        flags
        and name not in config.profiles
        and console.interactive
        and not (arguments.no_input or console.json)
    ):
        _offer_profile(credential, config, console)
    return 0


def _stored(
    store: FileStore, name: str, console: Console, *, leaves_keyring: bool
) -> Mapping[str, Any] | None:
    """
    Give what the last sign-in left; a damaged file is told and set aside, and does not keep anybody
    from signing in.

    Nor does a keyring that is out of reach keep anybody from leaving it.
    """
    try:
        return store.load(name)
    except (StoreDamaged, KeyringUnavailable) as error:
        if isinstance(error, KeyringUnavailable) and not leaves_keyring:
            raise
        ProgressReporter(console)(Warned(code=error.code, message=error.message))
        return None


def _begin(profile: Profile, arguments: Namespace, place: str, console: Console) -> int:
    from ...edge.files.pending_logins import PendingSignIns
    from ...flows.login.manual import PENDING_S, begin

    talk = ProgressReporter(console)
    for note in profile.notes:
        talk(Warned(code="login-url-read", message=note))
    request = run_story(
        begin(
            profile,
            services_for(profile, FileStore(place), talk, console.environ),
            pending=PendingSignIns(place),
            rediscover=arguments.refresh_metadata,
            preflight=arguments.preflight,
            may_trust=may_trust(arguments, console),
        )
    )
    server = request.server
    for line in server_lines(server.issuer, server.other_hosts):
        console.say(line)
    console.say("Open this address in any browser, on any machine, and sign in:")
    console.result(
        request.url,
        {
            "url": request.url,
            "redirect_uri": request.redirect_uri,
            "issuer": server.issuer,
            "other_hosts": server.other_hosts,
            "finish_within_s": PENDING_S,
        },
    )
    console.say(f"You end at {request.redirect_uri}, which may show nothing, or an error.")
    console.say(
        f"Within 15 minutes: loopback-auth exchange {profile.name}   and paste that whole address."
    )
    return 0


def _sign_in(
    profile: Profile, arguments: Namespace, store: FileStore, console: Console
) -> Credential:
    if arguments.flow == "code-credentials":
        from ..credentials import sign_in

        return sign_in(profile, store, console, may_switch=may_switch(arguments, console))
    talk = ProgressReporter(console)
    return run_story(
        login(
            profile,
            store=store,
            transport=transport_for(profile.get("ca_bundle"), talk, console.environ),
            browser=None if arguments.no_browser else open_browser,
            environ=console.environ,
            notify=talk,
            timeout_s=profile.get("timeout", TIMEOUT_S),
            rediscover=arguments.refresh_metadata,
            preflight=arguments.preflight,
            may_switch=may_switch(arguments, console),
            may_trust=may_trust(arguments, console),
            pastes=pastes_of(arguments, console),
        )
    )


def may_switch(arguments: Namespace, console: Console) -> MaySwitch | None:
    """
    Say who decides whether another account may take the place of the one that the
    profile holds.
    """
    if not (arguments.switch_account or _may_ask(arguments, console)):
        return None

    async def decide(held: str, new: str) -> bool:
        names = f"This profile holds {one_line(held)}, and {one_line(new)} signed in."
        return arguments.switch_account or await confirm_meanwhile(
            f"{names} Replace it? [y/N] ", console
        )

    return decide


def may_trust(arguments: Namespace, console: Console) -> MayTrust | None:
    """
    Say who decides whether a code may go to a host that only the server's metadata ties to its
    sign-in page.
    """
    if not _may_ask(arguments, console):
        return None

    async def decide(issuer: str, page: str, token: str) -> bool:
        console.say(
            f"{issuer} has you sign in at {page}, and would redeem the code of that at {token}."
        )
        console.say(
            "Their names do not tell that both have one owner; a false issuer would do just that."
        )
        return await confirm_meanwhile(f"Do both belong to whoever runs {issuer}? [y/N] ", console)

    return decide


def _may_ask(arguments: Namespace, console: Console) -> bool:
    return console.interactive and not (arguments.no_input or console.json or console.quiet)


def report(credential: Credential, store: FileStore, console: Console) -> None:
    from ...oauth.credential import to_rfc3339
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
    console.say(
        f"Tokens of the profile {credential.profile}: {kept_told(kept(credential.profile, store))}"
    )
    console.say(
        f"Signed in as {who.name if who else 'somebody the server does not name'} at {host}."
    )


def _signed_in_already(stored: Mapping[str, Any], name: str, console: Console) -> int:
    who = (stored.get("identity") or {}).get("name")
    console.result("", {"profile": name, "signed_in": True, "identity": stored.get("identity")})
    console.say(f"Signed in as {one_line(str(who))} already." if who else "Signed in already.")
    return 0


def _offer_profile(credential: Credential, config: Config, console: Console) -> None:
    from ...settings.config_writer import profile_text, write_profile

    console.say(f"\nTo keep these settings where you can edit them, {config.path} would get:\n")
    name, secret_env = credential.profile, credential.client_secret_env
    console.say(profile_text(name, credential.settings, secret_env))
    console.flush()
    if confirm("Write that? [y/N] ", console):
        home_folder = os.path.dirname(config.path)
        write_profile(home_folder, name, credential.settings, secret_env, may_replace=False)
        console.say(f"Written to {config.path}.")
