"""
`init`: from nothing to a profile: says what to click at the provider, asks for what that gives, and
has the doctor look at it.
"""

from __future__ import annotations

import os
from argparse import Namespace
from urllib.parse import urlsplit

from ...edge.files.provider_files import provider_names
from ...errors import Cancelled, UsageError
from ...notices import Warned
from ...oauth.secret import Secret
from ...providers.login_host import own_host, whom_it_serves
from ...settings.client import check_client_id, trimmed_secret
from ...settings.config_toml import config_path
from ...settings.kinds import CLIENT_ID, duration_text, port_number
from ...settings.session_timeout import session_timeout, timeout_choices
from ..machine import setup as machine
from ..project.ide import ide_arguments, run_ide
from ..project.keepalive import keepalive_argument, run_keepalive
from ..project.writing import ProjectWriter
from ..prompts import ask, ask_unseen, confirm
from ..settings_flags import add_setting, secret_arguments, typed_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ...providers import Provider
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "provider", nargs="?", metavar="PROVIDER", help="a kind of server: loopback-auth providers"
    )
    parser.profile_argument()
    parser.set_defaults(is_new=True)
    parser.add_argument(
        "--project",
        action="store_true",
        help="write it into this repository, for all who clone it: loopback-auth help team",
    )
    add_setting(parser, "login_url", "the login host, where the provider has several")
    add_setting(parser, "client_id", "the client ID that the app has got")
    for name in ("flow", "subject", "key_file", "key_env", "audience"):
        add_setting(parser, name)
    secret_arguments(parser)
    add_setting(parser, "scope")
    add_setting(parser, "port", "the callback's port (repeatable)")
    add_setting(parser, "redirect_uris", "a callback the app has already (repeatable)")
    parser.add_argument(
        "--session-timeout",
        metavar="TIME",
        help="the app's, where the provider has several: 15m, 2h, ...",
    )
    parser.add_argument("--force", action="store_true", help="replace a profile of that name")
    parser.add_argument("--no-doctor", action="store_true", help="do not look whether it works")
    keepalive_argument(parser)
    ide_arguments(parser)


def run(context: Context) -> int:
    """Write a profile; return the exit status of the doctor that looks at it."""
    if context.arguments.ide:
        return run_ide(context)
    if context.arguments.keepalive:
        return run_keepalive(context)
    project = ProjectWriter(context) if context.arguments.project else None
    provider = context.provider(_provider_name(context))
    may_replace = _may_replace(project.profiles if project else context.config.profiles, context)
    flags = _asked_before(provider, context)
    flags.update(machine.machine_settings(provider, context))
    profile = context.profile_from(flags=flags)
    profile.check_server()
    setup = _setup(profile, provider, context)
    flags["client_id"] = check_client_id(CLIENT_ID.meant(_client_id(provider, context)), "as given")
    if (
        not project
        and context.console.may_ask
        and context.arguments.session_timeout is None
        and provider.session_timeouts
    ):
        flags.update(_asked_timeout(provider, context.console))
    if not project and context.arguments.flow != "jwt-bearer":
        flags.update(_secret(provider, context))
    settings = _settings_of(context.profile_from(flags=flags))
    if project:
        name, path = project.write(context.profile_name, settings), project.path
    else:
        name, path = context.profile_name, config_path(context.home)
        _write(settings, context, may_replace=may_replace)
    context.console.say(f"\nThe profile {context.profile_name} is written to {path}.\n")
    if project:
        context.console.say(
            f"Commit it: git add {path}; whoever clones it types: {project.command}\n"
        )
    return _finish(name, {"path": path, "setup": setup, "settings": settings}, context)


def _provider_name(context: Context) -> str:
    if context.arguments.provider:
        return str(context.arguments.provider)
    names = ", ".join(provider_names(context.home))
    if context.console.may_ask and (name := ask(f"Provider ({names})", context.console)):
        return name
    raise UsageError(
        "PROVIDER is missing",
        cause=f"It says what kind of server the profile is for: {names}.",
        fix="`loopback-auth init PROVIDER {profile}`; for any other server:"
        " `loopback-auth login {profile} --issuer URL --client-id ID`",
    )


def _may_replace(profiles: Collection[str], context: Context) -> bool:
    """
    Return whether a profile of that name may be replaced, which may be one of *profiles*.

    Raises:
        UsageError: There is one, and the person cannot be asked.
        Cancelled: The person wants to keep it.
    """
    name, force = context.profile_name, bool(context.arguments.force)
    if force or name not in profiles:
        return force
    if not context.console.may_ask:
        from ...settings.config_writer import profile_exists

        raise profile_exists(name, in_project=context.arguments.project)
    if not confirm(f"There is a profile {name} already. Replace it? [y/N] ", context.console):
        raise Cancelled(f"the profile {name} stays as it is")
    return True


def _asked_before(provider: Provider, context: Context) -> dict[str, Any]:
    """Return what has to be known before an app is registered, where it is not the provider's."""
    arguments = context.arguments
    login_url, scope, ports = arguments.login_url, arguments.scope, arguments.port
    usual_port = urlsplit(provider.redirect_uris[0]).port
    if context.console.may_ask:
        login_url = login_url or _asked_login_url(provider, context.console)
        if scope is None and not machine.is_machine(context):
            scope = tuple(ask("Scopes", context.console, usual=provider.scope or "").split())
        if usual_port and not (ports or arguments.redirect_uris or machine.is_machine(context)):
            port = ask("Port of the callback", context.console, usual=str(usual_port))
            ports = [_port(port)]
    flags: dict[str, Any] = {"provider": provider.name}
    if arguments.session_timeout is not None:
        flags.update(session_timeout(arguments.session_timeout, provider))
    if login_url and login_url != provider.login_url:
        flags["login_url"] = login_url
    if scope and scope != tuple((provider.scope or "").split()):
        flags["scope"] = scope
    if arguments.redirect_uris:
        flags["redirect_uris"] = tuple(arguments.redirect_uris)
    if ports and ports != [usual_port]:
        flags["port"] = tuple(ports)
    return flags


