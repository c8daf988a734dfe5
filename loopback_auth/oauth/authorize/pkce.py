"""Proof Key for Code Exchange, S256 only - RFC 7636."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from ..secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VERIFIER_OCTETS = 32
"""Random octets in a verifier; they give the 43 characters of RFC 7636 section 4.1."""

STATE_OCTETS = 32
"""Random octets in `state` and `nonce`; RFC 6749 section 10.10 asks for at least 160 bits."""


def new_secret(octets: int, *, token_bytes: Callable[[int], bytes]) -> Secret:
    """Return a secret of *octets* random octets, in base64url without padding."""
    return Secret(_base64url(token_bytes(octets)))


def code_challenge(code_verifier: Secret) -> str:
    """Return the S256 challenge of *code_verifier* - RFC 7636 section 4.2."""
    return _base64url(sha256(code_verifier.reveal().encode("ascii")).digest())


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
