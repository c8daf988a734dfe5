"""
`init`: from nothing to a profile: says what to click at the provider, asks for what that gives, and
has the doctor look at it.
"""

from __future__ import annotations

from argparse import Namespace

from ...errors import Cancelled, LoopbackAuthError
from ...notices import Warned
from ...settings.config_toml import config_path
from ...settings.config_writer import profile_exists, write_profile
from ...settings.kinds import duration_text
from ..machine import setup as machine
from ..new_profile.answers import (
    api_base,
    as_registered,
    asked_timeout,
    client_id,
    client_secret,
    given_settings,
    with_stored_secret,
)
from ..new_profile.server import (
    Server,
    asked_login_url,
    chosen_server,
    flags_given,
    given,
    read_names,
)
from ..project.ide import ide_arguments, run_ide
from ..project.keepalive import keepalive_argument, run_keepalive
from ..project.writing import ProjectWriter
from ..prompts import confirm
from ..settings_flags import add_setting, secret_arguments
from ..terminal.screen import fitted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ...providers import Provider
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "provider", nargs="?", metavar="PROVIDER", help="a kind of server: loopback-auth providers"
    )
    parser.profile_argument()
    parser.add_argument(
        "--provider", dest="provider_option", metavar="NAME", help="the same as PROVIDER"
    )
    add_setting(parser, "issuer", "any other server: the address of your company's login")
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
    parser.add_argument(
        "--api-base", metavar="URL", help="the address of your API: loopback-auth api /path"
    )
    add_setting(parser, "ca_bundle")
    parser.add_argument("--force", action="store_true", help="replace a profile of that name")
    parser.add_argument("--no-doctor", action="store_true", help="do not check that it works")
    keepalive_argument(parser)
    ide_arguments(parser)


def run(context: Context) -> int:
    """Write a profile; return the exit status of the doctor that looks at it."""
    if context.arguments.ide:
        return run_ide(context)
    if context.arguments.keepalive:
        return run_keepalive(context)
    try:
        name, written = _new_profile(context)
    except LoopbackAuthError as error:
        error.facts.setdefault("init", flags_given(context))
        raise
    return _finish(name, written, context)


def _new_profile(context: Context) -> tuple[str, dict[str, Any]]:
    """Write the profile; return its name, and what was written."""
    read_names(context)
    project = ProjectWriter(context) if context.arguments.project else None
    _explain(context)
    if named := context.arguments.provider:
        # What an option gets wrong is said before the first question, if it can be known by then.
        given_settings(Server(context.provider(named), {"provider": named}), context)
    may_replace = _may_replace(project.profiles if project else context.config.profiles, context)
    # Until the key of a machine is made, or the profile written.
    context.console.nothing_sent = True
    server = chosen_server(context)
    provider = server.provider
    flags = {**given_settings(server, context), **asked_login_url(server, context)}
    context.console.nothing_sent = not machine.is_machine(context)
    flags.update(machine.machine_settings(context))
    profile = context.profile_from(flags=flags)
    profile.check_server()
    setup = _setup(profile, provider, context)
    flags["client_id"] = client_id(provider, context)
    if not project:
        # It stands beside the client ID: what is pasted next is to meet a question that hides it.
        flags.update(client_secret(provider, flags["client_id"], context))
    flags = as_registered(profile, provider, flags, context)
    if not project:
        flags.update(asked_timeout(provider, context))
    flags.update(api_base(provider, context))
    context.console.nothing_sent = False
    settings = _settings_of(context.profile_from(flags=with_stored_secret(flags, context)))
    if project:
        name, path = project.write(context.profile_name, settings), project.path
    else:
        name, path = context.profile_name, config_path(context.home)
        write_profile(context.home, name, settings, may_replace=may_replace)
    done = f"The profile {context.profile_name} is written to {path}."
    context.console.say(f"\n{done}", draw=lambda sheet: f"\n{sheet.done(done)}")
    if project:
        context.console.say(
            f"Commit it: git add {path}; whoever clones it types: {project.command}"
        )
    return name, {"path": path, "setup": setup, "settings": settings}


def _explain(context: Context) -> None:
    """Say what comes, before anything is asked."""
    if context.console.may_ask and not machine.is_machine(context):
        context.console.say(
            f"This sets up the profile {context.profile_name}. You say where you sign in,"
            " register this program there as shown, and paste the client ID that you get."
            " Nothing is saved before the last answer; Ctrl-C stops.\n"
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
        raise profile_exists(name, **given(context))
    if not confirm(f"There is a profile {name} already. Replace it? [y/N] ", context.console):
        raise Cancelled(
            f"the profile {name} stays as it is",
            cause="You did not say yes.",
            fix="give the new one a name of its own: `loopback-auth init [{provider}] -p NAME`",
            **given(context),
        )
    return True


def _setup(profile: Profile, provider: Provider, context: Context) -> str:
    """Print and return what to click at the provider."""
    for note in profile.notes:
        context.notify(Warned(code="setting-read", message=note))
    scope = " ".join(profile.get("scope") or ()) or provider.scope or ""
    setup = machine.machine_setup(profile, provider, context.home)
    setup = setup or provider.setup_for(profile.redirect_uris, scope or "none")
    if not (console := context.console).json:
        text = f"What to register at {provider.title}:\n\n{setup}\n"
        console.raw(fitted(text, console.stdout, console.environ))
    return setup


def _settings_of(profile: Profile) -> dict[str, Any]:
    """Return the profile's settings as they stand in a file."""
    settings = {name: setting.value for name, setting in profile.settings.items()}
    settings = {name: list(v) if isinstance(v, tuple) else v for name, v in settings.items()}
    if "access_token_lifetime" in settings:
        settings["access_token_lifetime"] = duration_text(settings["access_token_lifetime"])
    if "scope" in settings:
        settings["scope"] = " ".join(settings["scope"])
    return settings


def _finish(name: str, written: dict[str, Any], context: Context) -> int:
    """Have the doctor look at what was written; return its exit status."""
    from ..examination import examination_document, examine_profile, tell_outcome

    console = context.console
    result = {"profile": name, **written}
    if context.arguments.no_doctor:
        console.result("", {**result, "doctor": None})
        console.say("Sign in:", command=f"loopback-auth login {context.profile_name}")
        return 0
    # A project's profile is another one in the store than the one that was named.
    named = {"profile": name, "profile_option": None, "is_new": False}
    own = named if context.arguments.project else {}
    # Another context, which reads the configuration as it is now.
    again = context.with_arguments(Namespace(**{**vars(context.arguments), **own}))
    if machine.is_machine(again):
        return machine.check_by_minting(result, again)
    checks = examine_profile(name, again, is_brief=True)
    if console.json:
        console.document({**result, "doctor": examination_document(name, checks)})
    status = tell_outcome(name, checks, console)
    if any(check.code in ("redirect-uri-mismatch", "invalid-client-id") for check in checks):
        command = f"loopback-auth doctor {name} --wait"
        console.say("A new app takes up to ten minutes:", command=command)
    elif status:
        command = f"loopback-auth doctor {name}"
        console.say(f"Then, or after a change in {written['path']}:", command=command)
    return status
