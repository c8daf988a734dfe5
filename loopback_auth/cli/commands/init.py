"""
`init`: from nothing to a profile: says what to click at the provider, asks for what that gives, and
has the doctor look at it.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from ...edge.files.home import home
from ...edge.files.provider_files import load_provider, provider_names
from ...errors import Cancelled, UsageError
from ...notices import Warned
from ...oauth.secret import Secret
from ...providers.login_host import own_host, whom_it_serves
from ...settings.config_toml import config_path, load_config, parse_config
from ...settings.profile import resolve
from ..arguments import profile_name
from ..progress import ProgressReporter
from ..prompts import ask, ask_unseen, confirm
from ..session_timeout import asked_timeout, given_timeout, written_time
from ..settings_flags import port_number, secret_arguments, typed_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from ...providers import Provider
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "provider", nargs="?", metavar="PROVIDER", help="a kind of server: loopback-auth providers"
    )
    parser.profile_argument()
    parser.add_argument(
        "--login-url", metavar="URL", help="the login host, where the provider has several"
    )
    parser.add_argument("--client-id", metavar="ID", help="the client ID that the app has got")
    secret_arguments(parser)
    parser.add_argument("--scope", metavar='"A B"', help="scopes, separated by spaces")
    parser.add_argument(
        "--port",
        metavar="N",
        type=port_number,
        action="append",
        help="the callback's port (repeatable)",
    )
    parser.add_argument(
        "--redirect-uri",
        metavar="URL",
        action="append",
        help="a callback the app has already (repeatable)",
    )
    parser.add_argument(
        "--session-timeout",
        metavar="TIME",
        help="the app's, where the provider has several: 15m, 2h, ...",
    )
    parser.add_argument("--force", action="store_true", help="replace a profile of that name")
    parser.add_argument("--no-doctor", action="store_true", help="do not look whether it works")


def run(arguments: Namespace, console: Console) -> int:
    asks = console.interactive and not (arguments.no_input or console.json)
    place = home(console.environ)
    provider = load_provider(_provider_name(arguments, place, console, asks=asks), place)
    name = profile_name(arguments, place, console.environ)
    may_replace = _may_replace(name, place, console, force=arguments.force, asks=asks)
    flags = _asked_before(arguments, provider, console, asks=asks)
    setup = _setup(_profile(name, place, flags), console)
    flags["client_id"] = _client_id(arguments, f"{provider.name} {name}", console, asks=asks)
    if asks and arguments.session_timeout is None and provider.session_timeouts:
        flags.update(asked_timeout(provider, console))
    flags.update(_secret(arguments, provider, console, name=name, place=place, asks=asks))
    profile = _profile(name, place, flags)
    written = _write(profile, place, may_replace=may_replace)
    console.say(f"\nThe profile {name} is written to {config_path(place)}.\n")
    return _finish(
        profile,
        place,
        console,
        {"setup": setup, "settings": written},
        doctor=not arguments.no_doctor,
    )


def _provider_name(arguments: Namespace, place: str, console: Console, *, asks: bool) -> str:
    if arguments.provider:
        return str(arguments.provider)
    names = ", ".join(provider_names(place))
    if asks and (told := ask(f"Provider ({names})", console)):
        return told
    raise UsageError(
        "PROVIDER is missing",
        cause=f"It says what kind of server the profile is for: {names}.",
        fix="loopback-auth init PROVIDER; for any other server: loopback-auth login --issuer URL --client-id ID",
    )


def _may_replace(name: str, place: str, console: Console, *, force: bool, asks: bool) -> bool:
    if force or name not in load_config(place).profiles:
        return force
    if not asks:
        from ...settings.config_writer import profile_exists

        raise profile_exists(name)
    if not confirm(f"There is a profile {name} already. Replace it? [y/N] ", console):
        raise Cancelled(f"the profile {name} stays as it is")
    return True


def _asked_before(
    arguments: Namespace, provider: Provider, console: Console, *, asks: bool
) -> dict[str, Any]:
    """
    Give what has to be known before an app is registered; unasked, what the provider's
    file says.
    """
    login_url, scope, ports = arguments.login_url, arguments.scope, arguments.port
    if asks and not login_url and provider.login_url:
        if shared := whom_it_serves(provider.login_url, provider.login_hosts):
            console.say(f"{provider.login_url}: {shared} ({own_host(provider.login_hosts)})")
        login_url = ask("Login host", console, usual=provider.login_url)
    if asks and scope is None:
        scope = ask("Scopes", console, usual=provider.scope or "")
    usual = urlsplit(provider.redirect_uris[0]).port
    if asks and not ports and not arguments.redirect_uri and usual:
        ports = [_port(ask("Port of the callback", console, usual=str(usual)))]
    flags: dict[str, Any] = {"provider": provider.name}
    if arguments.session_timeout is not None:
        flags.update(given_timeout(arguments.session_timeout, provider))
    if login_url and login_url != provider.login_url:
        flags["login_url"] = login_url
    if scope and scope != provider.scope:
        flags["scope"] = tuple(scope.split())
    if arguments.redirect_uri:
        flags["redirect_uris"] = tuple(arguments.redirect_uri)
    if ports and ports != [usual]:
        flags["port"] = tuple(ports)
    return flags


def _port(text: str) -> int:
    try:
        return port_number(text)
    except ValueError:
        raise UsageError(
            "the port must be a number from 0 to 65535",
            cause="The callback listens on it; 0 is any free one, which few servers allow.",
            fix="loopback-auth init --port 1717",
        ) from None


def _profile(name: str, place: str, flags: dict[str, Any]) -> Profile:
    return resolve(
        name,
        flags=flags,
        environ={},
        config=parse_config("", ""),
        stored=None,
        find_provider=lambda provider: load_provider(provider, place),
    )


def _setup(profile: Profile, console: Console) -> str:
    """Print what to click at the provider."""
    provider = profile.provider
    assert provider is not None  # noqa: S101 - it was named
    for note in profile.notes:
        ProgressReporter(console)(Warned(code="login-url-read", message=note))
    scope = " ".join(profile.get("scope") or ()) or provider.scope or ""
    setup = provider.setup_for(profile.redirect_uris, scope)
    if not console.json:
        console.raw(f"What to enter at {provider.title}:\n\n{setup}\n")
    return setup


def _client_id(arguments: Namespace, what: str, console: Console, *, asks: bool) -> str:
    told = str(arguments.client_id or "").strip()
    if not told and asks:
        told = ask("Client ID (from the step above)", console)
    if not told:
        raise UsageError(
            "--client-id is missing",
            cause="The app that was registered as told has one, and there is no terminal to ask for it on.",
            fix=f"loopback-auth init {what} --client-id ID",
        )
    return told


def _secret(
    arguments: Namespace, provider: Provider, console: Console, *, name: str, place: str, asks: bool
) -> dict[str, Any]:
    """Give where the client secret is; one that is typed goes into a file of its own."""
    if arguments.client_secret_env:
        return {"client_secret_env": arguments.client_secret_env}
    if arguments.client_secret_file:
        return {"client_secret_file": os.path.abspath(arguments.client_secret_file)}
    secret = typed_secret(arguments, console)
    if secret is None and asks and provider.token_endpoint_auth_method != "none":  # noqa: S105 - the name of a method
        secret = _asked_secret(console)
    if secret is None:
        return {}
    from ...edge.files.client_secrets import keep_client_secret

    path = keep_client_secret(place, name, secret)
    console.say(f"The client secret is kept in {path}, readable by you alone.")
    return {"client_secret_file": path}


def _asked_secret(console: Console) -> Secret | None:
    question = "Client secret (empty if the app needs none): "
    secret = ask_unseen(question, console, what="the client secret").strip()
    return Secret(secret) if secret else None


def _write(profile: Profile, place: str, *, may_replace: bool) -> dict[str, Any]:
    from ...settings.config_writer import write_profile

    names = (
        "provider",
        "login_url",
        "client_id",
        "client_secret_file",
        "scope",
        "redirect_uris",
        "port",
    )
    values = {name: profile.get(name) for name in names if profile.get(name) is not None}
    settings = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    if lifetime_s := profile.get("access_token_lifetime"):
        settings["access_token_lifetime"] = written_time(lifetime_s)
    if "scope" in settings:
        settings["scope"] = " ".join(settings["scope"])
    secret_env = profile.client_secret_env
    write_profile(place, profile.name, settings, secret_env, may_replace=may_replace)
    return settings


def _finish(
    profile: Profile, place: str, console: Console, written: dict[str, Any], *, doctor: bool
) -> int:
    """Have the doctor look at what was written; its exit status is ours."""
    from .doctor import document, examined, told

    name, result = profile.name, {"profile": profile.name, "path": config_path(place), **written}
    if not doctor:
        console.result("", {**result, "doctor": None})
        console.say(f"Sign in: loopback-auth login {name}")
        return 0
    checks = examined(name, place, console)
    if console.json:
        console.document({**result, "doctor": document(name, checks)})
    status = told(name, checks, console)
    if any(check.code in ("redirect-uri-mismatch", "invalid-client-id") for check in checks):
        console.say(f"A new app takes up to ten minutes: loopback-auth doctor {name} --wait")
    return status
