"""The authorization code grant and the token endpoint's answer - RFC 6749 sections 4.1.3 and 5."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ...errors import ProtocolError, TokenError
from ..client_authentication import authenticated
from ..http.messages import refuse_unusable
from ..refusal import code_and_words, has_error
from ..secret import Secret
from ..text import one_line
from .expiry import jwt_expiry, stated_expiry
from .members import lenient_members, strict_members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any, NoReturn, TypeGuard

    from ..authorize.request import AuthorizationResponse
    from ..http.messages import FormPost, HttpReply

TOKEN_CHARACTERS = 64 * 1024
"""The longest token that is taken: longer than any header that servers take."""

EXTRA_OCTETS = 64 * 1024
"""The most that is kept of the members that RFC 6749 does not name; larger ones are dropped."""

KNOWN_ERRORS = frozenset(
    {
        # RFC 6749 section 5.2
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        # RFC 8707 section 2, RFC 9449 section 8
        "invalid_target",
        "use_dpop_nonce",
        # RFC 6749 has these for the authorization endpoint; several servers send them here, too.
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    }
)

BEARER = "Bearer"
"""The only type of token."""

_NOTHING_ISSUED = "the token endpoint's answer has no access_token"

_STANDARD = frozenset(
    {"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """
    The tokens that a token endpoint issued.

    Times are aware, in UTC; *expires_at* is `None` where it is unknown. *scope* is what was
    granted, space-separated. *extra* holds all other members of the answer (`instance_url`, ...).
    Nothing is sent to an address in it, and repr hides it, since some servers put secrets there.
    """

    access_token: Secret
    token_type: str
    obtained_at: datetime
    scope: str = ""
    expires_at: datetime | None = None
    refresh_token: Secret | None = None
    id_token: Secret | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """The tokens that can be found in an answer, so that they can be revoked."""

    access_token: Secret | None = None
    refresh_token: Secret | None = None
    id_token: Secret | None = None


def authorization_code_grant(response: AuthorizationResponse) -> FormPost:
    """
    Return the request that redeems the code of *response*.

    RFC 6749 section 4.1.3, RFC 7636 section 4.5, RFC 8707 section 2.2.
    """
    request = response.request
    grant = authenticated(
        request.client,
        request.server,
        url=request.server.token_endpoint,
        fields=(
            ("grant_type", "authorization_code"),
            ("code", response.code),
            ("redirect_uri", request.redirect_uri),
            ("code_verifier", request.code_verifier),
            *(("resource", value) for value in request.resource),
        ),
    )
    return replace(grant, allow_partial=True)


def read_token_reply(reply: HttpReply, *, received_at: datetime, scope: str = "") -> TokenSet:
    """
    Return the tokens of the token endpoint's answer to a sign-in - RFC 6749 sections 5.1 and 5.2.

    *received_at* is aware, in UTC. *scope* is what was asked for, and holds for an answer without
    one.

    Raises:
        TokenError: The answer is an error, whatever its status: some servers send 200.
        ProtocolError: It is neither tokens nor an error.
        HTMLAnswer, UnexpectedRedirect, ServerUnavailable: The same, with a known reason.
        TransportError: It was not read to its end.
    """
    if reply.incomplete is not None:
        raise reply.incomplete
    answer = strict_members(reply)
    _check_success(reply, answer)
    return token_set(answer, received_at=received_at, scope=scope, object_to=_refuse)


def token_set(
    answer: Mapping[str, Any],
    *,
    received_at: datetime,
    scope: str,
    object_to: Callable[[str], None],
) -> TokenSet:
    """
    Return the tokens that *answer* holds.

    *object_to* is called with a clause for each member that a sign-in would refuse; if it does not
    raise, the member counts as absent.

    Raises:
        ProtocolError: There is no access token.
    """
    access_token = _token(answer, "access_token", object_to)
    if access_token is None:
        raise ProtocolError(_NOTHING_ISSUED)
    _check_token_type(answer, object_to)
    return TokenSet(
        access_token=access_token,
        token_type=BEARER,
        obtained_at=received_at,
        expires_at=stated_expiry(answer.get("expires_in"), received_at)
        or jwt_expiry(access_token, received_at),
        refresh_token=_token(answer, "refresh_token", object_to),
        id_token=_token(answer, "id_token", object_to),
        scope=_scope(answer, scope),
        extra=_extra(answer),
    )


def issued_tokens(reply: HttpReply) -> IssuedTokens:
    """Return the tokens that are found in *reply*, even if it is cut off, malformed or an error."""
    answer = lenient_members(reply)
    found = {
        name: Secret(answer[name])
        for name in ("access_token", "refresh_token", "id_token")
        if _is_token(answer.get(name))
        # An error may repeat the tokens of the request.
        and (reply.is_success or Secret(answer[name]) not in reply.sent)
    }
    return IssuedTokens(**found)


def _check_success(reply: HttpReply, answer: Mapping[str, Any]) -> None:
    code, said = code_and_words(reply, answer)
    if has_error(answer):
        raise token_error(reply, code, said)
    refuse_unusable(reply, "the token endpoint", said=said)
    if reply.is_success:
        if answer.get("access_token") is None:
            raise ProtocolError(_NOTHING_ISSUED + (f": {said}" if said else ""))
    elif code or said:
        raise token_error(reply, code, said)
    else:
        raise ProtocolError(
            f"the token endpoint answered with status {reply.status} and no error code"
        )


def token_error(reply: HttpReply, code: str, said: str) -> TokenError:
    """Return the error for *reply*, which refuses with *code* and the words *said*."""
    host = urlsplit(reply.url).netloc
    shown = ": ".join(filter(None, (code, said))) or "an error without a name"
    return TokenError(
        f"{host} refused the request ({shown})",
        error=code,
        known=code in KNOWN_ERRORS,
        host=host,
        error_description=said,
    )


def _refuse(objection: str) -> NoReturn:
    raise ProtocolError(objection)


def _is_token(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= TOKEN_CHARACTERS
        and all("!" <= c <= "~" for c in value)
    )


def _token(answer: Mapping[str, Any], name: str, object_to: Callable[[str], None]) -> Secret | None:
    value = answer.get(name)
    if _is_token(value):
        return Secret(value)
    if value is not None and (value != "" or name == "access_token"):
        object_to(f"the token endpoint's answer has a malformed {name}")
    return None


def _check_token_type(answer: Mapping[str, Any], object_to: Callable[[str], None]) -> None:
    """Object to any type but Bearer. An answer without a type, as many are, counts as Bearer."""
    value = answer.get("token_type") or BEARER
    if not isinstance(value, str) or value.strip().lower() != BEARER.lower():
        object_to(
            "the token endpoint gave a token of the unknown type"
            f" {one_line(str(value), limit=40)!r}"
        )


def _scope(answer: Mapping[str, Any], asked: str) -> str:
    value = answer.get("scope")
    # A few servers send a list.
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    return one_line(value, limit=4096) if isinstance(value, str) and value.strip() else asked


def _extra(answer: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in answer.items() if name not in _STANDARD}
    return rest if len(repr(rest)) <= EXTRA_OCTETS else {}
