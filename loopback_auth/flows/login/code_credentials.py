"""
A sign-in with a username and a password, without a browser: for servers that have it, and those who
ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from secrets import token_bytes as random_bytes

from ...edge.process.clock import now
from ...errors import UsageError
from ...oauth.authorize.code_credentials import (
    FLOW,
    code_credentials_request,
    read_code_credentials_reply,
)
from ..diagnosis import diagnosing
from ..server.mix_up import refuse_mix_up
from .browser import request_to, server_of
from .manual import redeemed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ...edge.store.file_store import FileStore
    from ...notices import Notice
    from ...oauth.credential import Credential
    from ...oauth.http.transport import Transport
    from ...oauth.secret import Secret
    from ...settings.profile import Profile
    from .replacement import MaySwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person types; the password is used once, and kept nowhere."""

    username: str
    password: Secret


def check_flow(profile: Profile) -> None:
    """
    Raise `UsageError` where the server of *profile* is not known to have the flow: a password goes
    nowhere by accident.
    """
    profile.check_server()
    if profile.provider is None or FLOW not in profile.provider.flows:
        raise UsageError(
            f"the profile {profile.name} is of a server that has no flow {FLOW}, as far as is known here",
            cause="A username and a password go only to servers whose provider file says that they have the flow.",
            fix=f"sign in through the browser: loopback-auth login {profile.name}; or see: loopback-auth help providers",
        )


async def login_with_credentials(
    profile: Profile,
    credentials: Credentials,
    *,
    store: FileStore,
    transport: Transport,
    clock: Callable[[], datetime] = now,
    token_bytes: Callable[[int], bytes] = random_bytes,
    environ: Mapping[str, str] | None = None,
    notify: Callable[[Notice], None] = lambda _: None,
    may_switch: MaySwitch | None = None,
) -> Credential:
    """
    Sign in to *profile* with *credentials* and store the tokens; nothing listens, and no browser is
    opened.

    Raises the `LoopbackAuthError` that fits; then nothing was stored.
    """
    check_flow(profile)
    client, store = profile.client(environ), store.with_storage(profile.get("storage"))
    store.check_writable(profile.name)
    server, _ = await server_of(profile, transport, rediscover=False)
    server, profile = await refuse_mix_up(server, profile, may_trust=None, notify=notify)
    request = request_to(
        profile, client, server, profile.registered_redirect_uri, token_bytes=token_bytes
    )
    # No browser carries the code, so nobody can put another one in its place; and whether an ID
    # token would repeat it is not known.
    request = replace(request, nonce=None)
    with diagnosing(profile, redirect_uri=request.redirect_uri):
        asked = code_credentials_request(
            request, username=credentials.username, password=credentials.password
        )
        response = read_code_credentials_reply(await transport(asked), request)
    return await redeemed(
        response,
        profile,
        store=store,
        transport=transport,
        clock=clock,
        notify=notify,
        may_switch=may_switch,
        environ=environ,
    )
