"""Grants, and the token endpoint's answer - RFC 6749 sections 4.1.3, 5 and 2.3.1."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ...errors import ProtocolError, TokenError
from ..client_authentication import authenticated
from ..http.messages import refuse_unusable
from ..secret import Secret
from ..text import one_line
from .expiry import jwt_expiry, told_expiry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any, NoReturn, TypeGuard

    from ..authorize.request import AuthorizationResponse
    from ..http.messages import FormPost, HttpReply

TOKEN_CHARACTERS = 64 * 1024
"""Longer than any header a server takes. RFC 6749 appendix A.12 sets the alphabet."""

EXTRA_OCTETS = 64 * 1024
"""Room for all members of an answer that RFC 6749 does not know; a larger rest is not kept."""

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
        # Several servers say it here too, though RFC 6749 has it for the other endpoint only.
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    }
)

_NO_ACCESS_TOKEN = "the token endpoint's answer has no access_token"  # noqa: S105 - a sentence

_STANDARD = frozenset(
    {"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """
    What a token endpoint gave.

    Times are aware, in UTC; `expires_at` is `None` when the server did not say. `scope` is what was
    granted, space-separated. `extra` holds every other member of the answer verbatim
    (`instance_url`, `id`, ...): data, never trusted as an address to send anything to, and hidden
    from repr since some servers put secrets there.
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
    """What a server issued, as far as it can be found: enough to give it back."""

    access_token: Secret | None = None
    refresh_token: Secret | None = None
    id_token: Secret | None = None


def authorization_code_grant(response: AuthorizationResponse) -> FormPost:
    """
    Build the one request that redeems the code of *response* - RFC 6749 section 4.1.3, RFC 7636
    section 4.5, RFC 8707 section 2.2.
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

    *received_at* is aware, in UTC. *scope* is what was asked for, which is what an answer without
    one means.

    Raises:
        TokenError: the answer is an error, whatever its status: some servers send 200.
        ProtocolError: it is neither tokens nor an error.
        HTMLAnswer, UnexpectedRedirect, ServerUnavailable: so is this.
        TransportError: it was not read to its end.
    """
    if reply.incomplete is not None:
        raise reply.incomplete
    # Here and below: a sign-in shows its address before there is an answer to read.
    from .members import strict_members

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

    *object_to* is given a clause for each member that a sign-in would not take; where it does not
    raise, the member counts as absent.

    Raises:
        ProtocolError: there is no access token.
    """
    access_token = _token(answer, "access_token", object_to)
    if access_token is None:
        raise ProtocolError(_NO_ACCESS_TOKEN)
    _check_token_type(answer, object_to)
    return TokenSet(
        access_token=access_token,
        token_type="Bearer",  # noqa: S106 - a type
        obtained_at=received_at,
        expires_at=told_expiry(answer.get("expires_in"), received_at)
        or jwt_expiry(access_token, received_at),
        refresh_token=_token(answer, "refresh_token", object_to),
        id_token=_token(answer, "id_token", object_to),
        scope=_scope(answer, scope),
        extra=_extra(answer),
    )


def issued_tokens(reply: HttpReply) -> IssuedTokens:
    """Return the tokens that can be found in *reply*, be it cut off, malformed or an error."""
    from .members import lenient_members

    answer = lenient_members(reply)
    found = {
        name: Secret(answer[name])
        for name in ("access_token", "refresh_token", "id_token")
        if _is_token(answer.get(name))
        # An error may repeat the request.
        and (reply.is_success or Secret(answer[name]) not in reply.sent)
    }
    return IssuedTokens(**found)


def _check_success(reply: HttpReply, answer: Mapping[str, Any]) -> None:
    from ..refusal import code_and_words, has_error

    code, said = code_and_words(reply, answer)
    if has_error(answer):
        raise _token_error(reply, code, said)
    refuse_unusable(reply, "the token endpoint", said=said)
    if reply.is_success:
        if answer.get("access_token") is None:
            raise ProtocolError(_NO_ACCESS_TOKEN + (f": {said}" if said else ""))
    elif code or said:
        raise _token_error(reply, code, said)
    else:
        raise ProtocolError(
            f"the token endpoint answered with status {reply.status} and no error code"
        )


def _token_error(reply: HttpReply, code: str, said: str) -> TokenError:
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
    """Object to a type that is not Bearer, which is also what no type means: many leave it out."""
    value = answer.get("token_type") or "Bearer"
    if not isinstance(value, str) or value.strip().lower() != "bearer":
        object_to(
            f"the token endpoint gave a token of the unknown type {one_line(str(value), limit=40)!r}"
        )


def _scope(answer: Mapping[str, Any], asked: str) -> str:
    value = answer.get("scope")
    # A few servers send a list, and GitHub joins with commas; the field means the same.
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    return one_line(value, limit=4096) if isinstance(value, str) and value.strip() else asked


def _extra(answer: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in answer.items() if name not in _STANDARD}
    return rest if len(repr(rest)) <= EXTRA_OCTETS else {}
