"""ID-01 and ID-05: whose ID token it is, and for which sign-in."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import IDTokenInvalid, IDTokenOutOfTime, NonceMissing
from loopback_auth.oauth.identity import read_identity
from loopback_auth.oauth.jose.id_token import (
    FUTURE,
    SKEW,
    check_at_hash,
    read_id_token as read_and_warn,
)
from loopback_auth.oauth.secret import Secret

from ...support.samples import ISSUER, NOON, request, server

if TYPE_CHECKING:
    from datetime import datetime

    from loopback_auth.oauth.authorize.request import AuthorizationRequest

NOW = int(NOON.timestamp())


def part(content: object) -> str:
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def token(payload: object, *, header: object = None) -> Secret:
    return Secret(f"{part(header or {'alg': 'RS256'})}.{part(payload)}.{part(b'signature')}")


def claims(asked: AuthorizationRequest, **changed: Any) -> dict[str, Any]:
    """Give claims that fit *asked*, changed; a claim that is `...` is left out."""
    assert asked.nonce
    fitting = {
        "iss": ISSUER,
        "aud": "my-cli",
        "sub": "248289761001",
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": asked.nonce.reveal(),
        "email": "jane@example.com",
    }
    return {name: value for name, value in {**fitting, **changed}.items() if value is not ...}


def read_id_token(
    id_token: Secret, asked: AuthorizationRequest, *, now: datetime
) -> dict[str, Any]:
    """Read it, without a word."""
    warnings: list[str] = []
    read = read_and_warn(id_token, asked, now=now, warn=warnings.append)
    assert warnings == []
    return read


def refusal(asked: AuthorizationRequest, **changed: Any) -> IDTokenInvalid:
    with pytest.raises(IDTokenInvalid) as refused:
        read_id_token(token(claims(asked, **changed)), asked, now=NOON)
    return refused.value


def refused_claim(asked: AuthorizationRequest, **changed: Any) -> str:
    with pytest.raises(IDTokenInvalid) as refused:
        read_id_token(token(claims(asked, **changed)), asked, now=NOON)
    claim = str(refused.value.facts["claim"])
    assert claim in str(refused.value)
    assert "canary" not in str(refused.value)
    return claim


def test_an_id_token_for_this_sign_in_gives_its_claims() -> None:
    asked = request()
    assert read_id_token(token(claims(asked)), asked, now=NOON) == claims(asked)


MUTATIONS: list[tuple[str, object]] = [
    ("iss", "https://evil.example/canary"),
    ("iss", ISSUER + "/"),
    ("iss", ISSUER.upper()),
    ("iss", None),
    ("iss", ...),
    ("iss", [ISSUER]),
    ("aud", "canary"),
    ("aud", "my-cli2"),
    ("aud", "MY-CLI"),
    ("aud", ["a", "b"]),
    ("aud", []),
    ("aud", ["my-cli ", ["my-cli"]]),
    ("aud", {"my-cli": 1}),
    ("aud", None),
    ("aud", ...),
    ("sub", ""),
    ("sub", True),
    ("sub", 4.2),
    ("sub", ["x"]),
    ("sub", None),
    ("sub", ...),
    ("exp", NOW - 61),
    ("exp", 0),
    ("exp", -1),
    ("exp", str(NOW + 300)),
    ("exp", True),
    ("exp", None),
    ("exp", ...),
    ("exp", [NOW + 300]),
    ("exp", 10**400),
    ("iat", NOW + 601),
    ("iat", 99_999_999_999),
    ("nonce", "canary"),
    ("nonce", ""),
    ("nonce", None),
    ("nonce", ...),
    ("nonce", 42),
    ("nonce", ["x"]),
]


@pytest.mark.parametrize(("claim", "value"), MUTATIONS, ids=lambda value: repr(value)[:30])
def test_id_01_one_claim_that_does_not_fit_is_enough_and_is_named(
    claim: str, value: object
) -> None:
    assert refused_claim(request(), **{claim: value}) == claim


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_id_01_a_time_that_is_no_number_is_refused(claim: str, number: str) -> None:
    asked = request()
    payload = json.dumps(claims(asked, **{claim: "@"})).replace('"@"', number)
    with pytest.raises(IDTokenInvalid):
        read_id_token(token(payload.encode()), asked, now=NOON)


def test_id_01_a_claim_that_occurs_twice_is_refused() -> None:
    asked = request()
    payload = json.dumps(claims(asked))[:-1] + ', "sub": "mallory"}'
    with pytest.raises(IDTokenInvalid):
        read_id_token(token(payload.encode()), asked, now=NOON)


@pytest.mark.parametrize(
    ("aud", "azp", "fits"),
    [
        (["my-cli"], ..., True),
        (["my-cli", "api"], "my-cli", True),
        (["api", "my-cli"], "other", False),
        (["api", "my-cli"], None, False),
        (["api", "my-cli"], ["my-cli"], False),
    ],
)
def test_id_01_with_several_audiences_the_authorized_party_must_be_us(
    aud: list[str],
    azp: object,
    fits: bool,  # noqa: FBT001 - a column
) -> None:
    asked = request()
    if fits:
        read_id_token(token(claims(asked, aud=aud, azp=azp)), asked, now=NOON)
    else:
        assert refused_claim(asked, aud=aud, azp=azp) == "azp"


def test_id_01_the_clocks_may_differ_by_a_minute() -> None:
    asked = request()
    assert timedelta(seconds=60) == SKEW
    read_id_token(token(claims(asked, exp=NOW - 60, iat=NOW + 60)), asked, now=NOON)
    read_id_token(token(claims(asked, exp=NOW + 0.5, iat=NOW - 0.5)), asked, now=NOON)


def test_id_01_a_server_without_an_issuer_is_held_to_all_the_rest() -> None:
    asked = request(server=server(issuer=None))
    read_id_token(token(claims(asked, iss="https://whoever.example")), asked, now=NOON)
    assert refused_claim(asked, aud="other") == "aud"


BROKEN: dict[str, str] = {
    "one part": "abc",
    "two parts": f"{part({})}.{part({})}",
    "four parts": f"{part({})}.{part({'sub': 'x'})}.s.t",
    "five parts, encrypted": "a.b.c.d.e",
    "no payload": f"{part({})}..s",
    "not base64": f"{part({})}.!!!.s",
    "not JSON": f"{part({})}.{part(b'hello')}.s",
    "an array": f"{part({})}.{part([1])}.s",
    "a number": f"{part({})}.{part(1)}.s",
    "not UTF-8": f"{part({})}.{part(bytes([255, 254, 123]))}.s",
    "too deep": f"{part({})}.{part(b'[' * 50000)}.s",
    "not ASCII": "ü.é.à",
    "dots": "..",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_id_01_what_is_no_jwt_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(IDTokenInvalid, match=r"is not a JWT$"):
        read_id_token(Secret(text), request(), now=NOON)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256"},
        {"alg": "RS256", "jku": "https://evil.example"},
        {"alg": "RS256", "x5u": "https://evil.example"},
        {"alg": "RS256", "jwk": {"kty": "oct"}},
        {"alg": "RS256", "kid": "../../x"},
    ],
)
def test_id_02_nothing_in_the_header_is_followed(header: dict[str, Any]) -> None:
    """
    ID-02: the token came over TLS from the token endpoint; no key is looked for, wherever the token
    says that it is.
    """
    asked = request()
    assert (
        read_id_token(token(claims(asked), header=header), asked, now=NOON)["sub"] == "248289761001"
    )


@pytest.mark.parametrize(
    "header", [{"alg": name} for name in ("none", "None", "nOnE", "", None, 7)] + [{"typ": "JWT"}]
)
def test_id_02_a_token_that_nobody_signed_is_refused(header: dict[str, Any]) -> None:
    """ID-02: `none` in any spelling, and no algorithm at all."""
    asked = request()
    with pytest.raises(IDTokenInvalid, match="no signature"):
        read_id_token(token(claims(asked), header=header), asked, now=NOON)


ODD_TIMES: list[tuple[object, str]] = [
    (NOW + 62, "62 s ahead of this computer's clock"),
    (NOW + 600, "10 minutes ahead of this computer's clock"),
    (str(NOW), "does not say when it was issued"),
    (False, "does not say when it was issued"),
    (None, "does not say when it was issued"),
    (..., "does not say when it was issued"),
    (10**400, "does not say when it was issued"),
    (-1, "does not say when it was issued"),
]


@pytest.mark.parametrize(("iat", "words"), ODD_TIMES, ids=lambda value: repr(value)[:30])
def test_id_01_an_odd_time_of_issue_is_told_and_refuses_nothing(iat: object, words: str) -> None:
    """ID-01: a computer that slept is minutes behind, and its person should be able to sign in."""
    asked, warnings = request(), list[str]()
    read_and_warn(token(claims(asked, iat=iat)), asked, now=NOON, warn=warnings.append)
    assert [words in warning for warning in warnings] == [True]
    assert timedelta(minutes=10) == FUTURE


@pytest.mark.parametrize("sub", [42, 0, -7, 10**30])
def test_id_01_a_number_names_somebody(sub: int) -> None:
    asked = request()
    named = read_identity(read_id_token(token(claims(asked, sub=sub)), asked, now=NOON))
    assert named
    assert named.subject == str(sub)


@pytest.mark.parametrize(
    ("claim", "value", "mentions_the_clock"),
    [
        ("exp", NOW - 61, True),
        ("iat", NOW + 601, True),
        ("exp", None, False),
        ("exp", "soon", False),
        ("iss", "https://evil.example", False),
        ("aud", "other", False),
        ("sub", "", False),
        ("nonce", "other", False),
        ("nonce", ..., False),
    ],
)
def test_cl_11_the_clock_is_to_be_checked_only_where_it_may_be_wrong(
    claim: str,
    value: object,
    mentions_the_clock: bool,  # noqa: FBT001 - a column
) -> None:
    error = refusal(request(), **{claim: value})
    assert ("clock" in f"{error} {error.cause} {error.fix}") == mentions_the_clock
    assert (type(error) is IDTokenOutOfTime) == mentions_the_clock
    assert "loopback-auth login" in error.fix


@pytest.mark.parametrize("nonce", [None, ...])
def test_cl_11_a_missing_nonce_is_not_told_as_an_answer_to_another_request(nonce: object) -> None:
    error = refusal(request(), nonce=nonce)
    assert type(error) is NonceMissing
    assert "another request" not in f"{error} {error.cause} {error.fix}"
    assert "it has none" in str(error)
    assert error.fix.endswith("loopback-auth login --scope api")
    alone = refusal(request(scope="openid"), nonce=nonce)
    assert alone.fix.endswith("loopback-auth login --scope ' '")
    assert "another request" in str(refusal(request(), nonce="other"))


# Of the access token "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", the example of OpenID Connect
# Core appendix A.3 and its like.
EXAMPLE = Secret("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")
AT_HASHES: list[tuple[str, object, bool]] = [
    ("RS256", "77QmUPtjPfzWtF2AnpK9RQ", True),
    ("PS256", "77QmUPtjPfzWtF2AnpK9RQ", True),
    ("RS256", None, True),
    ("RS512", "77QmUPtjPfzWtF2AnpK9RQ", False),
    ("RS256", "77QmUPtjPfzWtF2AnpK9RR", False),
    ("RS256", "", False),
    ("RS256", 7, False),
]


@pytest.mark.parametrize(("alg", "at_hash", "fits"), AT_HASHES)
def test_id_03_an_at_hash_belongs_to_the_access_token_or_the_answer_is_refused(
    alg: str, at_hash: object, *, fits: bool
) -> None:
    id_token = token(claims(request(), at_hash=at_hash), header={"alg": alg})
    warnings: list[str] = []
    if fits:
        check_at_hash(id_token, EXAMPLE, warn=warnings.append)
    else:
        with pytest.raises(IDTokenInvalid, match="at_hash"):
            check_at_hash(id_token, EXAMPLE, warn=warnings.append)
    assert warnings == []


@pytest.mark.parametrize("alg", ["XY999", "ML-DSA-65", "rs256", "", "none", "a\x1b[2J"])
def test_id_03_an_at_hash_that_nobody_can_compute_is_told_and_refuses_nothing(alg: str) -> None:
    """
    ID-03: an algorithm that was invented after this program; one that is none is refused elsewhere
    (ID-02).
    """
    id_token = token(claims(request(), at_hash="77QmUPtjPfzWtF2AnpK9RQ"), header={"alg": alg})
    warnings: list[str] = []
    check_at_hash(id_token, EXAMPLE, warn=warnings.append)
    assert len(warnings) == 1
    assert "at_hash" in warnings[0]
    assert warnings[0].isprintable()
