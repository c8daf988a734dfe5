"""The settings of a new profile: from the options of `init`, or asked for on a terminal."""

from __future__ import annotations

import os
from functools import partial
from urllib.parse import urlsplit

from ...edge.callback.listeners import with_port
from ...edge.http.tls import Trust
from ...errors import UsageError
from ...oauth.authorize.redirect_uri import registered
from ...settings.kinds import duration_text
from ...settings.session_timeout import session_timeout, timeout_choices
from ...settings.table import GRANT
from ...settings.unused import refuse_unused
from ..machine.setup import is_machine
from ..settings_flags import typed_secret
from .questions import (
    api_base_of,
    ask_secret,
    ask_until_usable,
    callback_of,
    client_id_of,
    other_than,
)
from .server import given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...providers import Provider
    from ...settings.profile import Profile
    from ..context import Context
    from .server import Server


def given_settings(server: Server, context: Context) -> dict[str, Any]:
    """
    Return the settings of the new profile that are known without a question.

    Raises:
        LoopbackAuthError: An option is of no use at *server*, or cannot have this value: that is
            said before a person is asked for the others.
    """
    arguments, provider = context.arguments, server.provider
    flags = {**server.settings, **_given_callback(provider, context)}
    if arguments.session_timeout is not None:
        flags.update(session_timeout(arguments.session_timeout, provider))
    if arguments.login_url and arguments.login_url != provider.login_url:
        flags["login_url"] = arguments.login_url
    if arguments.scope and list(arguments.scope) != (provider.scope or "").split():
        flags["scope"] = tuple(arguments.scope)
    if arguments.ca_bundle:
        flags["ca_bundle"] = os.path.abspath(arguments.ca_bundle)
        Trust(flags["ca_bundle"], context.environ)
    if str(arguments.client_id or "").strip():
        client_id_of(arguments.client_id.strip())
    if arguments.api_base:
        api_base_of(arguments.api_base)
    # As they were pasted, for the notes.
    given = {name: getattr(arguments, name, None) for name in ("client_id", "api_base", *GRANT)}
    flags.update({name: value for name, value in given.items() if value})
    profile = context.profile_from(flags=flags)
    refuse_unused(profile.settings, provider if provider.name else None, profile=profile.name)
    if not profile.is_machine:
        _ = profile.redirect_uris
    return flags


def _given_callback(provider: Provider, context: Context) -> dict[str, Any]:
    uris, ports = context.arguments.redirect_uris, context.arguments.port
    usual_port = urlsplit(provider.redirect_uris[0]).port
    flags: dict[str, Any] = {"redirect_uris": tuple(uris)} if uris else {}
    if not (provider.name or ports or uris or is_machine(context)):
        # Nothing else keeps the port of a server without a name.
        ports = [usual_port]
    if ports and (ports != [usual_port] or not provider.name):
        flags["port"] = tuple(ports)
    return flags


def as_registered(
    profile: Profile, provider: Provider, flags: dict[str, Any], context: Context
) -> dict[str, Any]:
    """Return *flags* with the scopes and the callback of the app, if it has not the usual ones."""
    arguments, console = context.arguments, context.console
    if not console.may_ask or profile.is_machine:
        return flags
    read = partial(other_than, flags.get("client_secret"))
    flags = dict(flags)
    if arguments.scope is None:
        usual = provider.scope or ""
        scope = ask_until_usable("Scopes", console, read(str.split), usual=usual)
        if scope != usual.split():
            flags["scope"] = tuple(scope)
    usual = profile.redirect_uris[0]
    if not (arguments.port or arguments.redirect_uris) and urlsplit(usual).port:
        uri = ask_until_usable(
            "Callback of the app, or its port",
            console,
            read(partial(callback_of, usual)),
            usual=usual,
        )
        if uri != usual:
            flags.pop("port", None)
            port = urlsplit(uri).port
            is_moved = port is not None and uri == with_port(usual, port)
            flags.update({"port": (port,)} if is_moved else {"redirect_uris": (uri,)})
            console.say(f"The app needs it exactly so: {registered(uri)}")
    return flags


def asked_timeout(provider: Provider, context: Context) -> dict[str, float]:
    """Return the setting for the session timeout, where the app has one of several."""
    arguments, default_s = context.arguments, provider.access_token_lifetime
    is_known = arguments.session_timeout is not None or not provider.session_timeouts
    if is_known or not context.console.may_ask:
        return {}
    return ask_until_usable(
        f"Session timeout of the app ({timeout_choices(provider)})",
        context.console,
        lambda answer: session_timeout(answer, provider) if answer else {},
        usual=duration_text(default_s) if default_s else "",
    )


def client_id(provider: Provider, context: Context) -> str:
    """
    Return the client ID that registering gave.

    Raises:
        UsageError: It is missing, and there is no terminal to ask on, or it has a blank in it.
    """
    given_id, console = str(context.arguments.client_id or "").strip(), context.console
    if not given_id and console.may_ask:
        name = provider.client_id_label or "client ID"
        read = partial(client_id_of, name=name, pattern=provider.client_id_pattern or ".+")
        question = f"{name[:1].upper()}{name[1:]} (from the steps above)"
        return ask_until_usable(question, console, read)
    if not given_id:
        raise UsageError(
            "--client-id is missing",
            cause="The client that was registered as shown has one,"
            " and there is no terminal to ask for it on.",
            fix="`loopback-auth init [{provider}] {profile} --client-id ID`",
            **given(context),
        )
    return client_id_of(given_id)


def client_secret(provider: Provider, client_id: str, context: Context) -> dict[str, Any]:
    """Return where the client secret is, or the one that is typed."""
    arguments, console = context.arguments, context.console
    if arguments.flow == "jwt-bearer":
        return {}
    if arguments.client_secret_env:
        return {"client_secret_env": arguments.client_secret_env}
    if arguments.client_secret_file:
        return {"client_secret_file": os.path.abspath(arguments.client_secret_file)}
    secret, method = typed_secret(arguments, console), provider.token_endpoint_auth_method
    if secret is None and console.may_ask and method != "none":
        secret = ask_secret(console, client_id)
    return {"client_secret": secret} if secret else {}


def api_base(provider: Provider, context: Context) -> dict[str, str]:
    """Return where the API is that the token is for, if the provider's file does not say."""
    url, console = context.arguments.api_base, context.console
    if url is None and console.may_ask and not (provider.api_base or is_machine(context)):
        question = "Address of your API, for loopback-auth api /path (empty: none)"
        url = ask_until_usable(question, console, lambda text: text and api_base_of(text))
    return {"api_base": api_base_of(url)} if url else {}


def with_stored_secret(flags: dict[str, Any], context: Context) -> dict[str, Any]:
    """Return *flags* with a typed secret in a file of its own, which the profile names."""
    if (secret := flags.pop("client_secret", None)) is None:
        return flags
    from ...edge.files.client_secrets import write_client_secret

    path = write_client_secret(context.home, context.profile_name, secret)
    context.console.say(f"The client secret is kept in {path}, readable by you alone.")
    return {**flags, "client_secret_file": path}
