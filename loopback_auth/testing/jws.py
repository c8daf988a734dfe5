"""JWTs signed RS256 with a key that everybody may know: it is a test key, published here."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEY_ID = "public-test-key"
# A PUBLIC TEST KEY, made for this file alone: the two primes of a 2048-bit RSA modulus (RFC 8017
# section 3.2), in hexadecimal.
_P = int(
    "e75df8345eb0cf08ece7dd8d2905c617a0e12995da7a1c037dcec1e0f5928321e243351f16c401dff2dfec7a"
    "db9a982001b5e898e8051dd089a3e5d31b19febc3a3844562fd8fcff2abc0fe4352c25ab8788e3cb7dd4dd75"
    "a29e720fcdcb775b10c857909de97bb97edb7a150884c1ce83d62b73505ee0bc792fd857635b7c31",
    16,
)
_Q = int(
    "c4883f266deb080ad11e48527a9ed4b52f47e48f368f8009acc75ffcb0d1cc0eabedf9550d7db1a4a1772fe5"
    "a5b9557c552c0577d3c3bfc0ff1ea9b0058044ad7f66f614c69fa700b1ef7750ebbcf307b95f1097ca2e6e29"
    "220a32dd59f44ebf827119a4ec1f1ab513b5c5da5f1addf8df523ec9f7dfa997155dc791680bdf19",
    16,
)
_MODULUS = _P * _Q
_PUBLIC_EXPONENT = 65537
_OCTETS = 256

# RFC 8017 section 9.2: the DigestInfo of SHA-256, up to the digest.
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


def sign(claims: Mapping[str, Any]) -> str:
    """Return a JWT of *claims*, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3)."""
    header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    signed = f"{_base64url(json.dumps(header).encode())}.{_base64url(json.dumps(claims).encode())}"
    padded = _padded(signed, _OCTETS)
    return (
        f"{signed}.{_base64url(_signature(int.from_bytes(padded, 'big')).to_bytes(_OCTETS, 'big'))}"
    )


def is_signature_of(signed: str, signature: bytes, *, modulus: int, exponent: int) -> bool:
    """
    Return whether *signature* is the RS256 signature of *signed* by the key.

    RFC 8017 section 8.2.2.
    """
    octets = (modulus.bit_length() + 7) // 8
    opened = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(octets, "big")
    return len(signature) == octets and opened == _padded(signed, octets)


def _padded(signed: str, octets: int) -> bytes:
    """Return EMSA-PKCS1-v1_5 of *signed* (RFC 8017 section 9.2)."""
    digest = _SHA256 + sha256(signed.encode("ascii")).digest()
    return b"\x00\x01" + b"\xff" * (octets - 3 - len(digest)) + b"\x00" + digest


def _signature(message: int) -> int:
    """Return RSASP1 by its second form (RFC 8017 section 5.2.1), which is three times as fast."""
    of_p = pow(message, pow(_PUBLIC_EXPONENT, -1, _P - 1), _P)
    of_q = pow(message, pow(_PUBLIC_EXPONENT, -1, _Q - 1), _Q)
    return of_q + (of_p - of_q) * pow(_Q, -1, _P) % _P * _Q


def public_jwks() -> dict[str, Any]:
    """Return the key set that verifies what `sign` signs."""
    modulus = _base64url(_MODULUS.to_bytes(_OCTETS, "big"))
    exponent = _base64url(_PUBLIC_EXPONENT.to_bytes(3, "big"))
    return {
        "keys": [
            {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID, "n": modulus, "e": exponent}
        ]
    }


def left_half_hash(token: str) -> str:
    """Return at_hash for *token* (OpenID Connect Core section 3.1.3.6)."""
    return _base64url(sha256(token.encode("ascii")).digest()[:16])


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
