"""The first token of a machine profile: for `login`, and where a profile stands in a file only."""

from __future__ import annotations

import os
from contextlib import ExitStack

from ...edge.process.event_loop import awaited
from ...errors import AccountDiffers, NotConfigured
from ...notices import Saved
from ...oauth.credential import Credential, from_rfc3339
from ...oauth.secret import Secret
from ...oauth.token.reply import BEARER, TokenSet
from ...settings.profile import values_of
from ...settings.table import GRANT
from ..diagnosis import diagnosing
from ..login.completion.replacement import Replacement
from ..login.request import checked_client, trusted_server
from ..server.connections import sharing
from ..tokens.expiry import with_expiry
from ..tokens.profile_lock import lock_for_sign_in
from .key import has_key
from .mint import mint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...seams import MaySwitch, MayTrust
    from ...settings.profile import Profile
    from ..services import Services

_NEVER = "2000-01-01T00:00:00Z"


async def machine_login(
    profile: Profile,
    services: Services,
    *,
    rediscover: bool = False,
    may_switch: MaySwitch | None = None,
    may_trust: MayTrust | None = None,
) -> Credential:
    """
    Mint a token for *profile*, store it, and return it; nobody is asked to sign in.

    Raises:
        AccountDiffers: The profile holds a person's sign-in, and *may_switch* does not agree.
        LoopbackAuthError: Nothing was stored.
    """
    services = services.with_storage(profile.get("storage"))
    async with sharing(services) as shared:
        empty = await unminted(profile, shared, rediscover=rediscover, may_trust=may_trust)
        replacement = Replacement(profile, shared)
        await _refuse_to_replace_a_person(replacement.held, empty, may_switch)
        with diagnosing(profile):
            credential = await mint(empty, profile.client(services.environ), shared)
        credential = await with_expiry(
            credential, client=empty.client, transport=shared.transport, clock=shared.clock
        )
        with ExitStack() as stack:
            store, notify = shared.store, shared.notify
            locked = await lock_for_sign_in(profile.name, store, stack, notify=notify)
            replacement.save(credential, locked)
        notify(Saved(profile=profile.name, path=store.path(profile.name)))
        await replacement.settle(credential)
    return credential


async def _refuse_to_replace_a_person(
    held: Credential | None, new: Credential, may_switch: MaySwitch | None
) -> None:
    if held is None or held.grant or held.tokens.refresh_token is None:
        return
    who = held.identity.name if held.identity else "a person's sign-in"
    client = f"the client {new.client.client_id}"
    if may_switch is None or not await awaited(may_switch(who, client)):
        raise AccountDiffers(
            f"the profile {new.profile} holds {who}, and {client} would take that place",
            profile=new.profile,
        )


async def unminted_document(profile: Profile, services: Services) -> Mapping[str, Any]:
    """Return what would be stored of *profile*, as `unminted` makes it."""
    return (await unminted(profile, services)).to_document()


async def unminted(
    profile: Profile,
    services: Services,
    *,
    rediscover: bool = False,
    may_trust: MayTrust | None = None,
) -> Credential:
    """
    Return the credential of *profile* with a token that has ended, and so is minted by who asks.

    Raises:
        LoopbackAuthError: The profile lacks something, or its server cannot be found.
    """
    client = checked_client(profile, services)
    _check(profile)
    server, profile, _ = await trusted_server(
        profile, services, rediscover=rediscover, may_trust=may_trust
    )
    long_ago = from_rfc3339(_NEVER)
    return Credential(
        profile=profile.name,
        tokens=TokenSet(
            access_token=Secret("none"),
            token_type=BEARER,
            obtained_at=long_ago,
            expires_at=long_ago,
        ),
        client=client,
        server=server,
        settings=profile.to_remember(),
        client_secret_env=profile.client_secret_env,
        client_secret_file=profile.client_secret_file(services.environ),
        grant=grant_of(profile),
        learned_lifetime_s=profile.learned_lifetime_s(client.client_id),
    )


def grant_of(profile: Profile) -> dict[str, Any]:
    """Return the member `grant` of a stored document: what a token is minted with again."""
    said = {name: profile.get(name) for name in GRANT}
    if profile.closest("key_file", "key_env") == "key_env":
        said["key_file"] = None
    elif said["key_file"]:
        said.update(key_env=None, key_file=os.path.abspath(os.path.expanduser(said["key_file"])))
    parameters = profile.get("parameters") or {}
    found = {
        **said,
        "audience": said["audience"] or profile.assertion_audience,
        "scope": " ".join(profile.get("scope") or ()),
        "parameters": {name: values_of(value) for name, value in parameters.items()},
    }
    return {name: value for name, value in found.items() if value}


def _check(profile: Profile) -> None:
    """
    Check that *profile* has what its flow sends.

    Raises:
        NotConfigured: It does not say for whom, or where the key or the secret is.
    """
    flow, has_any_key = profile.get("flow"), has_key({n: profile.get(n) for n in GRANT})
    if profile.get("subject_token"):
        return
    if flow == "token-exchange":
        raise NotConfigured(
            f"the profile {profile.name} has no subject_token for the flow token-exchange",
            cause="What is exchanged is the token of this machine's own identity.",
            fix="`loopback-auth login {profile} --flow token-exchange --subject-token-from SOURCE`"
            " (github, gitlab, azure, file:PATH or env:NAME)",
            profile=profile.name,
        )
    if flow == "jwt-bearer" and not (profile.get("subject") and has_any_key):
        lacking = "key" if profile.get("subject") else "subject"
        raise NotConfigured(
            f"the profile {profile.name} has no {lacking} for the flow jwt-bearer",
            cause="What is signed names the user, and the private key signs it.",
            fix="`loopback-auth login {profile} --flow jwt-bearer --subject USER --key-file FILE`",
            profile=profile.name,
        )
    is_client = flow == "client-credentials"
    if is_client and not (has_any_key or profile.has_client_secret):
        raise NotConfigured(
            f"the profile {profile.name} has no client secret, and no key, for the flow"
            " client-credentials",
            cause="The token is for the client itself, which proves who it is with a secret or a"
            " key.",
            fix="`loopback-auth login {profile} --flow client-credentials --client-secret-prompt`"
            " (or --key-file FILE)",
            profile=profile.name,
        )
