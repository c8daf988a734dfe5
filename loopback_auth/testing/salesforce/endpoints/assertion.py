"""The claims of a JWT bearer assertion, and whether the app's certificate signed it."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64decode
from dataclasses import dataclass, field

from ...jws import is_signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# AlgorithmIdentifier rsaEncryption (RFC 3279 section 2.3.1): in a certificate, the subject's key
# alone.
_RSA_KEY = bytes.fromhex("06092a864886f70d0101010500")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """The claims of an assertion, and what is needed to verify it."""

    claims: Mapping[str, Any]
    signed: str
    signature: bytes = field(repr=False)

    def is_signed_by(self, certificate: str) -> bool:
        """
        Return whether the key of *certificate*, PEM, made the signature; an elliptic curve never
        did.
        """
        key = _rsa_key(certificate)
        return key is not None and is_signature_of(
            self.signed, self.signature, modulus=key[0], exponent=key[1]
        )

    def has_ended(self, now: float) -> bool:
        """Return whether `exp` has passed; it may be a text, and may be far off."""
        try:
            return float(self.claims["exp"]) <= now
        except (KeyError, TypeError, ValueError):
            return True


def read_assertion(text: str) -> Assertion | None:
    """Return the assertion in *text*, or `None` if it is no RS256 JWT."""
    parts = text.split(".")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (IndexError, ValueError):
        return None
    if not (isinstance(header, dict) and isinstance(claims, dict) and header.get("alg") == "RS256"):
        return None
    return Assertion(claims=claims, signed=".".join(parts[:2]), signature=signature)


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))


def _rsa_key(pem: str) -> tuple[int, int] | None:
    """Return modulus and exponent of the key in a certificate or a public key, PEM."""
    body = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
    _before, _found, after = b64decode(body).partition(_RSA_KEY)
    if not after:
        return None
    # BIT STRING, its first octet the number of unused bits: SEQUENCE of modulus and exponent.
    bits, _rest = _element(after)
    numbers, _rest = _element(bits[1:])
    modulus, rest = _element(numbers)
    exponent, _rest = _element(rest)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _element(der: bytes) -> tuple[bytes, bytes]:
    """Return the content of the first element of *der* (X.690), and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[start : start + length], der[start + length :]
