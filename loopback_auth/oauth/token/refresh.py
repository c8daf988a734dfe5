"""Refreshing an access token - RFC 6749 section 6, OpenID Connect Core section 12."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...errors import ProtocolError, RefreshRefused, RefreshRejected, ServerUnavailable, TokenError
from ..client_authentication import authenticated
from ..jose.id_token import check_refreshed_id_token, is_jwt, refuse_another
from ..refusal import Refusals, code_and_words, is_among
from .members import lenient_members, objections_to
from .reply import TokenSet, issued_tokens, read_token_reply, token_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import NoReturn

    from ...errors import LoopbackAuthError
    from ..credential import Credential
    from ..http.messages import FormPost, HttpReply
    from ..metadata import Client
    from ..secret import Secret
    from .reply import IssuedTokens

_OF_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
# OpenID Connect Core section 3.1.2.6: the server wants to see the person.
_FOR_A_PERSON = frozenset({"interaction_required", "login_required", "consent_required"})
_FOR_NOW = frozenset({"server_error", "temporarily_unavailable"})
# RFC 9110 section 15.5.9, RFC 8470 section 5.2.
_FOR_NOW_STATUSES = frozenset({408, 425})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedTokens:
    """
    The tokens of a refresh, to be stored before anything else is done with them.

    *objections* are clauses, one for each reason for which a sign-in would have refused them.
    *failure* is to be raised once they are stored: only the refresh token is new, and there was no
    usable access token.
    """

    tokens: TokenSet
    objections: tuple[str, ...] = ()
    failure: ProtocolError | None = None


def refresh_token_grant(
    refresh_token: Secret, credential: Credential, *, client: Client
) -> FormPost:
    """
    Return the request for a new access token, to the server that issued the old one.

    *client* is the credential's, with its secret. The request has no `scope`, which means the same
    scope, since a narrower one would last; it has the same `resource` as the sign-in (RFC 8707
    section 2.2). It has neither `code_verifier` nor `redirect_uri`, which some servers refuse.
    """
    grant = authenticated(
        client,
        credential.server,
        url=credential.server.token_endpoint,
        fields=(
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            *(("resource", value) for value in credential.resource),
        ),
    )
    return replace(grant, allow_partial=True)


def read_refresh_reply(
    reply: HttpReply,
    *,
    credential: Credential,
    received_at: datetime,
    refusals: Callable[[], Refusals | None] = lambda: None,
) -> RefreshedTokens:
    """
    Return the tokens of *reply*, with those of *credential* where it has none.

    The old refresh token is kept if there is no new one (RFC 6749 section 6). Whatever else is
    wrong with a 2xx answer, its tokens are taken, since the old refresh token may be used up.
    *refusals* returns what the provider's refusals mean; where it returns `None`, `invalid_grant`
    is final.

    Raises:
        RefreshRejected: A sign-in is needed. Its fact `error` is the server's code, and `final`
            whether the refresh token is no longer of use.
        RefreshRefused: The server refuses for a reason that leaves the grant alive.
        IDTokenInvalid: The ID token names another issuer or person (ID-04).
        ProviderError: What `read_token_reply` raises, for any other answer without tokens.
    """
    issued = issued_tokens(reply)
    if not reply.is_success or not (issued.access_token or issued.refresh_token):
        _raise_failure(reply, credential, received_at, refusals)
    return _read_leniently(reply, issued, credential, received_at)


def is_worth_another(reply: HttpReply, refusals: Callable[[], Refusals | None]) -> bool:
    """Return whether *reply* is a refusal that is known to be worth one more request."""
    if reply.is_success or not (known := refusals()):
        return False
    return is_among(known.retry, *code_and_words(reply, lenient_members(reply)))


def _raise_failure(
    reply: HttpReply,
    credential: Credential,
    received_at: datetime,
    refusals: Callable[[], Refusals | None],
) -> NoReturn:
    """Raise the error for an answer without tokens."""
    try:
        read_token_reply(reply, received_at=received_at)
    except TokenError as error:
        if error.error in _OF_THE_CLIENT or error.error in _FOR_NOW:
            raise
        if reply.is_busy or reply.status in _FOR_NOW_STATUSES:
            raise ServerUnavailable(error.message, host=error.facts["host"]) from None
        raise _meant(error, credential, refusals()) from None
    raise AssertionError("an answer without tokens was read as one with them")


def _meant(
    error: TokenError, credential: Credential, refusals: Refusals | None
) -> LoopbackAuthError:
    """Return the error that says what *error* means for the refresh token."""
    said, known = (
        (error.error, str(error.facts.get("error_description", ""))),
        refusals or Refusals(),
    )
    if is_among(known.final, *said):
        return _rejected(error, credential, is_final=True)
    if is_among(known.keeps, *said):
        return RefreshRefused(
            f"{error.message}; the sign-in to the profile {credential.profile} is kept",
            profile=credential.profile,
            **_words(error),
        )
    if error.error == "invalid_grant":
        return _rejected(error, credential, is_final=refusals is None)
    if error.error in _FOR_A_PERSON:
        return _rejected(error, credential, is_final=False)
    error.add(f"the sign-in to the profile {credential.profile} is kept")
    return error


def _rejected(error: TokenError, credential: Credential, *, is_final: bool) -> RefreshRejected:
    kept = (
        "The server did not say that the refresh token is dead, so it is kept;"
        " a sign-in may be what it wants."
    )
    return RefreshRejected(
        f"the refresh token of the profile {credential.profile} was rejected: {error.message}",
        cause="" if is_final else kept,
        profile=credential.profile,
        final=is_final,
        **_words(error),
    )


def _words(error: TokenError) -> dict[str, str]:
    return {
        "error": error.error,
        "error_description": str(error.facts.get("error_description", "")),
    }


def _read_leniently(
    reply: HttpReply, issued: IssuedTokens, credential: Credential, received_at: datetime
) -> RefreshedTokens:
    old, answer = credential.tokens, lenient_members(reply)
    objections = list(objections_to(reply, answer))
    id_token = issued.id_token
    if id_token is not None:
        refuse_another(id_token, credential)
    try:
        new = token_set(
            answer, received_at=received_at, scope=old.scope, object_to=objections.append
        )
    except ProtocolError as error:
        refresh_token = issued.refresh_token or old.refresh_token
        return RefreshedTokens(tokens=replace(old, refresh_token=refresh_token), failure=error)
    if new.id_token is not None:
        check_refreshed_id_token(
            new.id_token,
            credential,
            access_token=new.access_token,
            now=received_at,
            warn=objections.append,
        )
    tokens = replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        # Where the new one cannot be read, the old one still names the person.
        id_token=new.id_token
        if new.id_token and is_jwt(new.id_token)
        else old.id_token or new.id_token,
        # Servers leave members of the first answer out of later ones.
        extra={**old.extra, **new.extra},
    )
    return RefreshedTokens(tokens=tokens, objections=tuple(objections))
