"""A sign-in with a username and a password, without a browser, at servers that have that."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_bytes as random_bytes

from ...errors import UsageError
from ...oauth.authorize.code_credentials import (
    FLOW,
    code_credentials_request,
    read_code_credentials_reply,
)
from ...value import replace
from ..diagnosis import diagnosing
from ..server.connections import sharing
from .completion.complete import complete
from .request import checked_client, request_to, trusted_server
from .sign_in_page import answered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...oauth.credential import Credential
    from ...oauth.secret import Secret
    from ...seams import MaySwitch
    from ...settings.profile import Profile
    from ..services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person types; the password is sent once, and stored nowhere."""

    username: str
    password: Secret


def check_flow(profile: Profile) -> None:
    """
    Check that the server of *profile* has this flow: a password goes nowhere by accident.

    Raises:
        UsageError: Its provider file does not say so.
    """
    profile.check_server()
    if profile.provider is None or FLOW not in profile.provider.flows:
        raise UsageError(
            f"the server of the profile {profile.name} has no flow {FLOW},"
            " as far as this program knows",
            cause="A username and a password go only to servers whose provider file says"
            " that they have the flow.",
            fix="sign in through the browser:"
            " `loopback-auth login {profile} --flow authorization-code`;"
            " or see: `loopback-auth help providers`",
            profile=profile.name,
        )


async def login_with_credentials(
    profile: Profile,
    credentials: Credentials,
    services: Services,
    *,
    token_bytes: Callable[[int], bytes] = random_bytes,
    may_switch: MaySwitch | None = None,
) -> Credential:
    """
    Sign in to *profile* with *credentials* and store the tokens; no browser is opened.

    Raises:
        LoopbackAuthError: Nothing was stored, and what the server issued was given back.
    """
    check_flow(profile)
    services = services.with_storage(profile.get("storage"))
    client = checked_client(profile, services)
    async with sharing(services) as shared:
        server, profile, _ = await trusted_server(profile, shared)
        request = request_to(
            server, profile, client, profile.registered_redirect_uri, token_bytes=token_bytes
        )
        # No browser carries the code, so nobody can put another one in its place; and whether an ID
        # token would repeat the nonce is not known.
        request = replace(request, nonce=None)
        with diagnosing(profile, redirect_uri=request.redirect_uri):
            asked = code_credentials_request(
                request, username=credentials.username, password=credentials.password
            )
            response = read_code_credentials_reply(await shared.transport(asked), request)
        return await complete(answered(response, profile), profile, shared, may_switch=may_switch)
