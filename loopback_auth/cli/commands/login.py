"""`login`: sign in through the browser and store the tokens."""

from __future__ import annotations

from argparse import BooleanOptionalAction

from ...edge.process.event_loop import run as run_coroutine
from ...notices import Warned
from ...oauth.text import one_line
from ..credential.options import given_token
from ..progress import server_lines
from ..prompts import (
    check_standard_input,
    confirm,
    may_trust,
)
from ..settings_flags import settings_arguments, settings_of
from ..signing_in.sign_in import is_good_enough, sign_in, stored_sign_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...oauth.credential import Credential
    from ...oauth.secret import Secret
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()
    how = settings_arguments(parser)
    _how_arguments(how)
    _way_arguments(how)


def _how_arguments(how: Any) -> None:
    how.add_argument(
        "--refresh-metadata", action="store_true", help="ask the server for its endpoints again"
    )
    how.add_argument(
        "--if-needed",
        action="store_true",
        help="do nothing when the stored token is valid or can be refreshed",
    )
    how.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account replace the one in this profile",
    )
    how.add_argument(
        "--preflight",
        action=BooleanOptionalAction,
        default=None,
        help="ask the server for its sign-in page before a browser does (default:"
        " as the provider says)",
    )


def _way_arguments(how: Any) -> None:
    how.add_argument(
        "--device",
        action="store_true",
        help="sign in with a code that you enter in any browser, on any device, for servers that"
        " have that (RFC 8628)",
    )
    how.add_argument(
        "--manual",
        action="store_true",
        help="only print the address; what you paste finishes it within 15 minutes:"
        " loopback-auth exchange",
    )
    how.add_argument(
        "--paste",
        action="store_true",
        help="take the answer, or an error that the browser shows, from standard input,"
        " too (a terminal needs no --paste)",
    )
    how.add_argument(
        "--no-browser", action="store_true", help="open nothing: print the address only"
    )
    how.add_argument(
        "--bind",
        metavar="ADDR[:PORT]",
        help="listen there, for a port forward of a container or a proxy (loopback-auth help"
        " remote); opens nothing",
    )


def run(context: Context) -> int:
    """Sign in, store the tokens and print who has signed in."""
    arguments = context.arguments
    context.listen_for_interrupts()
    check_standard_input(arguments)
    if arguments.if_needed and given_token(context.environ):
        return _has_token_already(context)
    name, config, console = context.profile_name, context.config, context.console
    stored = stored_sign_in(context)
    if arguments.if_needed and stored and is_good_enough(stored):
        return _signed_in_already(stored, context)
    flags = settings_of(arguments, console)
    profile = context.profile(stored, flags=flags)
    if arguments.manual and not profile.is_machine:
        return _begin(profile, context)
    with context.store.tracking_changes(name):
        credential = run_coroutine(sign_in(profile, context))
    from ..views import report_sign_in

    report_sign_in(credential, context)
    if "client_secret" in flags:
        _keep_secret(flags["client_secret"], profile, context)
    _warn_of_another(profile, flags, context)
    is_kept = bool(context.chosen.project) or name in config.profiles
    if flags and not is_kept and console.may_ask:
        _offer_profile(credential, context)
    return 0


def _keep_secret(secret: Secret, profile: Profile, context: Context) -> None:
    """Write the typed *secret*, which was accepted, over the one that `init` keeps in a file."""
    from ...edge.files.client_secrets import own_files, write_client_secret

    name, kept = context.profile_name, context.config.profile(context.profile_name)
    path, _ = kept.get("client_secret_file", ("", ""))
    named = [key for key in ("issuer", "login_url", "client_id") if key in kept]
    is_same_client = all(kept[key][0] == profile.get(key) for key in named)
    if is_same_client and path == own_files(context.home, name)[0]:
        write_client_secret(context.home, name, secret)


def _warn_of_another(profile: Profile, flags: Mapping[str, Any], context: Context) -> None:
    """Say where config.toml names another server or client than *flags*: the next login has it."""
    kept = context.config.profile(context.profile_name)
    for name in ("issuer", "login_url", "client_id"):
        value, source = kept.get(name, (None, ""))
        if value and name in flags and value not in (flags[name], profile.get(name)):
            message = f"{source} still has {name} = {value}: change it, or the next login uses it"
            context.notify(Warned(code="setting-read", message=message))


def _signed_in_already(stored: Mapping[str, Any], context: Context) -> int:
    who, console = (stored.get("identity") or {}).get("name"), context.console
    document = {"profile": context.profile_name, "signed_in": True}
    console.result("", {**document, "identity": stored.get("identity")})
    console.say(f"Signed in as {one_line(str(who))} already." if who else "Signed in already.")
    return 0


def _has_token_already(context: Context) -> int:
    """Say that the environment hands over a token, which the other commands use."""
    context.console.result("", {"profile": context.profile_name, "signed_in": True})
    context.console.say("LOOPBACK_AUTH_TOKEN is set: its token is used, and no sign-in is needed.")
    return 0


def _begin(profile: Profile, context: Context) -> int:
    """Print where to sign in, for `exchange` to finish."""
    from ...edge.files.pending_logins import PendingSignIns
    from ...flows.login.manual import PENDING_S, begin

    arguments, console = context.arguments, context.console
    request = run_coroutine(
        begin(
            profile,
            context.services(profile),
            pending=PendingSignIns(context.home),
            rediscover=arguments.refresh_metadata,
            preflight=arguments.preflight,
            may_trust=may_trust(context),
        )
    )
    server, uri = request.server, request.redirect_uri
    for line in server_lines(server.issuer, server.other_hosts):
        console.say(line)
    console.say("Open this address in any browser, on any machine, and sign in:")
    document = {"url": request.url, "redirect_uri": uri, "issuer": server.issuer}
    command = f"loopback-auth exchange {profile.name}"
    more = {
        "other_hosts": server.other_hosts,
        "finish_within_s": PENDING_S,
        "next_step": command,
    }
    console.result(request.url, {**document, **more})
    console.say(f"You end at {uri}, which may show nothing, or an error.")
    console.say("Paste that whole address within 15 minutes:", command=command)
    return 0


def _offer_profile(credential: Credential, context: Context) -> None:
    from ...edge.interaction.terminal import is_in_foreground
    from ...settings.config_writer import profile_text, write_profile
    from ..views import from_home

    console, path = context.console, context.config.path
    if console.stdin and not is_in_foreground(console.stdin.fileno()):
        # The question would stop a sign-in that is done, and `wait` of a script would return.
        return
    shown = from_home(path, console.environ) if console.interactive else path
    console.say(f"\nThese settings can go into {shown}, where you can edit them:\n")
    names = ("client_secret_env", "client_secret_file")
    named = {name: value for name in names if (value := getattr(credential, name))}
    name, settings = credential.profile, {**credential.settings, **named}
    # No option gives it: it is the provider's own, or was learned.
    settings.pop("access_token_lifetime", None)
    text = profile_text(name, settings)
    # Whole, as it can be copied: a wrapped line of it is no TOML.
    console.say(text, draw=lambda _: text)
    if confirm("Write that? [y/N] ", console):
        write_profile(context.home, name, settings, may_replace=False)
        console.say(f"Written to {shown}.")
