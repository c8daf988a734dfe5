"""
Signing a JSON Web Token - RFC 7515, RFC 7518 section 3.

The library `cryptography` is loaded with the first key: of all profiles, few sign.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from contextlib import contextmanager

from ...errors import KeyUnusable
from ...errors.frames import without_locals_of
from ..secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_CURVES = {"secp256r1": ("ES256", "SHA256", 32), "secp384r1": ("ES384", "SHA384", 48)}
"""Of each curve: the algorithm, its hash, and the octets of a number."""


@without_locals_of
def signed_jwt(claims: Mapping[str, Any], key: Secret) -> Secret:
    """
    Return the JWT of *claims*, signed with *key*, the PEM text of a private key.

    The key says how: RS256, ES256, ES384 or EdDSA.

    Raises:
        KeyUnusable: It is no such key, or the library that signs is not there.
    """
    private = private_key(key)
    algorithm, sign = _signer(private)
    header = {"alg": algorithm, "typ": "JWT"}
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return Secret((signed + b"." + _encoded(sign(signed))).decode("ascii"))


@contextmanager
def without_cryptography() -> Iterator[None]:
    """Raise `KeyUnusable` where the library that the block imports is not there."""
    try:
        yield
    except ImportError:
        raise KeyUnusable(
            "signing needs the library cryptography, which is not installed",
            cause="loopback-auth works without it where nothing is signed.",
            fix="`pip install cryptography`; under pipx: `pipx inject loopback-auth cryptography`",
        ) from None


@without_locals_of
def private_key(key: Secret) -> PrivateKeyTypes:
    """
    Return the private key of the PEM text *key*.

    Raises:
        KeyUnusable: As `signed_jwt`.
    """
    with without_cryptography():
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    # A variable of a CI system has the line breaks as \n, more often than not.
    text = key.reveal().replace("\\n", "\n").strip() + "\n"
    try:
        return load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise KeyUnusable("the key has a passphrase, and nobody is there to type it") from None
    # The library's own errors say nothing that helps, and may show parts of the key.
    except Exception:  # noqa: BLE001
        raise KeyUnusable(f"the key {_flaw(text)}") from None


def _flaw(text: str) -> str:
    if "CERTIFICATE" in text or "PUBLIC KEY" in text:
        return "is a certificate or a public key: the private one signs"
    if "-----BEGIN" not in text or "-----END" not in text:
        return "has no BEGIN or END line: it is no PEM, or a part of one"
    return "cannot be read"


def key_fingerprint(key: Secret) -> str:
    """
    Return the SHA-256 of the public half of *key*, DER, in hex; its certificate has the same key.

    Raises:
        KeyUnusable: As `signed_jwt`.
    """
    from hashlib import sha256

    public = private_key(key).public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).hexdigest()


def _signer(private: PrivateKeyTypes) -> tuple[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(private, rsa.RSAPrivateKey):
        return "RS256", lambda data: private.sign(data, padding.PKCS1v15(), SHA256())
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "EdDSA", private.sign
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name][0], lambda data: _by_curve(private, data)
    raise KeyUnusable("the key is of another kind than RSA, P-256, P-384 or Ed25519")


def _by_curve(private: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """Return the signature as RFC 7518 section 3.4 has it: two numbers, each of full length."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    _, digest, octets = _CURVES[private.curve.name]
    numbers = decode_dss_signature(private.sign(data, ec.ECDSA(getattr(hashes, digest)())))
    return b"".join(number.to_bytes(octets, "big") for number in numbers)


def _encoded(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")