def _asked_login_url(provider: Provider, console: Console) -> str | None:
    if not provider.login_url:
        return None
    if shared := whom_it_serves(provider.login_url, provider.login_hosts):
        console.say(f"{provider.login_url}: {shared} ({own_host(provider.login_hosts)})")
    return ask("Login host", console, usual=provider.login_url)


def _asked_timeout(provider: Provider, console: Console) -> dict[str, float]:
    """Return the setting for the session timeout, asked for until the answer is one."""
    question = f"Session timeout of the app ({timeout_choices(provider)})"
    default_s = provider.access_token_lifetime
    while True:
        answer = ask(question, console, usual=duration_text(default_s) if default_s else "")
        if not answer:
            return {}
        try:
            return session_timeout(answer, provider)
        except UsageError:
            console.say(f"{answer[:40]} is not one of them.")


def _port(text: str) -> int:
    try:
        return port_number(text)
    except ValueError:
        raise UsageError(
            "the port must be a number from 0 to 65535",
            cause="The callback listens on it; 0 is any free one, which few servers allow.",
            fix="`loopback-auth init PROVIDER {profile} --port 1717`",
        ) from None


def _setup(profile: Profile, provider: Provider, context: Context) -> str:
    """Print and return what to click at the provider."""
    for note in profile.notes:
        context.notify(Warned(code="setting-read", message=note))
    scope = " ".join(profile.get("scope") or ()) or provider.scope or ""
    setup = machine.machine_setup(profile, provider, context.home)
    setup = setup or provider.setup_for(profile.redirect_uris, scope)
    if not context.console.json:
        context.console.raw(f"What to enter at {provider.title}:\n\n{setup}\n")
    return setup


def _client_id(provider: Provider, context: Context) -> str:
    client_id = str(context.arguments.client_id or "").strip()
    if not client_id and context.console.may_ask:
        name = provider.client_id_label or "Client ID"
        client_id = ask(f"{name} (from the step above)", context.console)
    if not client_id and machine.is_machine(context):
        raise machine.client_id_missing(provider, context)
    if not client_id:
        raise UsageError(
            "--client-id is missing",
            cause="The app that was registered as told has one,"
            " and there is no terminal to ask for it on.",
            fix="`loopback-auth init {provider} {profile} --client-id ID`",
            provider=provider.name,
            profile=context.profile_name,
        )
    return client_id


def _secret(provider: Provider, context: Context) -> dict[str, Any]:
    """Return where the client secret is; one that is typed goes into a file of its own."""
    arguments, console = context.arguments, context.console
    if arguments.client_secret_env:
        return {"client_secret_env": arguments.client_secret_env}
    if arguments.client_secret_file:
        return {"client_secret_file": os.path.abspath(arguments.client_secret_file)}
    secret, method = typed_secret(arguments, console), provider.token_endpoint_auth_method
    if secret is None and console.may_ask and method != "none":
        secret = _asked_secret(console)
    if secret is None:
        return {}
    from ...edge.files.client_secrets import write_client_secret

    path = write_client_secret(context.home, context.profile_name, secret)
    console.say(f"The client secret is kept in {path}, readable by you alone.")
    return {"client_secret_file": path}


def _asked_secret(console: Console) -> Secret | None:
    question = "Client secret (empty if the app needs none): "
    secret = Secret(ask_unseen(question, console, what="the client secret"))
    return trimmed_secret(secret, "as given") or None


def _settings_of(profile: Profile) -> dict[str, Any]:
    """Return the profile's settings as they stand in a file."""
    settings = {name: setting.value for name, setting in profile.settings.items()}
    settings = {name: list(v) if isinstance(v, tuple) else v for name, v in settings.items()}
    if "access_token_lifetime" in settings:
        settings["access_token_lifetime"] = duration_text(settings["access_token_lifetime"])
    if "scope" in settings:
        settings["scope"] = " ".join(settings["scope"])
    return settings


def _write(settings: dict[str, Any], context: Context, *, may_replace: bool) -> None:
    from ...settings.config_writer import write_profile

    home, name, env = context.home, context.profile_name, settings.pop("client_secret_env", None)
    write_profile(home, name, settings, env, may_replace=may_replace)


def _finish(name: str, written: dict[str, Any], context: Context) -> int:
    """Have the doctor look at what was written; return its exit status."""
    from ..examination import examination_document, examine_profile, tell_outcome

    console = context.console
    result = {"profile": name, **written}
    if context.arguments.no_doctor:
        console.result("", {**result, "doctor": None})
        console.say(f"Sign in: loopback-auth login {context.profile_name}")
        return 0
    # Another context, which reads the configuration as it is now.
    named = {"profile": name, "profile_option": None, "is_new": False}
    arguments = Namespace(**{**vars(context.arguments), **named})
    again = context.with_arguments(arguments)
    if machine.is_machine(again):
        return machine.check_by_minting(result, again)
    checks = examine_profile(name, again)
    if console.json:
        console.document({**result, "doctor": examination_document(name, checks)})
    status = tell_outcome(name, checks, console)
    if any(check.code in ("redirect-uri-mismatch", "invalid-client-id") for check in checks):
        console.say(f"A new app takes up to ten minutes: loopback-auth doctor {name} --wait")
    return status
