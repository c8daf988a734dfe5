"""
Minting: a token for which nobody signs in, by client credentials or an assertion.

Nothing is lost with an answer that does not come: the next mint has another token.
"""

from __future__ import annotations

from dataclasses import replace
from secrets import token_urlsafe

from ...errors import TokenError
from ...oauth.client_authentication import PRIVATE_KEY_JWT
from ...oauth.jose.signing import key_fingerprint, signed_jwt
from ...oauth.token.machine_grants import (
    assertion_claims,
    client_credentials_grant,
    clock_error,
    jwt_bearer_grant,
    more_of,
    token_exchange_grant,
)
from ...oauth.token.reply import read_token_reply
from ..server.retry import send_with_retries
from .key import has_key, key_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...oauth.credential import Credential
    from ...oauth.http.messages import FormPost, Get, HttpReply
    from ...oauth.metadata import Client
    from ...oauth.secret import Secret
    from ..services import Services


async def mint(credential: Credential, client: Client, services: Services) -> Credential:
    """
    Return *credential* with a new token, by its `grant`; *client* is its own, with its secret.

    The caller stores it.

    Raises:
        SubjectTokenUnusable: The machine has no token that says who it is.
        KeyUnusable: The key that signs is not there, or is none.
        TokenError: The server refuses.
        ProviderError: It could not be asked.
    """
    message = await _request(credential, client, services)
    unsent = [message]

    async def send(_: FormPost | Get) -> HttpReply:
        # Each further try has an assertion of its own: servers take one once.
        again = unsent.pop() if unsent else await _request(credential, client, services)
        return await services.transport(again)

    reply = await send_with_retries(message, transport=send, clock=services.clock)
    scope = credential.grant.get("scope") or ""
    try:
        tokens = read_token_reply(reply, received_at=services.clock(), scope=scope)
    except TokenError as error:
        if has_key(credential.grant):
            error.facts.update(_signed_facts(credential, reply, services))
        elif source := credential.grant.get("subject_token"):
            error.facts["said_by"] = source
        raise
    # RFC 6749 section 4.4.3: there should be no refresh token, and the grant is what lasts. An ID
    # token would be of nobody.
    return replace(credential, tokens=replace(tokens, refresh_token=None, id_token=None))


def with_own_assertion(credential: Credential, client: Client, services: Services) -> Client:
    """
    Return *client*, that of *credential*, for one request: where it authenticates with a key, with
    an assertion that this has signed (RFC 7523 section 2.2).

    Raises:
        KeyUnusable: The key is not there, or is none.
    """
    if client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        return client
    return client.with_assertion(_assertion(credential, client.client_id, services))


def _signed_facts(
    credential: Credential, reply: HttpReply, services: Services
) -> dict[str, object]:
    """Return what an explanation says of an assertion that *reply* refuses; none is secret."""
    grant = credential.grant
    return {
        "signed": grant.get("key_file") or grant.get("key_env"),
        "audience": _audience(credential),
        "fingerprint": key_fingerprint(key_of(grant, services.environ)),
        "clock": clock_error(reply.headers.get("date", ""), services.clock()),
    }


async def _request(credential: Credential, client: Client, services: Services) -> FormPost:
    grant, server, flow = credential.grant, credential.server, credential.grant["flow"]
    own = await _subject_token(grant, services)
    if flow == "client-credentials" and own is not None:
        # RFC 7523 section 2.2: the server knows the client by what its CI system says of it.
        client = client.with_assertion(own)
    else:
        client = with_own_assertion(credential, client, services)
    if flow == "token-exchange" and own is not None:
        return token_exchange_grant(client, server, own, more=more_of(grant))
    if flow == "jwt-bearer":
        assertion = own or _assertion(credential, grant["subject"], services)
        return jwt_bearer_grant(client, server, assertion, more=more_of(grant))
    return client_credentials_grant(client, server, more=more_of(grant))


async def _subject_token(grant: Mapping[str, Any], services: Services) -> Secret | None:
    source = grant.get("subject_token")
    if not source:
        return None
    # Late: most machine profiles have a key or a secret.
    from .subject_token import subject_token

    return await subject_token(source, grant.get("audience"), services)


def _assertion(credential: Credential, subject: str, services: Services) -> Secret:
    grant = credential.grant
    claims = assertion_claims(
        issuer=credential.client.client_id,
        subject=subject,
        audience=_audience(credential),
        at=services.clock(),
        jti=token_urlsafe(16),
    )
    return signed_jwt(claims, key_of(grant, services.environ))


def _audience(credential: Credential) -> str:
    """Return the `aud`: as set, or as the provider has it; else the token endpoint."""
    return credential.grant.get("audience") or credential.server.token_endpoint
