"""
Checks of the claims of an ID token - OpenID Connect Core section 3.1.3.7.

The token comes straight from the token endpoint over TLS, which section 3.1.3.7 item 6 accepts in
place of checking its signature. It only names the person and ties the answer to this request. So no
key is fetched, and no key in the token is used. A token without any signature is refused, since no
server was asked for one.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta

from ...errors import IDTokenInvalid, IDTokenOutOfTime, NonceMissing
from ..scope import scope_words
from ..text import one_line
from .jwt import CLAIMS, numeric_date, part, unverified_claims, unverified_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any, NoReturn

    from ..authorize.request import AuthorizationRequest
    from ..credential import Credential
    from ..secret import Secret
    from ..token.device import DeviceRequest

SKEW = timedelta(seconds=60)
"""The most by which the server's clock may differ from ours."""

FUTURE = timedelta(minutes=10)
"""The furthest a token may be issued ahead of our clock; a computer that slept is behind."""

# From here on people count in minutes.
_LONG_SPAN_S = 600

# The hash of each signature algorithm: RFC 7518 section 3.1, RFC 8037 section 3.1.
_HASHES = {
    **{
        f"{kind}{bits}": f"sha{bits}"
        for kind in ("RS", "PS", "ES", "HS")
        for bits in (256, 384, 512)
    },
    "ES256K": "sha256",
    "EdDSA": "sha512",
    "Ed25519": "sha512",
}


def read_id_token(
    id_token: Secret,
    request: AuthorizationRequest | DeviceRequest,
    *,
    now: datetime,
    warn: Callable[[str], None],
) -> dict[str, Any]:
    """
    Return the claims of *id_token*, checked against *request*.

    OpenID Connect Core section 3.1.3.7. *now* is aware, in UTC. *warn* is called with a clause for
    each oddity that is no reason to refuse the token.

    Raises:
        IDTokenInvalid: A claim does not fit; its fact `claim` names it.
        IDTokenOutOfTime: Its times do not fit this computer's clock.
        NonceMissing: It has no nonce.
    """
    claims = _signed_claims(id_token)
    _check_who_for(claims, issuer=request.server.issuer, client_id=request.client.client_id)
    _check_times(claims, now, warn)
    nonce = claims.get("nonce")
    if request.nonce is not None and nonce is None:
        # A blank where no scope is left: an empty fact counts as unknown.
        others = " ".join(sorted(scope_words(request.scope) - {"openid"})) or " "
        why = "it has none, so nothing ties it to this sign-in"
        _refuse("nonce", why, kind=NonceMissing, scope=others)
    if request.nonce is not None and not (isinstance(nonce, str) and request.nonce.matches(nonce)):
        _refuse("nonce", "it answers another request")
    return claims


