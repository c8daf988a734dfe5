"""
Who signed in: the claims of an ID token - OpenID Connect Core section 3.1.3.7.

The token comes straight from the token endpoint over TLS, which section 3.1.3.7 item 6 lets stand for its signature. It is never
used for anything but to name the person and to tie the answer to this request. So no key is fetched, and nothing that the token
says of keys is followed; one that says it has no signature at all is refused, since no server was asked for such.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from ..errors import IDTokenInvalid
from .jwt import numeric_date, unverified_claims, unverified_header
from .text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any, NoReturn

    from .authorization import AuthorizationRequest
    from .credential import Credential
    from .secret import Secret

SKEW = timedelta(seconds=60)
"""How far the server's clock may be from ours."""

# RFC 7518 section 3.1, RFC 8037 section 3.1: the hash that goes with each algorithm of a signature.
_HASHES = {
    **{f"{kind}{bits}": f"sha{bits}" for kind in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512)},
    "ES256K": "sha256",
    "EdDSA": "sha512",
    "Ed25519": "sha512",
}

NAME_CLAIMS = ("preferred_username", "email", "name", "login", "username", "sub")
"""Where a person's name is looked for, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person as the server names them: *subject* is stable, *name* is for people to read."""

    subject: str
    name: str
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_identity(claims: Mapping[str, Any], *, names: Sequence[str] = NAME_CLAIMS) -> Identity | None:
    """Take the person's name out of ID token or userinfo claims; `None` when there is none in them."""
    told = [
        one_line(str(claims[n]), limit=120)
        for n in names
        if isinstance(claims.get(n), (str, int)) and claims[n]
    ]
    subject = claims.get("sub", claims.get("id", told[0] if told else None))
    if subject is None or not told:
        return None
    return Identity(subject=one_line(str(subject)), name=told[0], claims=claims)


def read_id_token(id_token: Secret, request: AuthorizationRequest, *, now: datetime) -> dict[str, Any]:
    """
    Read the claims of *id_token* and hold them against *request*.

    *now* is aware, in UTC. Raises `IDTokenInvalid` naming the claim that does not fit.
    """
    claims = _signed_claims(id_token)
    _check_who_for(claims, issuer=request.server.issuer, client_id=request.client.client_id)
    if _time(claims, "exp") + SKEW.total_seconds() < now.timestamp():
        _refuse("exp", "it has expired; is this computer's clock right?")
    if _time(claims, "iat") - SKEW.total_seconds() > now.timestamp():
        _refuse("iat", "it comes from the future; is this computer's clock right?")
    nonce = claims.get("nonce")
    if request.nonce is not None and not (isinstance(nonce, str) and request.nonce.matches(nonce)):
        _refuse("nonce", "it answers another request")
    return claims


def check_at_hash(id_token: Secret, access_token: Secret) -> None:
    """
    Raise `IDTokenInvalid` unless *id_token* came with *access_token*, where it says with which - section 3.1.3.6.

    A hash that cannot be computed is no match: an algorithm nobody knows would otherwise let any token pass.
    """
    told = _claims(id_token).get("at_hash")
    if told is None:
        return
    digest = _HASHES.get(str(unverified_header(id_token).get("alg")))
    if digest is None:
        _refuse("at_hash", "its algorithm is not known")
    from hashlib import new

    octets = new(digest, access_token.reveal().encode()).digest()
    if told != urlsafe_b64encode(octets[: len(octets) // 2]).rstrip(b"=").decode():
        _refuse("at_hash", "it belongs to another access token")


def _check_who_for(claims: Mapping[str, Any], *, issuer: str | None, client_id: str) -> None:
    if issuer is not None and claims.get("iss") != issuer:
        _refuse("iss", "it was issued by another server")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        _refuse("aud", "it is meant for another client")
    if len(audiences) > 1 and claims.get("azp", client_id) != client_id:
        _refuse("azp", "it was given to another client")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        _refuse("sub", "it names nobody")


def read_refreshed_id_token(id_token: Secret, credential: Credential, *, now: datetime) -> dict[str, Any]:
    """
    Read the claims of an ID token that came with a refreshed access token - OpenID Connect Core section 12.2.

    It must be of the same issuer, client and person as the sign-in was; raises `IDTokenInvalid` naming the claim that does not fit.
    """
    claims = _signed_claims(id_token)
    _check_who_for(claims, issuer=credential.server.issuer, client_id=credential.client.client_id)
    held = _subject(credential)
    if held is not None and claims["sub"] != held:
        _refuse("sub", "it names another person than the one who signed in")
    if _time(claims, "iat") - SKEW.total_seconds() > now.timestamp():
        _refuse("iat", "it comes from the future; is this computer's clock right?")
    return claims


def _subject(credential: Credential) -> str | None:
    """Give the subject of the sign-in, as its own ID token or else userinfo named it."""
    if credential.tokens.id_token:
        with suppress(ValueError, KeyError):
            return str(unverified_claims(credential.tokens.id_token)["sub"])
    return credential.identity.subject if credential.identity else None


def _signed_claims(id_token: Secret) -> dict[str, Any]:
    claims = _claims(id_token)
    algorithm = unverified_header(id_token).get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() in ("", "none"):
        raise IDTokenInvalid("the ID token has no signature", claim="alg")
    return claims


def _claims(id_token: Secret) -> dict[str, Any]:
    try:
        unverified_header(id_token)
        return unverified_claims(id_token)
    except ValueError:
        raise IDTokenInvalid("the ID token is not a JWT", claim="none") from None


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = numeric_date(claims.get(name))
    if value is None:
        _refuse(name, "it is missing or not a time")
    return value


def _refuse(claim: str, why: str) -> NoReturn:
    raise IDTokenInvalid(f"the ID token is not for this sign-in: {claim}: {why}", claim=claim)
