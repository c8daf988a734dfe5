"""Refreshing an access token - RFC 6749 section 6, OpenID Connect Core section 12."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ProtocolError, RefreshRejected, ServerUnavailable, TokenError
from .id_token import check_at_hash, read_refreshed_id_token
from .token import authenticated, read_token_reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from .credential import Credential
    from .metadata import Client
    from .secret import Secret
    from .token import TokenSet
    from .wire import FormPost, HttpReply

_OF_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
_FOR_NOW = frozenset({"server_error", "temporarily_unavailable"})
# RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4
_FOR_NOW_STATUSES = frozenset({408, 425, 429})


def refresh_token_grant(refresh_token: Secret, credential: Credential, *, client: Client) -> FormPost:
    """
    Build the request for a new access token, of the server that gave the old one.

    *client* is the credential's, with its secret. No `scope`: the same as before is meant, and narrowing it would last; but the
    same `resource` as before, since this token may be meant for another one (RFC 8707 section 2.2). Neither
    `code_verifier` nor `redirect_uri` belongs here, and some servers refuse them.
    """
    return authenticated(
        client,
        credential.server,
        url=credential.server.token_endpoint,
        fields=(
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            *(("resource", value) for value in credential.resource),
        ),
    )


def read_refresh_reply(reply: HttpReply, *, credential: Credential, received_at: datetime) -> TokenSet:
    """
    Read the answer, filled up with what it leaves out of the credential's tokens.

    A new refresh token replaces the old one, and no new one keeps it (RFC 6749 section 6). Raises `RefreshRejected` when the
    refresh token is of no more use (then `facts["error"]` has the server's code), `IDTokenInvalid` for an ID token of somebody
    else, else what `read_token_reply` raises.
    """
    old = credential.tokens
    try:
        new = read_token_reply(reply, received_at=received_at, scope=old.scope)
    except TokenError as error:
        if error.error in _OF_THE_CLIENT or error.error in _FOR_NOW:
            raise
        if reply.status >= 500 or reply.status in _FOR_NOW_STATUSES:  # noqa: PLR2004 - RFC 9110 section 15.6
            raise ServerUnavailable(error.message, host=error.facts["host"]) from None
        raise _rejected(
            credential, error.message, error.error, str(error.facts.get("error_description", ""))
        ) from None
    except ProtocolError as error:
        # Whatever the body: a request that is refused for good will not be taken the next time.
        if not 400 <= reply.status < 500 or reply.status in _FOR_NOW_STATUSES:  # noqa: PLR2004 - RFC 9110 section 15.5
            raise
        raise _rejected(credential, error.message, "", "") from None
    if new.id_token is not None:
        read_refreshed_id_token(new.id_token, credential, now=received_at)
        check_at_hash(new.id_token, new.access_token)
    return replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        id_token=new.id_token or old.id_token,
        # Servers leave out of the second answer what the first one said.
        extra={**old.extra, **new.extra},
    )


def _rejected(credential: Credential, message: str, error: str, description: str) -> RefreshRejected:
    return RefreshRejected(
        f"the refresh token of the profile {credential.profile} was not taken: {message}",
        profile=credential.profile,
        error=error,
        error_description=description,
    )