def check_at_hash(id_token: Secret, access_token: Secret, *, warn: Callable[[str], None]) -> None:
    """
    Check that *id_token* came with *access_token*, if it has an `at_hash` - section 3.1.3.6.

    *warn* is called with a clause if the hash is of an unknown algorithm.

    Raises:
        IDTokenInvalid: It came with another access token.
    """
    at_hash = _claims(id_token).get("at_hash")
    if at_hash is None:
        return
    algorithm = str(unverified_header(id_token).get("alg"))
    digest = _HASHES.get(algorithm)
    if digest is None:
        warn(
            "the ID token's at_hash could not be compared:"
            f" the algorithm {one_line(algorithm, limit=40)!r} is not known here"
        )
        return
    from hashlib import new

    octets = new(digest, access_token.reveal().encode()).digest()
    if at_hash != urlsafe_b64encode(octets[: len(octets) // 2]).rstrip(b"=").decode():
        _refuse("at_hash", "it belongs to another access token")


def refuse_another(id_token: Secret, credential: Credential) -> None:
    """
    Check that the ID token of a refresh names the issuer and the person of *credential*.

    OpenID Connect Core section 12.2. A token that cannot be read names nobody.

    Raises:
        IDTokenInvalid: It names another issuer or person (ID-04).
    """
    claims = _lenient_claims(id_token)
    old = _lenient_claims(credential.tokens.id_token) if credential.tokens.id_token else {}
    issuer = old.get("iss") or credential.server.issuer
    if issuer is not None and isinstance(claims.get("iss"), str) and claims["iss"] != issuer:
        _refuse("iss", "it was issued by another server")
    held = subject_of(old) or (credential.identity.subject if credential.identity else None)
    named = subject_of(claims)
    # A stored subject is one line.
    if held is not None and named is not None and one_line(named) != one_line(held):
        _refuse("sub", "it names a different person than the one who signed in")


def check_refreshed_id_token(
    id_token: Secret,
    credential: Credential,
    *,
    access_token: Secret,
    now: datetime,
    warn: Callable[[str], None],
) -> None:
    """
    Check the ID token of a refresh as a sign-in would, but refuse nothing.

    *warn* is called with a clause for everything that a sign-in would refuse: the tokens beside it
    are the only ones left.
    """
    issuer, client_id = credential.server.issuer, credential.client.client_id
    try:
        claims = _signed_claims(id_token)
        _check_who_for(claims, issuer=issuer, client_id=client_id)
        _check_times(claims, now, warn)
        check_at_hash(id_token, access_token, warn=warn)
    except IDTokenInvalid as error:
        warn(error.message)


def subject_of(claims: Mapping[str, Any]) -> str | None:
    """Return the `sub` of *claims* as text, for servers that write a number; `None` without one."""
    subject = claims.get("sub")
    if isinstance(subject, int) and not isinstance(subject, bool):
        return str(subject)
    return subject if isinstance(subject, str) and subject else None


def is_jwt(id_token: Secret) -> bool:
    """Return whether *id_token* has claims that can be read."""
    return bool(_lenient_claims(id_token))


def _check_who_for(claims: Mapping[str, Any], *, issuer: str | None, client_id: str) -> None:
    if issuer is not None and claims.get("iss") != issuer:
        _refuse("iss", "it was issued by another server")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        _refuse("aud", "it is meant for another client")
    if len(audiences) > 1 and claims.get("azp", client_id) != client_id:
        _refuse("azp", "it was given to another client")
    if subject_of(claims) is None:
        _refuse("sub", "it names nobody")


def _check_times(claims: Mapping[str, Any], now: datetime, warn: Callable[[str], None]) -> None:
    expires_at, issued_at = numeric_date(claims.get("exp")), numeric_date(claims.get("iat"))
    if expires_at is None:
        _refuse("exp", "it is missing or not a time")
    over_s = now.timestamp() - expires_at
    if over_s > SKEW.total_seconds():
        why = f"it expired {_span(over_s)} ago, by this computer's clock"
        _refuse("exp", why, kind=IDTokenOutOfTime)
    if issued_at is None:
        warn("the ID token does not say when it was issued (iat)")
        return
    ahead_s = issued_at - now.timestamp()
    if ahead_s > FUTURE.total_seconds():
        why = f"it was issued {_span(ahead_s)} ahead of this computer's clock"
        _refuse("iat", why, kind=IDTokenOutOfTime)
    if ahead_s > SKEW.total_seconds():
        warn(
            f"the ID token was issued {_span(ahead_s)} ahead of this computer's clock: is it right?"
        )


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _LONG_SPAN_S else f"{seconds / 60:.0f} minutes"


def _signed_claims(id_token: Secret) -> dict[str, Any]:
    claims = _claims(id_token)
    algorithm = unverified_header(id_token).get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() in ("", "none"):
        raise IDTokenInvalid(
            "the ID token has no signature",
            cause="Anybody could have made it: OpenID Connect Core section 2 wants it signed.",
            claim="alg",
        )
    return claims


def _claims(id_token: Secret) -> dict[str, Any]:
    try:
        unverified_header(id_token)
        return unverified_claims(id_token)
    except ValueError:
        raise IDTokenInvalid(
            "the ID token is not a JWT",
            cause="It has not the three parts of a signed token (OpenID Connect Core section 2),"
            " or they cannot be read.",
            claim="none",
        ) from None


def _lenient_claims(id_token: Secret) -> dict[str, Any]:
    from ..http.lenient_json import read_members

    try:
        return read_members(part(id_token, CLAIMS))
    except ValueError:
        return {}


def _refuse(
    claim: str, why: str, *, kind: type[IDTokenInvalid] = IDTokenInvalid, **facts: str
) -> NoReturn:
    message = f"the ID token is not for this sign-in: {claim}: {why}"
    raise kind(message, claim=claim, **facts)
