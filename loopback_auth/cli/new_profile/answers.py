"""The settings of a new profile: from the options of `init`, or asked for on a terminal."""

from __future__ import annotations

import os
from functools import partial
from urllib.parse import urlsplit

from ...errors import UsageError
from ...settings.kinds import duration_text
from ...settings.session_timeout import session_timeout, timeout_choices
from ..machine.setup import is_machine
from ..settings_flags import typed_secret
from .questions import api_base_of, ask_secret, ask_until_usable, client_id_of, port_of
from .server import asked_login_url, given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...providers import Provider
    from ..console import Console
    from ..context import Context
    from .server import Server


def asked_before(server: Server, context: Context) -> dict[str, Any]:
    """Return what has to be known before an app is registered, where it is not the provider's."""
    arguments, console, provider = context.arguments, context.console, server.provider
    login_url, scope, ports = arguments.login_url, arguments.scope, arguments.port
    usual_port = urlsplit(provider.redirect_uris[0]).port
    signs_in = not is_machine(context)
    if console.may_ask:
        login_url = login_url or asked_login_url(server, context)
        if scope is None and signs_in:
            scope = ask_until_usable("Scopes", console, str.split, usual=provider.scope or "")
    if usual_port and signs_in and not (ports or arguments.redirect_uris):
        ports = [_port(usual_port, console)]
    flags: dict[str, Any] = {}
    if arguments.session_timeout is not None:
        flags.update(session_timeout(arguments.session_timeout, provider))
    if login_url and login_url != provider.login_url:
        flags["login_url"] = login_url
    if scope and list(scope) != (provider.scope or "").split():
        flags["scope"] = tuple(scope)
    if arguments.redirect_uris:
        flags["redirect_uris"] = tuple(arguments.redirect_uris)
    # Nothing else keeps the port of a server without a name.
    if ports and (ports != [usual_port] or not provider.name):
        flags["port"] = tuple(ports)
    if arguments.ca_bundle:
        flags["ca_bundle"] = os.path.abspath(arguments.ca_bundle)
    # As they were pasted, for the notes; they are read and checked where they are asked for.
    pasted = {name: getattr(arguments, name) for name in ("client_id", "api_base")}
    return {**flags, **{name: value for name, value in pasted.items() if value}}


def _port(usual: int, console: Console) -> int:
    if not console.may_ask:
        return usual
    return ask_until_usable("Port of the callback", console, port_of, usual=str(usual))


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
        read = partial(client_id_of, name=name, pattern=provider.client_id_pattern)
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


def client_secret(provider: Provider, context: Context) -> dict[str, Any]:
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
        secret = ask_secret(console)
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
