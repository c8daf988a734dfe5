"""AQ-02: PKCE with S256, and what the random values are made of."""

from __future__ import annotations

import re
from secrets import token_bytes

from loopback_auth.oauth.authorize.pkce import (
    STATE_OCTETS,
    VERIFIER_OCTETS,
    code_challenge,
    new_secret,
)
from loopback_auth.oauth.secret import Secret


def test_aq_02_the_challenge_is_the_one_of_rfc_7636_appendix_b() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_aq_02_the_verifier_of_rfc_7636_appendix_b_comes_from_its_octets() -> None:
    octets = bytes.fromhex("7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79")
    made = new_secret(32, token_bytes=lambda count: octets[:count])
    assert made.reveal() == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_aq_02_a_verifier_has_256_bits_and_43_to_128_unreserved_characters() -> None:
    assert VERIFIER_OCTETS * 8 >= 256
    assert re.fullmatch(
        r"[A-Za-z0-9._~-]{43,128}", new_secret(VERIFIER_OCTETS, token_bytes=token_bytes).reveal()
    )


def test_aq_01_state_and_nonce_have_more_than_160_bits() -> None:
    assert STATE_OCTETS * 8 >= 160


def test_aq_01_every_octet_comes_from_the_source_that_was_given() -> None:
    assert new_secret(3, token_bytes=lambda count: b"\xfb" * count).reveal() == "-_v7"
