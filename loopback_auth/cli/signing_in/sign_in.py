"""
One sign-in as its command line asks for it: in a browser, with a code, or with a password.

`login` has options for all of it; elsewhere `--login` means a sign-in without any of them.
"""

from __future__ import annotations

import time
from contextlib import suppress

from ...edge.interaction.browser import open_browser
from ...errors import KeyringUnavailable, LoopbackAuthError, StoreDamaged
from ...flows.login.browser import TIMEOUT_S, login
from ...flows.login.join import Caller, sign_in_once
from ...flows.tokens.freshness import has_expired, is_refreshable
from ...notices import Warned
from ..prompts import ask_credentials, deliveries_of, may_end, may_switch, may_trust, pastes_of
from .taken_port import may_paste

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...edge.callback.bind_address import BindAddress
    from ...flows.services import Services
    from ...notices import Notice
    from ...oauth.credential import Credential
    from ...settings.profile import Profile
    from ..context import Context


async def sign_in(profile: Profile, context: Context) -> Credential:
    """
    Sign in to *profile*, store the tokens, and return them; a sign-in of another process is joined.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    arguments = context.arguments
    if profile.get("flow") == "code-credentials":
        return await _with_credentials(profile, context)
    if profile.is_machine:
        return await _minted(profile, context)
    way, timeout_s = _by_browser, TIMEOUT_S
    if arguments.device or _prefers_device(profile, context):
        # Late, as all that a browser's address does not need.
        from ...oauth.token.device import LIFETIME_S

        way, timeout_s = _by_device_where_possible, LIFETIME_S
        if arguments.device:
            way = _by_device
    return await sign_in_once(
        lambda services, left_s: way(profile, context, services, left_s),
        profile,
        context.services(profile),
        timeout_s=profile.get("timeout", timeout_s),
        caller=_caller(context),
    )


def _caller(context: Context) -> Caller:
    arguments, store, name = context.arguments, context.store, context.profile_name
    console, is_midst = context.console, getattr(arguments, "login", False)

    def stored() -> Mapping[str, Any]:
        with suppress(LoopbackAuthError):
            return store.load(name) or {}
        return {}

    # What `--login` found is not good enough for its command, whatever it looks like here.
    found = stored().get("access_token") if is_midst else None

    def is_done() -> bool:
        now = stored() if is_midst or arguments.if_needed else {}
        return bool(now) and now["access_token"] != found and is_good_enough(now)

    flags = {"--device": arguments.device, "--switch-account": arguments.switch_account}
    return Caller(
        wants=tuple(flag for flag, is_given in flags.items() if is_given),
        is_person=console.interactive and not (console.no_input or is_midst or arguments.if_needed),
        is_done=is_done,
        may_end=may_end(context),
    )


async def _by_browser(
    profile: Profile, context: Context, services: Services, timeout_s: float
) -> Credential:
    arguments = context.arguments
    return await login(
        profile,
        store=services.store,
        transport=services.transport,
        browser=None if arguments.no_browser else open_browser,
        environ=services.environ,
        notify=services.notify,
        timeout_s=timeout_s,
        rediscover=arguments.refresh_metadata,
        preflight=arguments.preflight,
        may_switch=may_switch(context),
        may_trust=may_trust(context),
        pastes=pastes_of(context),
        deliveries=deliveries_of(context),
        may_paste=may_paste(context),
        bind_address=_bind_address(context),
    )


def stored_sign_in(context: Context) -> Mapping[str, Any] | None:
    """
    Return what the last sign-in left; a new one sets a damaged file aside.

    A keyring that is out of reach keeps nobody from leaving it.
    """
    leaves_keyring = context.arguments.storage == "file"
    try:
        return context.store.load(context.profile_name)
    except (StoreDamaged, KeyringUnavailable) as error:
        if isinstance(error, KeyringUnavailable) and not leaves_keyring:
            raise
        context.notify(Warned(code=error.code, message=error.message))
        return None


def is_good_enough(stored: Mapping[str, Any]) -> bool:
    """Return whether no sign-in is needed, as far as is known here."""
    is_good = not (stored.get("refused") or has_expired(stored, at=time.time()))
    return is_good or is_refreshable(stored)


def _bind_address(context: Context) -> BindAddress | None:
    given = context.arguments.bind
    if given is None:
        return None
    from ...edge.callback.bind_address import read_bind_address

    address = read_bind_address(given)
    if not address.is_loopback:
        reason = "other machines that reach it can send requests to this sign-in"
        message = f"--bind {address.host}: {reason}; nothing but the answer to it is taken"
        context.notify(Warned(code="bound-to-others", message=message))
    return address


def _prefers_device(profile: Profile, context: Context) -> bool:
    """
    Return whether to sign in with a code where the server has that, as the place suggests.

    Raises:
        UnattendedSignIn: Nobody would come, and nothing was said about how to sign in.
    """
    arguments, console, environ = context.arguments, context.console, context.environ
    if arguments.no_browser or arguments.paste or arguments.bind:
        return False
    if console.interactive and not environ.get("CODESPACES"):
        # No row says so on another terminal, where the address is not to wait for this look.
        return False
    from ...edge.interaction.environment import surroundings
    from ...errors import UnattendedSignIn
    from ...flows.login.way import DEVICE, STOP, way

    around = surroundings(environ, terminal=console.interactive)
    found = way(around, browser=profile.get("browser"))
    if found.how == STOP:
        raise UnattendedSignIn(
            f"this is {found.row.situation} ({', '.join(found.seen)}), where nobody can sign in",
            profile=profile.name,
        )
    if found.how != DEVICE:
        return False
    server = profile.known_server() or profile.remembered_server()
    return server is None or bool(server.device_authorization_endpoint)


async def _by_device_where_possible(
    profile: Profile, context: Context, services: Services, timeout_s: float
) -> Credential:
    """Sign in with a code; in a browser where the server gives none, to this client at least."""
    from ...errors import DeviceFlowUnavailable, HostNotTrusted, ProviderError, TransportError
    from ...notices import EnterThisCode

    shown = []

    def notify(notice: Notice) -> None:
        if isinstance(notice, EnterThisCode):
            shown.append(notice)
        services.notify(notice)

    try:
        return await _by_device(profile, context, services.with_notify(notify), timeout_s)
    except (DeviceFlowUnavailable, HostNotTrusted, ProviderError) as error:
        if shown:
            raise
        # Of a server that cannot be reached the browser's way says so itself.
        if not isinstance(error, (DeviceFlowUnavailable, TransportError)):
            # No event: the first is that of the address, which takes the place of the code.
            context.console.say(f"A sign-in with a code is not possible: {error.message}.")
    usual_s = profile.get("timeout", TIMEOUT_S)
    return await _by_browser(profile, context, services, min(timeout_s, usual_s))


async def _by_device(
    profile: Profile, context: Context, services: Services, timeout_s: float
) -> Credential:
    # Late, as above.
    from ...flows.login.device import device_login

    return await device_login(
        profile,
        store=services.store,
        transport=services.transport,
        notify=services.notify,
        opens_browser=not context.arguments.no_browser,
        timeout_s=timeout_s,
        environ=services.environ,
        rediscover=context.arguments.refresh_metadata,
        may_switch=may_switch(context),
        may_trust=may_trust(context),
    )


async def _minted(profile: Profile, context: Context) -> Credential:
    # Late, as above.
    from ...flows.machine.sign_in import machine_login

    return await machine_login(
        profile,
        context.services(profile),
        rediscover=context.arguments.refresh_metadata,
        may_switch=may_switch(context),
        may_trust=may_trust(context),
    )


async def _with_credentials(profile: Profile, context: Context) -> Credential:
    from ...flows.login.code_credentials import check_flow, login_with_credentials

    # Before the question: nobody is asked for a password that would go nowhere.
    check_flow(profile)
    credentials = ask_credentials(profile, context.console)
    services = context.services(profile)
    return await login_with_credentials(
        profile, credentials, services, may_switch=may_switch(context)
    )
