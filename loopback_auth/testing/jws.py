"""ID tokens, signed RS256 with a key that everybody may know: it is a test key, published here."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEY_ID = "public-test-key"
# A 2048-bit RSA key made for this file alone: the modulus and the private exponent, in hexadecimal.
_MODULUS = int(
    "b19f1506cfb0d4ba3e21ede6e3f3686223d7edf61564d536f88ab07f8f6cc135aa2120757c7aa9c2eadfc58577ae005e9853"
    "f503ef609c9da64d9846a7cf42658020449e59017399bdb16210b3fadbe922cbc4703105ec24c6b5c98589c786bd358cfe13"
    "588281d1099406b75584bd956ff948abfd1dd884f373e425572d9301c165c657634508edde3ef158be9fce5db7f743615483"
    "0c72d956b3f4704be3994c79155083cf242028c6d706bb05eb7384d9460e5f001fe487278d0ba2c929e9069795445f498705"
    "a13bc3d31a95b69cef5f7c59501786d4995ce91c2235ff6eac081d3141421b8fcbabbceff08895c5fed8eedbc6296ff8d667"
    "1e38a338cfc9",
    16,
)
_PRIVATE_EXPONENT = int(
    "354b5633c4fd79d6a7ede643f10187c06aa0cf7596d5ba63d40f4905fd32d4861595faf74572489d837bc0f85b008a7bd798"
    "d95b64e7c816455fe2e0d0590fc304bea9d8193ca642eaf7de44c4bbf05ff360d08019357db54b2a205d4109ed13b88da56e"
    "8890200368ac519790c153611347e8d6320c527b11d1241350250c8669ecec2a3dca667adc502e3d182b673d83500c0918f5"
    "c713bb6b6c6a0a0ac22ceb6b0789f7e1a8780601c02f400077f9a8811e95abf358a32e517f01068eabfa664dde747d4eafcf"
    "7b3b0bf51a85009cad0c906ef1dda02676bbdff9788d20866b2b17cf5f1a932774cacdd6eb3d7b11fa04ecc5e16229a57df9"
    "743ce0b4a81",
    16,
)
_PUBLIC_EXPONENT = 65537
_OCTETS = 256

# RFC 8017 section 9.2: the DigestInfo of SHA-256, up to the digest.
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


def sign(claims: Mapping[str, Any]) -> str:
    """Make a JWT of *claims*, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3)."""
    header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
    signed = f"{_base64url(json.dumps(header).encode())}.{_base64url(json.dumps(claims).encode())}"
    digest = _SHA256 + sha256(signed.encode("ascii")).digest()
    padded = b"\x00\x01" + b"\xff" * (_OCTETS - 3 - len(digest)) + b"\x00" + digest
    signature = pow(int.from_bytes(padded, "big"), _PRIVATE_EXPONENT, _MODULUS).to_bytes(_OCTETS, "big")
    return f"{signed}.{_base64url(signature)}"


def public_jwks() -> dict[str, Any]:
    """Give the key set that verifies what `sign` signs."""
    modulus = _base64url(_MODULUS.to_bytes(_OCTETS, "big"))
    exponent = _base64url(_PUBLIC_EXPONENT.to_bytes(3, "big"))
    return {
        "keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID, "n": modulus, "e": exponent}]
    }


def left_half_hash(token: str) -> str:
    """Give at_hash for *token* - OpenID Connect Core section 3.1.3.6."""
    return _base64url(sha256(token.encode("ascii")).digest()[:16])


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
